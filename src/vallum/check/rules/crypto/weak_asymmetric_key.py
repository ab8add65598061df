"""Key pairs that are too small or of a retired kind, and RSA encryption with the padding of 1993."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_ATTACK: Final = "Whoever has the public key and enough machines works out the private one."
_ORACLE: Final = "Whoever learns whether the padding was right decrypts the message (Bleichenbacher)."
_FIX: Final = "Ed25519 or P-256 to sign, X25519 to agree; RSA of 3072 bits only where a partner needs it."
_OAEP: Final = "padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)"
_LEAST: Final = 3072
_SIZED: Final = {
    "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key": (1, "key_size"),
    "Crypto.PublicKey.RSA.generate": (0, "bits"),
    "Cryptodome.PublicKey.RSA.generate": (0, "bits"),
    "rsa.newkeys": (0, "nbits"),
    "paramiko.RSAKey.generate": (0, "bits"),
    "joserfc.jwk.RSAKey.generate_key": (0, "key_size"),
    "asyncssh.generate_private_key": (None, "key_size"),
}
_NAMED: Final = {
    "authlib.jose.JsonWebKey.generate_key": (1, "crv_or_size"),
    "joserfc.jwk.JWKRegistry.generate_key": (1, "crv_or_size"),
    "jwcrypto.jwk.JWK.generate": (None, "size"),
    "OpenSSL.crypto.PKey().generate_key": (1, "bits"),
}
_DSA: Final = (
    "cryptography.hazmat.primitives.asymmetric.dsa.generate_private_key", "Crypto.PublicKey.DSA.generate",
    "Cryptodome.PublicKey.DSA.generate", "paramiko.DSSKey.generate",
)  # fmt: skip
_CURVES: Final = ("cryptography.hazmat.primitives.asymmetric.ec.generate_private_key", "*.PublicKey.ECC.generate")
_SMALL: Final = re.compile(r"(?:SECP|SECT|P-?|prime|secp)(?:160|163|192|224|233)", re.IGNORECASE)
_GOOD: Final = (
    "*Ed25519PrivateKey.generate", "*X25519PrivateKey.generate", "*Ed448PrivateKey.generate",
    "*.asymmetric.padding.OAEP", "*.asymmetric.padding.PSS", "*.PKCS1_OAEP.new", "*.signing.SigningKey.generate",
    "nacl.public.PrivateKey.generate",
)  # fmt: skip
_OLD_PADDING: Final = ("*.Cipher.PKCS1_v1_5.new", "rsa.encrypt", "rsa.decrypt")
_SCRIPTS: Final = ("shell", "dockerfile", "makefile", "yaml", "terraform")
_COMMAND: Final = re.compile(
    r"\bopenssl\s+genrsa\b[^|;&#]*?\s(?P<a>\d{3,5})(?=\s|$)|\brsa:(?P<b>\d{3,5})\b|rsa_keygen_bits:(?P<c>\d{3,5})\b"
    r"|\bssh-keygen\b(?=[^|;&#]*-t\s*rsa)[^|;&#]*-b\s*(?P<d>\d{3,5})|\brsa_bits\s*=\s*(?P<e>\d{3,5})"
    r"|(?P<dsa>\bopenssl\s+(?:gendsa|dsaparam)\b|\bssh-keygen\b[^|;&#]*-t\s*dsa\b)"
    r"|(?P<curve>\b(?:prime192v\d|secp(?:160|192|224)\w\d|P-192|P-224)\b)"
    r"|(?P<good>\bopenssl\s+genpkey\b[^|;&#]*(?:ed25519|x25519|P-256)|\bssh-keygen\b[^|;&#]*-t\s*ed25519)",
    re.IGNORECASE,
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every key pair that is made, and at the padding of every encryption."""
    remarks = [*_judge_calls(project), *_judge_padding(project), *_judge_scripts(project)]
    remarks += guard_sites(RULE, project, "*.load_signing_key", "*.load_verifying_key", "*.new_signing_key")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no key pair is made here")


def _judge_calls(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_SIZED, *_NAMED, *_DSA, *_CURVES, *_GOOD):
        if is_test(call.place.path) or call.expands:
            continue
        reason = _weakness(call)
        if reason:
            yield RULE.finding(call.place, _ATTACK, reason, fix=_FIX)
        elif reason is not None:
            yield RULE.site(call.place, call.method if "generate" not in call.method else "a sound kind and size")


def _weakness(call: Call) -> str | None:
    """Why a key pair is weak; empty for a sound one, None when it cannot be told."""
    if call.name in _DSA:
        return "DSA is withdrawn for signing (FIPS 186-5)."
    position = _SIZED.get(call.name) or _NAMED.get(call.name)
    if position is not None:
        size = call.constant_of(*position)
        if not isinstance(size, int):
            return None
        return f"RSA of {size} bits is below {_LEAST}." if 512 <= size < _LEAST else ""
    if call.method in {"generate_private_key", "generate"} and ("ec." in call.name or "ECC" in call.name):
        curve = call.argument(0, "curve")
        text = curve.text if curve is not None else ""
        return f"The curve {text.strip('()')} is too small." if _SMALL.search(text) else ""
    return ""


def _judge_padding(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_OLD_PADDING):
        if not is_test(call.place.path):
            yield RULE.finding(call.place, _ORACLE, "The padding is PKCS#1 v1.5.", fix=_OAEP)
    if not project.uses("cryptography"):
        return
    for call in project.calls("*.encrypt"):
        padding = call.argument(1, "padding")
        if padding is None or is_test(call.place.path):
            continue
        if "PKCS1v15" in padding.name or "PKCS1v15" in padding.text:
            yield RULE.finding(call.place, _ORACLE, "The padding is PKCS#1 v1.5.", fix=_OAEP)


def _judge_scripts(project: Project) -> Iterator[Remark]:
    for source in project.configs(*_SCRIPTS):
        if is_test(source.path) or is_document(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            match = _COMMAND.search(line)
            if match is None or line.lstrip().startswith("#"):
                continue
            place = project.place_in(source, number)
            size = int(next((match[name] for name in "abcde" if match[name]), "0"))
            if match["good"] or size >= _LEAST:
                yield RULE.site(place, "a sound kind and size")
            else:
                what = f"RSA of {size} bits" if size else match[0].strip()
                yield RULE.finding(place, _ATTACK, f"{what} is too weak.", fix="openssl genpkey -algorithm ed25519")


RULE = Rule(
    slug="weak-asymmetric-key",
    control="strong-asymmetric",
    languages=("python", *_SCRIPTS),
    unit=("key pair or padding", "key pairs and paddings"),
    sound="a sound kind and size",
    examine=examine,
)
