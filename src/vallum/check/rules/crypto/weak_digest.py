"""MD5 and SHA-1, and fast digests where a keyed or a slow one is needed."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, last_word
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.words import names_password, split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_GOOD_NAMES: Final = (
    "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s",
    "shake_128", "shake_256",
)  # fmt: skip
_BAD: Final = frozenset({"md4", "md5", "sha1", "sha", "ripemd160"})
_DIRECT: Final = tuple(f"hashlib.{name}" for name in (*_GOOD_NAMES, "md5", "sha1"))
_NAMED: Final = {
    "hashlib.new": (0, "name"),
    "hashlib.file_digest": (1, "digest"),
    "hmac.new": (2, "digestmod"),
    "hmac.digest": (2, "digest"),
    "django.contrib.auth.hashers.make_password": (2, "hasher"),
}
_FOREIGN: Final = (
    "cryptography.hazmat.primitives.hashes.MD5", "cryptography.hazmat.primitives.hashes.SHA1", "Crypto.Hash.MD5.new",
    "Crypto.Hash.SHA1.new", "Crypto.Hash.SHA.new", "Cryptodome.Hash.MD5.new", "Cryptodome.Hash.SHA1.new",
)  # fmt: skip
_PRESCRIBED: Final = re.compile(
    r"pwned|hibp|totp|hotp|websocket|258EAFA5|realm|digest_?auth|scram|uuid|git_|blob|gravatar|oauth1|SHA1_?MGF",
    re.IGNORECASE,
)
_KEYS: Final = frozenset({"secret", "key"})
_SLOW: Final = re.compile(r"bcrypt|argon2|scrypt|pbkdf2", re.IGNORECASE)
_FIX: Final = "Use SHA-256 or BLAKE2; for what is no matter of security, pass usedforsecurity=False."
_COLLISION: Final = "An attacker makes a second document with the same fingerprint, and it passes for the first."
_EXTENSION: Final = "Whoever knows one signed message can append to it and sign the longer one without the key."
_GUESSING: Final = "Whoever gets hold of the table of accounts tries billions of passwords per second against it."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every digest that is made."""
    seen = False
    for call in project.calls(*_DIRECT, *_NAMED, *_FOREIGN):
        if not is_test(call.place.path):
            for remark in _judge(call):
                seen = True
                yield remark
    if not seen and not project.uses("hashlib", "hmac", "cryptography", "Crypto"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no digest is made")


def _judge(call: Call) -> Iterator[Remark]:
    algorithm = _algorithm(call)
    if not algorithm:
        return
    if _is_prescribed(call):
        yield RULE.site(call.place, f"{algorithm}, as a protocol prescribes")
    elif _bare(algorithm) in _BAD:
        yield from _judge_weak(call, algorithm)
    elif not call.name.startswith("django."):
        yield from _judge_use(call, algorithm)


def _judge_weak(call: Call, algorithm: str) -> Iterator[Remark]:
    option = call.argument(None, "usedforsecurity")
    if option is not None and option.constant is False:
        yield RULE.site(call.place, "marked as no matter of security")
    elif call.name.startswith("django."):
        yield RULE.finding(call.place, _GUESSING, f"The hasher is {algorithm}.", fix="Leave the default hasher.")
    else:
        keyed = call.name.startswith("hmac.")
        confidence = Confidence.MEDIUM if keyed and _bare(algorithm) == "sha1" else Confidence.HIGH
        yield RULE.finding(call.place, _COLLISION, f"{algorithm} is broken.", fix=_FIX, confidence=confidence)


def _judge_use(call: Call, algorithm: str) -> Iterator[Remark]:
    """A sound digest in the wrong place: over a password, or over a key and a message one after the other."""
    data = None if call.name in _NAMED else call.argument(0, "string", "data")
    if data is not None and _is_password(data) and not (call.function and _SLOW.search(call.function.text)):
        fix = "Hash passwords with Argon2id."
        yield RULE.finding(call.place, _GUESSING, f"A password goes into {algorithm}, which is fast.", fix=fix)
    elif data is not None and _is_prefixed(data) and _bare(algorithm) in {"sha256", "sha512", "sha224"}:
        fix = "Use hmac.new(key, message, hashlib.sha256)."
        yield RULE.finding(call.place, _EXTENSION, "A secret is put before the message and hashed with it.", fix=fix)
    else:
        yield RULE.site(call.place, algorithm)


def _algorithm(call: Call) -> str:
    """The name of the algorithm; empty when it cannot be told."""
    if call.name not in _NAMED:
        parts = call.name.split(".")
        return parts[-2] if parts[-1] == "new" else parts[-1]
    position, keyword = _NAMED[call.name]
    argument = call.argument(position, keyword)
    if argument is None:
        return ""
    if isinstance(argument.constant, str):
        return argument.constant
    named = [value for value in argument.constants if isinstance(value, str)]
    return next((value for value in named if _bare(value) in _BAD), named[0]) if named else _passed(argument)


def _passed(argument: Argument) -> str:
    return argument.name.removeprefix("hashlib.") if argument.name.startswith("hashlib.") else ""


def _bare(algorithm: str) -> str:
    return algorithm.lower().replace("-", "").replace("unsalted_", "").replace("_crypt", "")


def _is_prescribed(call: Call) -> bool:
    text = call.function.text if call.function is not None else call.text
    return _PRESCRIBED.search(f"{call.place.scope} {text}") is not None


def _is_password(data: Argument) -> bool:
    return any(
        names_password(last_word(node))
        for node in iter_nodes(data.node)
        if isinstance(node, nodes.Name | nodes.Attribute | nodes.Subscript)
    )


def _is_prefixed(data: Argument) -> bool:
    """`secret + body`: a key, and something that is no constant after it."""
    node = data.node
    if not isinstance(node, nodes.Binary) or node.operator != "+" or isinstance(node.right, nodes.Const):
        return False
    first = node.left
    while isinstance(first, nodes.Binary):
        first = first.left
    words = set(split_words(last_word(first)))
    return bool(words & _KEYS) and not words & {"public", "cache", "sort", "primary", "id"}


RULE = Rule(
    slug="weak-digest",
    control="strong-hashes",
    languages=("python",),
    unit=("digest", "digests"),
    sound="a sound algorithm",
    examine=examine,
)
