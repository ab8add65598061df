"""Passwords that go through a fast digest, or a list of password hashers with a fast one in it."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, Function, last_word
from vallum.check.flow.scope import Scope
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import Origins, origins_of
from vallum.check.readings.words import names_password, split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_NAMES: Final = (
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b",
    "blake2s",
)  # fmt: skip
_DIGESTS: Final = (
    *(f"hashlib.{name}" for name in _NAMES),
    *(f"hashlib.{name}().update" for name in _NAMES),
    "hashlib.new", "hashlib.new().update", "hmac.new", "hmac.digest", "hmac.new().update", "crypt.crypt",
    "Crypto.Hash.*.new", "Crypto.Hash.*.new().update", "Cryptodome.Hash.*.new",
)  # fmt: skip
_SLOW: Final = (
    "bcrypt.hashpw", "bcrypt.checkpw", "hashlib.pbkdf2_hmac", "hashlib.scrypt", "*.generate_password_hash",
    "argon2.*", "*PasswordHasher().hash", "*PasswordHasher().verify", "passlib.*", "bcrypt.kdf",
)  # fmt: skip
_CARRIES: Final = frozenset({
    "encode", "decode", "strip", "bytes", "bytearray", "str", "join", "format", "normalize", "lower", "b64encode",
    "get", "force_bytes", "smart_bytes", "to_bytes", "get_secret_value", "reveal", "hexlify", "quote",
})  # fmt: skip
_LOOKS_UP: Final = re.compile(r"pwned|hibp|breach|leaked|compromis|realm|scram|ntlm|mysql_native", re.IGNORECASE)
_HASHES: Final = frozenset({"hash", "hashed", "encode", "encrypt", "digest", "make", "check", "verify", "store", "set"})
_NO_PASSWORD: Final = frozenset({"salt", "pepper", "stored", "token", "key", "user", "hash", "hashed", "self", "data"})
_WEAK_SCHEME: Final = re.compile(
    r"plaintext|plain|.*md5.*|.*sha1.*|des_crypt|bsdi_crypt|bigcrypt|crypt16|hex_.*|ldap_(?:plaintext|salted_sha\d+)"
    r"|lmhash|nthash|ms\w*|mysql\w*|oracle\w+|cisco_\w+|roundup_plaintext|sha256|sha512"
)
_WEAK_HASHER: Final = re.compile(r".*(?:MD5|(?<!PBKDF2)SHA1|(?<!B)Crypt)PasswordHasher")
_ATTACK: Final = "Whoever gets hold of the table of accounts tries billions of passwords per second against it."
_FIX: Final = "Hash passwords with Argon2id: vallum.guard.authentication.passwords.PasswordHasher, or argon2-cffi."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every digest, and at every list of password hashers."""
    remarks = [*_judge_digests(project), *_judge_contexts(project), *_judge_hashers(project)]
    yield from remarks
    if not remarks and not _speaks_of_passwords(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no password is handled")


def _speaks_of_passwords(project: Project) -> bool:
    return any("passw" in module.source.text.lower() for module in project.modules if not is_test(module.path))


def _judge_digests(project: Project) -> Iterator[Remark]:
    origins = origins_of(project)
    for call in project.calls(*_DIGESTS):
        if is_test(call.place.path) or _is_lookup(call):
            continue
        word = next((word for argument in _hashed(call) for word in _passwords(argument, call, origins)), "")
        if word and not _feeds_slow(call, project, origins):
            why = f"`{word}` goes into {_digest_name(call)}, which is made to be fast."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)


def _hashed(call: Call) -> Iterator[Argument]:
    """The arguments that are hashed; the key of an HMAC and the name of an algorithm are not."""
    first = 1 if call.name in {"hashlib.new", "hmac.new", "hmac.digest"} else 0
    for argument in call.arguments:
        if argument.position >= first or argument.keyword in {"string", "data", "msg", "digest", "word"}:
            yield argument


def _digest_name(call: Call) -> str:
    algorithm = call.constant_of(0, "name") if call.name == "hashlib.new" else None
    return str(algorithm) if isinstance(algorithm, str) else call.name.removesuffix("().update")


def _is_lookup(call: Call) -> bool:
    """A look-up in a list of leaked passwords, or a protocol that prescribes the digest."""
    text = f"{call.place.scope} {call.function.text if call.function else call.text}"
    return _LOOKS_UP.search(text) is not None


