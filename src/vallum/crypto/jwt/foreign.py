"""Check tokens of another issuer, such as ID tokens (OpenID Connect Core 3.1.3.7), by the keys that it publishes.

    KEYS = ForeignKeys(document)          # its JWKS, fetched by you
    claims = KEYS.verify(id_token)        # the signature is good; issuer, audience, times and nonce are still to check

Signatures go through joserfc. Each key has one algorithm, which the document says or which follows from the kind of
key; what the token's header says chooses among the keys and nothing else (RFC 8725, sections 3.1 and 3.10).
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError, decode_segment, read_object, split_token
from vallum.crypto.jwt.keys import LEAST_RSA_BITS, MOST_RSA_BITS
from vallum.crypto.jwt.public_keys import has_roca, has_small_order

MOST_KEYS: Final = 64
_KNOWN: Final = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
_NAMED: Final = ("kty", "crv", "x", "y", "n", "e")
_ALGORITHMS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""What a kind of key may be for; the first where the document does not say."""
_KINDS: Final[Mapping[str, Any]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class ForeignKey(NamedTuple):
    """A published key and its one algorithm."""

    key_id: str
    algorithm: str
    key: Any


class ForeignKeys:
    """The signing keys of a JWKS document. Keys of other kinds and for other uses are left out, as RFC 7517 asks."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Raise `ConfigError` for what is no JWKS, has more than 64 keys, or no key that signs."""
        listed = document.get("keys")
        if not isinstance(listed, list) or len(listed) > MOST_KEYS:
            raise ConfigError(f"a JWKS document has a list of at most {MOST_KEYS} keys.", code="bad-jwks")
        read = (_read_key(jwk) for jwk in listed if isinstance(jwk, Mapping))
        self.keys: tuple[ForeignKey, ...] = tuple(key for key in read if key is not None)
        if not self.keys:
            raise ConfigError("the JWKS document has no key that can check a signature.", code="bad-jwks")

    def verify(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that one of the keys signed. Raises `TokenRefusedError`."""
        compact = split_token(token)
        key = self._choose_key(compact.header)
        if not JWSRegistry.algorithms[key.algorithm].verify(compact.signed, compact.signature, key.key):
            raise TokenRefusedError("signature")
        return read_object(compact.payload)

    def has_key(self, token: str) -> bool:
        """Tell whether the document has the key that a token names; if not, it may be time to fetch it anew."""
        try:
            self._choose_key(read_object(decode_segment(token.partition(".")[0])))
        except TokenRefusedError as refusal:
            return refusal.reason != "unknown-key"
        return True

    def _choose_key(self, header: dict[str, Any]) -> ForeignKey:
        if header.keys() - _KNOWN:
            raise TokenRefusedError("header")
        named = header.get("kid")
        fitting = [key for key in self.keys if named in (None, key.key_id)]
        if not fitting or (named is None and len(self.keys) > 1):
            raise TokenRefusedError("unknown-key")
        same = [key for key in fitting if key.algorithm == header.get("alg")]
        if len(same) != 1:
            raise TokenRefusedError("algorithm")
        return same[0]


def _read_key(jwk: Mapping[str, Any]) -> ForeignKey | None:
    possible = _ALGORITHMS.get((str(jwk.get("kty")), str(jwk.get("crv", ""))))
    uses, key_id = jwk.get("key_ops", ["verify"]), jwk.get("kid", "")
    if not possible or jwk.get("use", "sig") != "sig" or not isinstance(uses, list) or "verify" not in uses:
        return None
    algorithm = jwk.get("alg", possible[0])
    members = {name: jwk[name] for name in _NAMED if name in jwk}
    if algorithm not in possible or not isinstance(key_id, str) or not _is_sound(members):
        return None
    try:
        key = _KINDS[members["kty"]].import_key(members)
    except (JoseError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return ForeignKey(key_id, str(algorithm), key)


def _is_sound(members: Mapping[str, Any]) -> bool:
    kind = members["kty"]
    if kind == "EC":
        return True
    try:
        number = decode_segment(str(members.get("n" if kind == "RSA" else "x")))
    except TokenRefusedError:
        return False
    if kind == "OKP":
        return not has_small_order(number)
    modulus = int.from_bytes(number, "big")
    return LEAST_RSA_BITS <= modulus.bit_length() <= MOST_RSA_BITS and not has_roca(modulus)
