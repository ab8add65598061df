"""Ciphers, hashes, key stretching and tokens of one's own, dead libraries, and raw primitives in views."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.dependencies.manifests import read_manifest
from vallum.check.flow import nodes
from vallum.check.flow.facts import Function, last_word
from vallum.check.flow.module import Module
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.readings.logs import serves_web
from vallum.check.readings.words import iter_identifiers, split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_DEAD: Final = {
    "pycrypto": "pycryptodome or cryptography", "pyaes": "cryptography", "slowaes": "cryptography",
    "simple-crypt": "cryptography", "crypto-js": "node:crypto", "sjcl": "WebCrypto",
}  # fmt: skip
_HINT: Final = re.compile(r"\^|\*\s*(?:31|33|37|131|257|65599|16777619)\b|hashlib|hmac")
_KEYED: Final = frozenset({"key", "secret", "password", "passphrase", "pad", "keystream", "cipher"})
_CIPHER_NAME: Final = re.compile(r"crypt|cipher|obfusc|scrambl|xor|encode_secret", re.IGNORECASE)
_HONEST: Final = re.compile(r"frame|websocket|checksum|crc|parity|zobrist|gray|luhn|bloom|nim|hamming", re.IGNORECASE)
_SECRET_HASH: Final = frozenset({"pin", "password", "token", "secret", "salt", "key", "sign", "signature", "passwd"})
_HASHERS: Final = re.compile(r"(?:^|\.)(?:md5|sha1|sha224|sha256|sha384|sha512|blake2b|sha3_256|new)$")
_VETTED: Final = (
    "cryptography.fernet.*", "nacl.*", "itsdangerous.*", "argon2.*", "hashlib.scrypt", "hashlib.pbkdf2_hmac",
    "*.aead.*", "jwt.encode", "jwt.decode", "*PBKDF2HMAC", "*.HKDF", "*.Scrypt", "bcrypt.hashpw",
)  # fmt: skip
_RAW: Final = re.compile(
    r"cryptography\.hazmat\.primitives(?:\.ciphers|\.padding|\.cmac|\.poly1305)?(?:\.(?!hashes|serialization|asymmetric|twofactor)\w+)*"
)
_ATTACK: Final = "A cipher nobody has tried to break is broken by the first who tries, often with pencil and paper."
_FIX: Final = "Call a vetted library: cryptography (AESGCM, Fernet), PyNaCl, argon2-cffi, itsdangerous, or the guard."


def examine(project: Project) -> Iterator[Remark]:
    """Look at loops that mix bytes, at imports of primitives, at packages, and at calls of vetted libraries."""
    remarks = [*_judge_code(project), *_judge_imports(project), *_judge_packages(project)]
    remarks += [
        RULE.site(call.place, f"{call.name} is vetted")
        for call in project.calls(*_VETTED)
        if not is_test(call.place.path)
    ]
    remarks += _judge_salts(project)
    remarks += guard_sites(RULE, project, "*SealedBox.from_secrets")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no cryptography is used here")


def _judge_salts(project: Project) -> Iterator[Remark]:
    """A key of the application as the salt of Hashids, which encrypts nothing: a few identifiers give the salt away."""
    for call in project.calls("hashids.Hashids"):
        salt = call.argument(0, "salt")
        if salt is not None and {"secret", "key"} <= set(split_words(salt.words)) and not is_test(call.place.path):
            why = "Hashids is no encryption: whoever collects identifiers works its salt out, and it is the secret key."
            yield RULE.finding(call.place, _ATTACK, why, fix="Give it a salt of its own, and check access by itself.")


def _judge_code(project: Project) -> Iterator[Remark]:
    wanted = {module for module in project.modules if _HINT.search(module.source.text) and not is_test(module.path)}
    for function in project.functions:
        if function.module not in wanted or is_document(function.place.path):
            continue
        for node, why in _constructions(function):
            yield RULE.finding(function.module.place(node), _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _constructions(function: Function) -> Iterator[tuple[nodes.Node, str]]:
    text = function.text
    if "^" in text:
        yield from _xors(function)
    loops = [node for part in function.node.body for node in iter_nodes(part) if isinstance(node, nodes.For)]
    for loop in loops:
        for node in (inner for part in loop.body for inner in iter_nodes(part)):
            if isinstance(node, nodes.Assign) and node.value is not None:
                if _stretches(node, loop):
                    yield node, "A key is stretched by a loop of a fast hash."
                elif "ord(" in text and _mixes(node.value, function) and _hashes_secret(function):
                    yield node, "A hash is made by multiplication and addition."
    if "hmac.new" in text and re.search(r"b64encode|b64e\(", text) and "dumps(" in text:
        for call in function.calls:
            if call.name == "hmac.new":
                yield call.node, "A signed token is put together by hand."


def _xors(function: Function) -> Iterator[tuple[nodes.Node, str]]:
    """XOR of text or bytes with a key, one by one."""
    if _HONEST.search(function.qualified):
        return
    named = _CIPHER_NAME.search(function.name) is not None
    for node in (inner for part in function.node.body for inner in iter_nodes(part)):
        if not isinstance(node, nodes.For | nodes.Comprehension):
            continue
        keyed = named or any(_KEYED & set(split_words(word)) for word in iter_identifiers(node))
        inside = node.body if isinstance(node, nodes.For) else (node,)
        mixed = next(
            (
                inner
                for part in inside
                for inner in iter_nodes(part)
                if isinstance(inner, nodes.Binary)
                and inner.operator == "^"
                and not isinstance(inner.right, nodes.Const | nodes.Compare)
            ),
            None,
        )
        if keyed and mixed is not None:
            yield mixed, "Bytes are mixed with a key by XOR."
            return


def _stretches(node: nodes.Assign, loop: nodes.For) -> bool:
    """`key = hashlib.sha256(salt + key).digest()` once for each number of a range."""
    if not (isinstance(loop.source, nodes.Call) and last_word(loop.source.function) == "range"):
        return False
    target = node.targets[0] if node.targets else None
    if not isinstance(target, nodes.Name) or node.value is None:
        return False
    inside = list(iter_nodes(node.value))
    hashed = any(isinstance(part, nodes.Call) and _HASHERS.search(_dotted(part.function)) for part in inside)
    again = any(isinstance(part, nodes.Name) and part.id == target.id for part in inside)
    return (
        hashed and again and "digest" in {last_word(part.function) for part in inside if isinstance(part, nodes.Call)}
    )


def _dotted(node: nodes.Expression) -> str:
    return f".{node.name}" if isinstance(node, nodes.Attribute) else last_word(node)


def _mixes(value: nodes.Expression, function: Function) -> bool:
    """`value * 33 + ord(letter)`."""
    return any(
        isinstance(part, nodes.Binary)
        and part.operator in {"+", "^"}
        and "ord(" in function.module.text_of(part)
        and any(isinstance(inner, nodes.Binary) and inner.operator in {"*", "<<"} for inner in iter_nodes(part))
        for part in iter_nodes(value)
    )


def _hashes_secret(function: Function) -> bool:
    names = [function.name, *(parameter.name for parameter in function.parameters)]
    return any(_SECRET_HASH & set(split_words(name)) for name in names)


def _judge_imports(project: Project) -> Iterator[Remark]:
    """Raw primitives in a module that serves requests; one that only knows about cryptography may hold them."""
    for module in project.modules:
        if "hazmat" not in module.source.text or is_test(module.path):
            continue
        for node in _raw_imports(module):
            if serves_web(module.source.text):
                why = "A module of views imports raw primitives."
                fix = "Keep them in one reviewed module, and call that."
                yield RULE.finding(module.place(node), _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)
            else:
                yield RULE.site(module.place(node), "in a module of its own")


def _raw_imports(module: Module) -> Iterator[nodes.Import]:
    for node in (inner for part in module.body for inner in iter_nodes(part)):
        if isinstance(node, nodes.Import):
            names = [name if node.whole else f"{node.module}.{name}" for name, _ in node.names]
            if any(_RAW.fullmatch(name) for name in names):
                yield node


def _judge_packages(project: Project) -> Iterator[Remark]:
    for source in project.configs("requirements", "toml", "json"):
        manifest = None if is_test(source.path) or is_document(source.path) else read_manifest(source)
        for dependency in manifest.dependencies if manifest else ():
            better = _DEAD.get(dependency.name.lower())
            if better:
                why = f"{dependency.name} is no longer maintained."
                yield RULE.finding(project.place_in(source, dependency.line), _ATTACK, why, fix=f"Use {better}.")


RULE = Rule(
    slug="home-made-cryptography",
    control="no-custom-crypto",
    languages=("python", "requirements", "toml", "json"),
    unit=("cryptographic construction", "cryptographic constructions"),
    sound="from a vetted library",
    examine=examine,
)
