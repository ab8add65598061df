"""Encryption that hides data and lets it be changed, retired ciphers, and nonces that come again."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, last_word
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.scope import Scope
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import Origins, origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_MODES: Final = tuple(f"cryptography.hazmat.primitives.ciphers.modes.{m}" for m in ("ECB", "CBC", "CTR", "OFB", "CFB"))
_GCM: Final = "cryptography.hazmat.primitives.ciphers.modes.GCM"
_AEAD: Final = tuple(f"*.{name}().encrypt" for name in ("AESGCM", "AESGCMSIV", "ChaCha20Poly1305", "AESCCM", "AESOCB3"))
_PACKAGES: Final = ("Crypto.Cipher", "Cryptodome.Cipher")
_RETIRED: Final = frozenset({"DES", "DES3", "ARC2", "ARC4", "Blowfish", "CAST", "XOR"})
_PYCRYPTO: Final = tuple(f"{package}.{name}.new" for package in _PACKAGES for name in ("AES", *sorted(_RETIRED)))
_OLD: Final = tuple(
    f"cryptography.*.algorithms.{n}" for n in ("TripleDES", "ARC4", "Blowfish", "CAST5", "IDEA", "SEED")
)
_SOUND_MODES: Final = frozenset({"MODE_GCM", "MODE_EAX", "MODE_CCM", "MODE_SIV", "MODE_OCB"})
_MAC: Final = re.compile(r"hmac|cmac|poly1305", re.IGNORECASE)
_DRAWN: Final = re.compile(r"(?:^|\.)(?:urandom|token_bytes|get_random_bytes|randbytes|random|token_hex)$")
_SEALERS: Final = ("cryptography.fernet.Fernet", "cryptography.fernet.MultiFernet", "nacl.secret.SecretBox")
_GENERATED: Final = ("*AESGCM.generate_key",)
_ATTACK: Final = "Whoever can write to the store or the network changes the plaintext, and the program takes it."
_REPEAT: Final = "Two messages under one key and nonce give away both texts, and the key that makes the tags."
_FIX: Final = "AESGCM(key).encrypt(os.urandom(12), data, context), with the nonce stored before the ciphertext."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every cipher that is built, and at the nonce of every message."""
    remarks = [*_judge_modes(project), *_judge_new(project), *_judge_messages(project)]
    remarks += [
        RULE.finding(call.place, _ATTACK, f"{call.method} is a retired cipher.", fix=_FIX)
        for call in project.calls(*_OLD)
        if not is_test(call.place.path)
    ]
    remarks += [RULE.site(call.place, f"{call.method} authenticates") for call in project.calls(*_SEALERS)]
    remarks += guard_sites(RULE, project, "*SealedBox.from_secrets", "*.SealedBox")
    yield from remarks
    if not remarks and not project.uses("cryptography", "Crypto", "Cryptodome", "nacl"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is encrypted here")


def _judge_modes(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_MODES, _GCM):
        if is_test(call.place.path):
            continue
        if call.method == "GCM":
            yield _judge_nonce(call, call.argument(0, "initialization_vector"), project)
        elif call.method != "ECB" and call.function is not None and _MAC.search(call.function.text):
            yield RULE.site(call.place, f"{call.method} with a MAC")
        else:
            yield RULE.finding(call.place, _ATTACK, f"{call.method} has no authentication.", fix=_FIX)


def _judge_new(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_PYCRYPTO):
        if is_test(call.place.path):
            continue
        cipher = call.name.split(".")[-2]
        mode = call.argument(1, "mode")
        word = mode.words if mode is not None else ""
        if cipher in _RETIRED:
            yield RULE.finding(call.place, _ATTACK, f"{cipher} is a retired cipher.", fix=_FIX)
        elif word in _SOUND_MODES:
            yield _judge_nonce(call, call.argument(2, "nonce"), project)
        elif word.startswith("MODE_") and not (
            word != "MODE_ECB" and call.function and _MAC.search(call.function.text)
        ):
            yield RULE.finding(call.place, _ATTACK, f"{word[5:]} has no authentication.", fix=_FIX)
        elif word.startswith("MODE_"):
            yield RULE.site(call.place, f"{word[5:]} with a MAC")


def _judge_messages(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_AEAD):
        if not is_test(call.place.path) and not call.expands:
            yield _judge_nonce(call, call.argument(0, "nonce"), project)
    for call in project.calls(*_GENERATED):
        bits = call.constant_of(0, "bit_length")
        if isinstance(bits, int) and bits < 256 and not is_test(call.place.path):
            why = f"The key has {bits} bits; the promise is AES-256."
            yield RULE.finding(call.place, "A shorter key has a smaller margin.", why, fix="bit_length=256")


def _judge_nonce(call: Call, nonce: Argument | None, project: Project) -> Remark:
    origins = origins_of(project)
    source = "" if nonce is None else _source(nonce.node, origins.scope_at(call), origins)
    if nonce is not None and (nonce.constant is not UNKNOWN or source):
        why = f"The nonce is {source or 'constant'}: it is the same for every message."
        return RULE.finding(call.place, _REPEAT, why, fix=_FIX)
    tag = call.constant_of(None, "mac_len", "min_tag_length", default=16)
    if isinstance(tag, int) and tag < 16:
        why = f"A tag of {tag} bytes is accepted."
        return RULE.finding(call.place, _ATTACK, why, fix="Keep the full 16 bytes.")
    return RULE.site(call.place, "authenticated")


def _source(node: nodes.Expression, scope: Scope, origins: Origins, depth: int = 0) -> str:
    """What makes a nonce the same each time; empty when nothing does."""
    if isinstance(node, nodes.Const):
        return "a constant"
    if isinstance(node, nodes.Call):
        constant = last_word(node.function) in {"bytes", "bytearray", "fromhex"} and bool(node.arguments)
        return "made of a constant" if constant and all(isinstance(a, nodes.Const) for a in node.arguments) else ""
    if isinstance(node, nodes.Subscript) and origins.name_of(node.base, scope).endswith("environ"):
        return "read from the environment"
    if isinstance(node, nodes.Name) and depth < 4:
        values, home = origins.assigned(node.id, scope)
        if home is None or not values:
            return ""
        if home.definition is None and scope.definition is not None and _is_drawn(values[0], home, origins):
            return "drawn once for the whole process"
        found = [_source(value, home, origins, depth + 1) for value in values]
        return found[0] if all(found) else ""
    return ""


def _is_drawn(node: nodes.Expression, scope: Scope, origins: Origins) -> bool:
    return isinstance(node, nodes.Call) and _DRAWN.search(origins.name_of(node.function, scope)) is not None


RULE = Rule(
    slug="unauthenticated-cipher",
    control="authenticated-encryption",
    languages=("python",),
    unit=("cipher call", "cipher calls"),
    sound="authenticated",
    examine=examine,
)
