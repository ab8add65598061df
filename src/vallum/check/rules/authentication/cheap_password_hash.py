"""The right function for passwords with too low a cost, or with one salt for all."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from vallum.check.flow.facts import Call
from vallum.check.flow.folding import UNKNOWN
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

BCRYPT_COST: Final = 12
PBKDF2_ITERATIONS: Final = 600_000
SCRYPT_N: Final = 2**17
ARGON2_KIB: Final = 19 * 1024
ARGON2_PASSES: Final = 2
_PBKDF2_FLOORS: Final = {"sha512": 210_000}
"""OWASP's number for the wider digest; the catalogue names SHA-256."""
_METHOD: Final = re.compile(r"(?P<kind>pbkdf2|scrypt)(?::(?P<rest>.*))?")
_ATTACK: Final = "Whoever gets hold of the table of accounts tries passwords faster than the floor allows."
_SALT_ATTACK: Final = "One table of hashes, computed once, opens every account with the same password."
_Weakness = str | None
"""What is wrong; empty when all is well, None when it cannot be told."""


def _bcrypt(call: Call) -> _Weakness:
    position = {"gensalt": 0, "generate_password_hash": 1}.get(call.method)
    return _at_least(call, position, "rounds", BCRYPT_COST, 12, "bcrypt's cost")


def _bcrypt_cost(call: Call) -> _Weakness:
    return _at_least(call, 1, "cost", BCRYPT_COST, 0, "bcrypt's cost")


def _passlib_pbkdf2(call: Call) -> _Weakness:
    return _at_least(call, None, "rounds", PBKDF2_ITERATIONS, 29_000, "the number of iterations")


def _passlib_scrypt(call: Call) -> _Weakness:
    return _at_least(call, None, "rounds", 17, 16, "the logarithm of N")


def _argon2(call: Call) -> _Weakness:
    kind = call.argument(6, "type")
    if kind is not None and kind.words in {"D", "I"}:
        return f"the variant is {kind.text}, not Argon2id"
    passes = _at_least(call, 0, "time_cost", ARGON2_PASSES, 3, "the number of passes")
    memory = _at_least(call, 1, "memory_cost", ARGON2_KIB, 65_536, "the memory in KiB")
    return passes or memory if passes is not None else memory or None


def _pbkdf2(call: Call) -> _Weakness:
    digest = call.constant_of(0, "hash_name")
    floor = _PBKDF2_FLOORS.get(str(digest).lower().replace("-", ""), PBKDF2_ITERATIONS)
    return _at_least(call, 3, "iterations", floor, 0, "the number of iterations")


def _pbkdf2_of_cryptography(call: Call) -> _Weakness:
    return _at_least(call, 3, "iterations", PBKDF2_ITERATIONS, 0, "the number of iterations")


def _pbkdf2_of_pycrypto(call: Call) -> _Weakness:
    return _at_least(call, 3, "count", PBKDF2_ITERATIONS, 1000, "the number of iterations")


def _scrypt(call: Call) -> _Weakness:
    n, r = {"hashlib": (None, None), "cryptography": (2, 3)}.get(call.name.partition(".")[0], (3, 4))
    size = _at_least(call, n, "n" if n != 3 else "N", SCRYPT_N, 0, "N")
    return size or _at_least(call, r, "r", 8, 8, "r")


def _werkzeug(call: Call) -> _Weakness:
    method = call.constant_of(1, "method", default="scrypt:32768:8:1")
    match = _METHOD.fullmatch(method) if isinstance(method, str) else None
    if match is None:
        return None
    parts = (match["rest"] or "").split(":")
    if match["kind"] == "scrypt":
        size = int(parts[0]) if parts[0].isdigit() else 32_768
        return "" if size >= SCRYPT_N else f"N is {size}, which is Werkzeug's default, below {SCRYPT_N}"
    rounds = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 1_000_000
    return "" if rounds >= PBKDF2_ITERATIONS else f"the number of iterations is {rounds}, below {PBKDF2_ITERATIONS}"


def _passlib_context(call: Call) -> _Weakness:
    schemes = call.constant_of(0, "schemes")
    if not isinstance(schemes, list | tuple) or call.expands:
        return None
    found: list[_Weakness] = []
    for scheme in schemes[:1]:
        floors: dict[Any, tuple[int, int]] = {
            "bcrypt": (BCRYPT_COST, 12),
            "pbkdf2_sha256": (PBKDF2_ITERATIONS, 29_000),
            "scrypt": (17, 16),
            "django_pbkdf2_sha256": (PBKDF2_ITERATIONS, 29_000),
        }
        if scheme in floors:
            key = (
                f"{scheme}__default_rounds" if call.argument(None, f"{scheme}__default_rounds") else f"{scheme}__rounds"
            )
            floor, default = floors[scheme]
            found.append(_at_least(call, None, key, floor, default, f"{scheme}'s rounds"))
        else:
            found.append("" if scheme == "argon2" else None)
    return found[0] if found else None


