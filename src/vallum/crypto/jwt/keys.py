"""Keys that know their one algorithm: ES256, EdDSA (Ed25519) or RS256; HS256 only by a name that says `unsafe`.

    key = generate_key()                                    # ES256
    key = load_private(pem)                                 # the algorithm follows from the kind of key
    verifier = Verifier([load_public(pem), load_public(old_pem)])

Sources: RFC 7518 section 3, RFC 8037, RFC 8725 sections 3.1, 3.2 and 3.5, RFC 7638 for the default key id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.jwt.public_keys import has_roca, has_small_order, read_members
from vallum.crypto.jwt.signatures import CHECKERS, SIGNERS, Check, Sign

Algorithm = Literal["ES256", "EdDSA", "RS256", "HS256"]
LEAST_RSA_BITS: Final = 2048
MOST_RSA_BITS: Final = 8192
LEAST_SHARED_BYTES: Final = 32
_RSA_BITS: Final = 3072
_NOT_RANDOM: Final = (b"-----BEGIN", b"ssh-", b"ecdsa-", b'{"', b"{ ", b"\x30\x59\x30", b"\x30\x82", b"\x30\x2a\x30")


@dataclass(frozen=True, slots=True, repr=False)
class VerifyingKey:
    """A key that checks signatures of one algorithm, under one id. `check` is `verify` without the call around it."""

    key_id: str
    algorithm: Algorithm
    _key: Any = field(compare=False)
    check: Check = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Bind the key to its algorithm once."""
        native = self._key.raw_value if self.algorithm == "HS256" else self._key.public_key
        object.__setattr__(self, "check", CHECKERS[self.algorithm](native))

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether `signature` is this key's for `message`."""
        return self.check(message, signature)

    def thumbprint(self) -> str:
        """Return the SHA-256 thumbprint of the key (RFC 7638). Raises `ConfigError` for a shared key."""
        if self.algorithm == "HS256":
            raise ConfigError("a shared key has no thumbprint to show.", code="shared-key")
        return str(self._key.thumbprint())

    def export_jwk(self) -> dict[str, str]:
        """Return the public key for a JWKS document (RFC 7517). Raises `ConfigError` for a shared key."""
        if self.algorithm == "HS256":
            raise ConfigError("a shared key has no public part to publish.", code="shared-key")
        public: dict[str, str] = self._key.as_dict(private=False)
        return {**public, "kid": self.key_id, "alg": self.algorithm, "use": "sig"}


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private key and its one algorithm."""

    key_id: str
    algorithm: Algorithm
    _key: Any = field(compare=False)
    _sign: Sign = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Bind the key to its algorithm once."""
        native = self._key.raw_value if self.algorithm == "HS256" else self._key.private_key
        object.__setattr__(self, "_sign", SIGNERS[self.algorithm](native))

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`."""
        return self._sign(message)

    def public(self) -> VerifyingKey:
        """Return the key that checks this one's signatures (the same one, where it is shared)."""
        shared = self.algorithm == "HS256"
        return VerifyingKey(self.key_id, self.algorithm, self._key if shared else _wrap(self._key.public_key))


def generate_key(algorithm: Algorithm = "ES256", *, key_id: str = "") -> SigningKey:
    """Make a private key: P-256, Ed25519 or RSA with 3072 bits. Raises `ConfigError` for HS256."""
    if algorithm not in _MAKERS:
        raise _refuse_kind()
    return _sign_with(_MAKERS[algorithm](), key_id)


def load_private(
    pem: Secret[bytes] | Secret[str], *, password: Secret[bytes] | None = None, key_id: str = ""
) -> SigningKey:
    """Read a private key in PEM. Raises `ConfigError` for other kinds than P-256, Ed25519, RSA of 2048 to 8192 bits."""
    try:
        native = load_pem_private_key(_read_bytes(pem.reveal()), password.reveal() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError("the private key cannot be read.", hint="Give PEM text (PKCS#8).", code="bad-key") from None
    return _sign_with(native, key_id)


def load_public(pem: str | bytes, *, key_id: str = "") -> VerifyingKey:
    """Read a public key in PEM. Raises `ConfigError` for a private one and for other kinds than `load_private`."""
    try:
        native = load_pem_public_key(_read_bytes(pem))
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(
            "the public key cannot be read.", hint="Give the public key as PEM text.", code="bad-key"
        ) from None
    algorithm = _name_algorithm(native)
    key = _wrap(native)
    return VerifyingKey(key_id or key.thumbprint(), algorithm, key)


def load_jwk(jwk: Mapping[str, Any], *, key_id: str = "") -> VerifyingKey:
    """Read a public key in JWK (RFC 7517). Its id is `key_id`, else its `kid`, else its thumbprint.

    Raises `ConfigError` for a private or shared key, for other kinds than `load_private`, and when the key says that it
    is for something else (`use`, `key_ops`, `alg`).
    """
    if _PRIVATE_MEMBERS & jwk.keys():
        raise ConfigError("this JWK is not public.", hint="Give its public members only.", code="bad-key")
    try:
        native = read_members(jwk)
        algorithm = _name_algorithm(native)
        uses = jwk.get("use", "sig"), jwk.get("alg", algorithm), "verify" in jwk.get("key_ops", ("verify",))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError("the JWK cannot be read.", hint="Give kty and its members.", code="bad-key") from None
    if uses != ("sig", algorithm, True):
        raise ConfigError("this JWK is for something else than checking signatures.", code="key-kind")
    key = _wrap(native)
    named = jwk.get("kid")
    return VerifyingKey(key_id or (named if isinstance(named, str) else "") or key.thumbprint(), algorithm, key)


def unsafe_shared_key(secret: Secret[bytes], *, key_id: str) -> SigningKey:
    """Make an HS256 key: whoever can verify with it can forge. Only for one service that talks to itself.

    Raises `ConfigError` below 32 bytes, and for PEM, DER, SSH or JWK text: a public key is no secret (CVE-2022-29217).
    """
    value = secret.reveal()
    if len(value) < LEAST_SHARED_BYTES:
        raise ConfigError(f"a shared key needs {LEAST_SHARED_BYTES} random bytes.", code="weak-key")
    if value.lstrip().startswith(_NOT_RANDOM):
        raise ConfigError("a shared key must be random bytes, not the text of another key.", code="bad-key")
    if len(set(value)) < 8:
        raise ConfigError("a shared key must be random bytes.", code="weak-key")
    return SigningKey(key_id, "HS256", OctKey.import_key(value))


_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MAKERS: Final[Mapping[str, Callable[[], object]]] = {
    "ES256": lambda: generate_curve_key(SECP256R1()),
    "EdDSA": Ed25519PrivateKey.generate,
    "RS256": lambda: generate_rsa_key(65537, _RSA_BITS),
}


def _sign_with(native: object, key_id: str) -> SigningKey:
    algorithm = _name_algorithm(native)
    key = _wrap(native)
    return SigningKey(key_id or key.thumbprint(), algorithm, key)


def _name_algorithm(native: object) -> Algorithm:
    if isinstance(native, EllipticCurvePublicKey | EllipticCurvePrivateKey) and isinstance(native.curve, SECP256R1):
        return "ES256"
    if isinstance(native, Ed25519PrivateKey):
        return "EdDSA"
    if isinstance(native, Ed25519PublicKey):
        if has_small_order(native.public_bytes_raw()):
            raise ConfigError("anybody can sign under this Ed25519 key.", hint="Make a new one.", code="weak-key")
        return "EdDSA"
    if isinstance(native, RSAPublicKey | RSAPrivateKey) and LEAST_RSA_BITS <= native.key_size <= MOST_RSA_BITS:
        public = native.public_key() if isinstance(native, RSAPrivateKey) else native
        if has_roca(public.public_numbers().n):
            raise ConfigError("this RSA key can be factored (CVE-2017-15361).", hint="Make a new one.", code="weak-key")
        return "RS256"
    raise _refuse_kind()


def _wrap(native: Any) -> Any:
    kinds: dict[str, Any] = {"ES256": ECKey, "EdDSA": OKPKey, "RS256": RSAKey}
    return kinds[_name_algorithm(native)].import_key(native)


def _read_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _refuse_kind() -> ConfigError:
    return ConfigError(
        "tokens are signed with a P-256, Ed25519 or RSA key (2048 to 8192 bits).",
        hint="Make one by generate_key().",
        code="key-kind",
    )
