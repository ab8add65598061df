"""Proofs of possession (RFC 9449, DPoP): a small signed token that says which request a key's owner makes.

Here the key does come from the token's header, as the RFC has it: a proof proves that its sender holds the key, nothing
about who she is. What binds it is the thumbprint in the access token.
"""

import hashlib
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError, encode_segment, read_object, split_token
from vallum.crypto.jwt.keys import VerifyingKey, load_jwk

PROOF_TYPE: Final = "dpop+jwt"
_MEMBERS: Final = frozenset({"typ", "alg", "jwk"})
_LONGEST_ID: Final = 256
_LATEST: Final = 2**53
_PORTS: Final = {"https": 443, "http": 80}


class Proof(NamedTuple):
    """A proof with a good signature: whose key, and what it says of the request."""

    key_thumbprint: str
    token_id: str
    issued: int
    method: str
    address: str
    token_hash: str
    nonce: str


def read_proof(text: str) -> Proof:
    """Return what a DPoP proof says once its signature was checked (RFC 9449, 4.3, steps 2 to 7).

    Raises `TokenRefusedError`. Method, address, time and hash are still to be compared with the request.
    """
    compact = split_token(text)
    header = compact.header
    if header.keys() != _MEMBERS or header["typ"] != PROOF_TYPE or not isinstance(header["jwk"], dict):
        raise TokenRefusedError("proof-header")
    key = _load(header["jwk"])
    if header["alg"] != key.algorithm:
        raise TokenRefusedError("proof-algorithm")
    if not key.verify(compact.signed, compact.signature):
        raise TokenRefusedError("proof-signature")
    return _read_claims(key.thumbprint(), read_object(compact.payload))


def hash_token(access_token: str) -> str:
    """Return the `ath` of an access token (RFC 9449, section 4.2)."""
    return encode_segment(hashlib.sha256(access_token.encode("ascii")).digest())


def name_target(address: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of an address, without query and fragment, to compare by (RFC 3986, 6.2).

    Raises `TokenRefusedError` for what is no http address.
    """
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise TokenRefusedError("proof-address") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise TokenRefusedError("proof-address")
    return parts.scheme, parts.hostname, port, parts.path or "/"


def _load(jwk: dict[str, Any]) -> VerifyingKey:
    try:
        return load_jwk(jwk)
    except ConfigError:
        raise TokenRefusedError("proof-key") from None


def _read_claims(thumbprint: str, claims: dict[str, Any]) -> Proof:
    token_id, method, address, issued = (claims.get(name) for name in ("jti", "htm", "htu", "iat"))
    token_hash, nonce = claims.get("ath", ""), claims.get("nonce", "")
    if not all(isinstance(text, str) for text in (token_id, method, address, token_hash, nonce)):
        raise TokenRefusedError("proof-claims")
    if type(issued) is not int or not 0 <= issued < _LATEST or not 0 < len(str(token_id)) <= _LONGEST_ID:
        raise TokenRefusedError("proof-claims")
    return Proof(thumbprint, str(token_id), issued, str(method), str(address), token_hash, nonce)
