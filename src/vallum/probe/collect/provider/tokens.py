"""ID tokens as the provider of a trial issues them: right in every part, or wrong in exactly one.

Sources: OpenID Connect Core 1.0, sections 2 and 3.1.3.7; RFC 7515; RFC 7518, section 3.3; RFC 8725, section 2.1.
"""

import hashlib
import hmac
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vallum.crypto.jwt.compact import encode_segment, write_segment

LIFE: Final = 300
STRANGER: Final = "https://stranger.example"
"""An issuer, and a client, that the app has nothing to do with."""
_KEY_ID: Final = "trial"
_BITS: Final = 2048


class Keys:
    """The key that is published, and one that is not."""

    def __init__(self) -> None:
        """Draw the key that signs."""
        self.published = _draw()

    @cached_property
    def foreign(self) -> RSAPrivateKey:
        """A key that nobody has published, under the published one's name."""
        return _draw()

    def jwks(self) -> dict[str, Any]:
        """The published key as a JWK set (RFC 7517)."""
        numbers = self.published.public_key().public_numbers()
        known = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": _KEY_ID}
        return {"keys": [{**known, "n": _number(numbers.n), "e": _number(numbers.e)}]}

    def sign(self, claims: Mapping[str, Any], fault: str) -> str:
        """The token; with the fault `key`, `none` or `hmac` the signature is one that proves nothing."""
        algorithm = {"none": "none", "hmac": "HS256"}.get(fault, "RS256")
        header = {"alg": algorithm, "typ": "JWT", "kid": _KEY_ID}
        text = f"{write_segment(header)}.{write_segment(dict(claims))}"
        return f"{text}.{encode_segment(self._seal(text.encode(), fault))}"

    def _seal(self, text: bytes, fault: str) -> bytes:
        if fault == "none":
            return b""
        if fault == "hmac":
            public = self.published.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            return hmac.new(public, text, hashlib.sha256).digest()
        key = self.foreign if fault == "key" else self.published
        return key.sign(text, PKCS1v15(), SHA256())


def write_claims(
    *, issuer: str, client: str, nonce: str, access_token: str, now: float, person: Mapping[str, Any], fault: str
) -> dict[str, Any]:
    """The claims of an ID token for this client and nonce; `fault` names the one that is wrong."""
    digest = hashlib.sha256(access_token.encode()).digest()
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": client,
        "iat": int(now),
        "exp": int(now) + LIFE,
        "at_hash": encode_segment(digest[: len(digest) // 2]),
        **person,
    }
    if nonce:
        claims["nonce"] = nonce
    return {name: value for name, value in (claims | _wrong(fault, client, now)).items() if value is not None}


def _wrong(fault: str, client: str, now: float) -> dict[str, Any]:
    hour = 3600
    wrong: dict[str, dict[str, Any]] = {
        "iss": {"iss": STRANGER},
        "aud": {"aud": STRANGER},
        "azp": {"aud": [client, STRANGER], "azp": STRANGER},
        "nonce": {"nonce": encode_segment(bytes(32))},
        "no-nonce": {"nonce": None},
        "expired": {"iat": int(now) - 25 * hour, "exp": int(now) - 24 * hour},
        "at-hash": {"at_hash": encode_segment(bytes(16))},
    }
    return wrong.get(fault, {})


def _draw() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=_BITS)


def _number(value: int) -> str:
    return encode_segment(value.to_bytes((value.bit_length() + 7) // 8))
