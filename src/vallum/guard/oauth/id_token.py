"""ID tokens and logout tokens, checked in full; who somebody is, is the pair of issuer and subject and nothing else.

Signatures go through joserfc with the keys that the configured issuer publishes; each key has one algorithm, never
`none`, never an HMAC. Keys stay usable through an outage of the issuer for some hours, and one that the issuer
withdraws is gone at the next look, after 5 minutes at most. Sources: OpenID Connect Core sections 3.1.3.7 and 3.3.2.11,
RFC 8725; CWE-287, CWE-345, CWE-347; ASVS 10.5.1 to 10.5.4.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.compare import equal
from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError, encode_segment, split_token
from vallum.crypto.jwt.foreign import ForeignKeys
from vallum.guard.oauth.provider import Endpoints, Provider
from vallum.guard.oauth.refusals import ProviderDownError, SignInRefusedError
from vallum.guard.oauth.remembered import Remembered
from vallum.guard.oauth.transport import HttpRequest, HttpSender

KEEPS: Final = ("oidc-id-token-validated",)
LEEWAY: Final = 60.0
OLDEST: Final = 600.0
_LONGEST_SUBJECT: Final = 255
_LATEST: Final = 2**53
_HASHES: Final = {"256": "sha256", "384": "sha384", "512": "sha512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedIdentity:
    """Who a provider says somebody is. Find accounts by (`issuer`, `subject`); all the rest is for display."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


class IssuerKeys:
    """The keys of one issuer, asked for when they are needed."""

    def __init__(self, endpoints: Callable[[], Endpoints], sender: HttpSender, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Load them from where `endpoints` says."""
        self._endpoints = endpoints
        self._sender = sender
        self._kept = Remembered(self._load, clock=clock)

    def verify(self, token: str) -> dict[str, Any]:
        """Return the claims of a token with a good signature. Raises `TokenRefusedError` and `ProviderDownError`."""
        keys = self._kept.read()
        if keys is None or not keys.has_key(token):
            keys = self._kept.renew()
        if keys is None:
            raise TokenRefusedError("unknown-key")
        return keys.verify(token)

    def _load(self) -> ForeignKeys | None:
        reply = self._sender.send(HttpRequest(url=self._endpoints().jwks))
        if reply.status != 200:
            raise ProviderDownError(f"keys: status {reply.status}")
        document = reply.read_json()
        if document.get("keys") == []:  # all of them were withdrawn
            return None
        try:
            return ForeignKeys(document)
        except ConfigError as error:
            raise ProviderDownError(f"keys: {error.message}") from None


@dataclass(frozen=True, kw_only=True)
class IdTokens:
    """Checks the tokens of one provider that are made for us."""

    provider: Provider
    keys: IssuerKeys
    clock: Clock = SYSTEM_CLOCK

    def verify(self, token: str, *, nonce: str, access_token: str = "") -> FederatedIdentity:
        """Return whom an ID token names. Raises `SignInRefusedError` (400) with the cause for the log.

        `nonce` is the one that the authorization request carried. `access_token` is compared with `at_hash`, where the
        token has one.
        """
        claims = self.read(token, kinds=(None, "JWT"))
        if not equal(_text(claims, "nonce"), nonce) or not nonce:
            _refuse("nonce")
        _check_hash(claims, token, access_token)
        return FederatedIdentity(
            issuer=self.provider.issuer,
            subject=read_subject(claims),
            email=_text(claims, "email"),
            email_verified=claims.get("email_verified") is True,
            name=_text(claims, "name"),
            claims=claims,
        )

    def read(self, token: str, *, kinds: tuple[str | None, ...]) -> dict[str, Any]:
        """Return the claims of a token of one of these `typ`, once signature, issuer, audience and times hold."""
        try:
            claims = self.keys.verify(token)
            kind = split_token(token).header.get("typ")
        except TokenRefusedError as refusal:
            _refuse(refusal.reason)
        if kind not in kinds:
            _refuse("typ")
        if claims.get("iss") != self.provider.issuer:
            _refuse("iss")
        self._check_audience(claims)
        now, issued, ends = self.clock(), _time(claims, "iat"), _time(claims, "exp")
        if ends <= now - LEEWAY:
            _refuse("exp")
        if not now - OLDEST - LEEWAY <= issued <= now + LEEWAY or _time(claims, "nbf", issued) > now + LEEWAY:
            _refuse("iat")
        return claims

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        told, client = claims.get("aud"), self.provider.client_id
        audience = told if isinstance(told, list) else [told]
        if client not in audience:
            _refuse("aud")
        if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != client:
            _refuse("azp")


def read_subject(claims: Mapping[str, Any]) -> str:
    """Return `sub`. Raises `SignInRefusedError` unless it is a text of 1 to 255 ASCII characters."""
    subject = _text(claims, "sub")
    if not subject or len(subject) > _LONGEST_SUBJECT or not subject.isascii():
        _refuse("sub")
    return subject


def _check_hash(claims: Mapping[str, Any], token: str, access_token: str) -> None:
    if "at_hash" not in claims:
        return
    algorithm = str(split_token(token).header.get("alg"))
    name = _HASHES.get(algorithm[2:], "sha512")  # EdDSA with Ed25519 hashes by SHA-512
    digest = hashlib.new(name, access_token.encode("utf-8", "surrogatepass")).digest()
    if not equal(_text(claims, "at_hash"), encode_segment(digest[: len(digest) // 2])):
        _refuse("at_hash")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) else ""


def _time(claims: Mapping[str, Any], name: str, instead: float | None = None) -> float:
    value = claims.get(name, instead)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _LATEST:
        _refuse(name)
    return float(value)


def _refuse(what: str) -> NoReturn:
    raise SignInRefusedError(f"id-token: {what}")