def _passwords(argument: Argument, call: Call, origins: Origins) -> Iterator[str]:
    """The passwords that go into an argument, by their names."""
    scope = origins.scope_at(call)
    for node, home in origins.trace(argument.node, scope, _carries):
        if isinstance(node, nodes.Name | nodes.Attribute | nodes.Subscript | nodes.Call):
            word = last_word(node)
            if names_password(word) and not (isinstance(node, nodes.Call) and word == last_word(node.function)):
                yield word
        if isinstance(node, nodes.Name) and call.function is not None and home.definition is scope.definition:
            yield from _by_parameter(node.id, call.function, origins)


def _by_parameter(name: str, function: Function, origins: Origins) -> Iterator[str]:
    """A parameter of a function that hashes passwords, or one for which a caller passes a password."""
    names = [parameter.name for parameter in function.parameters]
    if name not in names or not _NO_PASSWORD.isdisjoint(split_words(name)):
        return
    words = set(split_words(function.name))
    if not words.isdisjoint(_HASHES) and names_password("_".join(words - _HASHES)) and name == _first(names):
        yield name
    for node, _ in origins.sent(function, name):
        if names_password(last_word(node)):
            yield last_word(node)


def _first(names: list[str]) -> str:
    return next((name for name in names if name not in {"self", "cls"}), "")


def _carries(node: nodes.Call, _scope: Scope) -> bool:
    return last_word(node.function) in _CARRIES or (
        isinstance(node.function, nodes.Attribute) and (node.function.name in _CARRIES)
    )


def _feeds_slow(call: Call, project: Project, origins: Origins) -> bool:
    """Whether the digest only shortens the password for a slow hash."""
    return any(
        node is call.node
        for slow in project.calls(*_SLOW)
        if slow.function is call.function
        for argument in slow.arguments
        for node, _ in origins.trace(argument.node, origins.scope_at(slow))
    )


def _judge_contexts(project: Project) -> Iterator[Remark]:
    for call in project.calls("passlib.context.CryptContext", "passlib.context.LazyCryptContext"):
        schemes = call.constant_of(0, "schemes")
        if is_test(call.place.path) or not isinstance(schemes, list | tuple):
            continue
        weak = [str(scheme) for scheme in schemes if _WEAK_SCHEME.fullmatch(str(scheme))]
        if weak:
            yield RULE.finding(call.place, _ATTACK, f"The context accepts {', '.join(weak)}.", fix=_FIX)
        else:
            yield RULE.site(call.place, f"{', '.join(map(str, schemes))}")
    for call in project.calls("passlib.hash.*.hash", "passlib.hash.*.encrypt", "passlib.hash.*.using"):
        scheme = call.name.split(".")[2]
        if _WEAK_SCHEME.fullmatch(scheme) and not is_test(call.place.path):
            yield RULE.finding(call.place, _ATTACK, f"{scheme} is a fast hash.", fix=_FIX)
    yield from _judge_methods(project)


def _judge_methods(project: Project) -> Iterator[Remark]:
    for call in project.calls("werkzeug.security.generate_password_hash", "django.contrib.auth.hashers.make_password"):
        method = call.constant_of(1, "method") if "werkzeug" in call.name else call.constant_of(2, "hasher")
        name = method.split(":")[0].removeprefix("unsalted_") if isinstance(method, str) else ""
        if _WEAK_SCHEME.fullmatch(name) and not is_test(call.place.path):
            yield RULE.finding(call.place, _ATTACK, f'The method is "{method}".', fix=_FIX)


def _judge_hashers(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        if (
            setting.key != "PASSWORD_HASHERS"
            or is_test(setting.place.path)
            or not isinstance(setting.node, nodes.Items)
        ):
            continue
        weak = [
            (order, node)
            for order, node in enumerate(setting.node.elements)
            if isinstance(node, nodes.Const) and _WEAK_HASHER.fullmatch(str(node.value))
        ]
        for order, node in weak:
            why = f"{str(getattr(node, 'value', '')).rpartition('.')[2]} is a fast hash, and new passwords get it."
            confidence = Confidence.HIGH if order == 0 else Confidence.MEDIUM
            reason = why if order == 0 else why.replace("new passwords get it", "it is accepted for old passwords")
            yield RULE.finding(setting.module.place(node), _ATTACK, reason, fix=_FIX, confidence=confidence)
        if not weak:
            yield RULE.site(setting.place, "slow hashers only")


RULE = Rule(
    slug="fast-password-hash",
    control="password-hashing",
    languages=("python",),
    unit=("password hash", "password hashes"),
    sound="slow and salted",
    examine=examine,
)