def _sound(_call: Call) -> _Weakness:
    return ""


_PASSLIB: Final = ("hash", "encrypt", "using")
_JUDGES: Final[dict[tuple[str, ...], Callable[[Call], _Weakness]]] = {
    ("bcrypt.gensalt", "flask_bcrypt.generate_password_hash", "flask_bcrypt.Bcrypt().generate_password_hash"): _bcrypt,
    tuple(f"passlib.hash.bcrypt{kind}.{verb}" for kind in ("", "_sha256") for verb in _PASSLIB): _bcrypt,
    ("Crypto.Protocol.KDF.bcrypt", "Cryptodome.Protocol.KDF.bcrypt"): _bcrypt_cost,
    tuple(f"passlib.hash.pbkdf2_sha256.{verb}" for verb in _PASSLIB): _passlib_pbkdf2,
    tuple(f"passlib.hash.scrypt.{verb}" for verb in _PASSLIB): _passlib_scrypt,
    ("argon2.PasswordHasher",): _argon2,
    ("hashlib.pbkdf2_hmac",): _pbkdf2,
    ("cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC",): _pbkdf2_of_cryptography,
    ("Crypto.Protocol.KDF.PBKDF2", "Cryptodome.Protocol.KDF.PBKDF2"): _pbkdf2_of_pycrypto,
    ("hashlib.scrypt", "cryptography.hazmat.primitives.kdf.scrypt.Scrypt", "Crypto.Protocol.KDF.scrypt"): _scrypt,
    ("werkzeug.security.generate_password_hash",): _werkzeug,
    ("passlib.context.CryptContext",): _passlib_context,
    (
        "vallum.guard.authentication.passwords.PasswordHasher",
        "django.contrib.auth.hashers.make_password",
        "pwdlib.PasswordHash.recommended",
    ): _sound,
}
_SALTED: Final = {
    "hashlib.pbkdf2_hmac": 2,
    "hashlib.scrypt": None,
    "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC": 2,
    "cryptography.hazmat.primitives.kdf.scrypt.Scrypt": 0,
    "bcrypt.hashpw": 1,
}


def examine(project: Project) -> Iterator[Remark]:
    """Look at every call that derives a hash from a password."""
    seen = False
    for names, judge in _JUDGES.items():
        for call in project.calls(*names):
            if not is_test(call.place.path):
                seen = True
                yield from _judge(call, judge(call))
    for name, position in _SALTED.items():
        for call in project.calls(name):
            salt = call.argument(position, "salt")
            if salt is not None and isinstance(salt.constant, str | bytes) and not is_test(call.place.path):
                seen = True
                yield RULE.finding(
                    call.place, _SALT_ATTACK, "The salt is a constant.", fix="Draw os.urandom(16) for each password."
                )
    if not seen:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no password is hashed here by a function made for it")


def _judge(call: Call, weakness: _Weakness) -> Iterator[Remark]:
    if weakness:
        confidence = Confidence.MEDIUM if "default" in weakness else Confidence.HIGH
        reason = f"{weakness[0].upper()}{weakness[1:]}."
        yield RULE.finding(call.place, _ATTACK, reason, fix=_FIX, confidence=confidence)
    elif weakness is not None:
        yield RULE.site(call.place)


_FIX: Final = (
    f"Use Argon2id with {ARGON2_KIB} KiB and {ARGON2_PASSES} passes, bcrypt with {BCRYPT_COST}, scrypt with 2**17, or "
    f"PBKDF2 with {PBKDF2_ITERATIONS} at least."
)


def _at_least(call: Call, position: int | None, keyword: str, floor: int, default: int, what: str) -> _Weakness:
    if call.expands:
        return None
    value = call.constant_of(position, keyword, default=default)
    if value is UNKNOWN or not isinstance(value, int) or not value:
        return None
    by_default = ", which is the library's default," if call.argument(position, keyword) is None else ""
    return "" if value >= floor else f"{what} is {value}{by_default}, below {floor}".replace(",,", ",")


RULE = Rule(
    slug="cheap-password-hash",
    control="password-hashing",
    languages=("python",),
    unit=("slow hash", "slow hashes"),
    sound="at or above the floor",
    examine=examine,
)
