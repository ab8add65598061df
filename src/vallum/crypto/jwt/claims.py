"""The claims of a token: all required, all checked, with bounded times (RFC 7519 section 4.1, RFC 8725, RFC 9068)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError

MOST_LEEWAY: Final = 60
LONGEST_LIFE: Final = 3600
REGISTERED: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "token_use"})


@dataclass(frozen=True, slots=True)
class Claims:
    """What a checked token says; times are seconds since the epoch in UTC."""

    subject: str
    issuer: str
    audience: tuple[str, ...]
    issued: float
    expires: float
    token_id: str
    extra: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsPolicy:
    """What a token must claim. Issuer and audience have no default; neither has the kind of token.

    `token_type` is the header's `typ`, `token_use` the claim of that name. Raises `ConfigError` for a leeway above 60
    seconds or a life above one hour.
    """

    issuer: str
    audience: str
    token_type: str
    token_use: str
    leeway: int = 30
    longest_life: int = LONGEST_LIFE
    clock: Clock = SYSTEM_CLOCK

    def __post_init__(self) -> None:
        """Check the settings."""
        if not (self.issuer and self.audience and self.token_type and self.token_use):
            raise ConfigError("issuer, audience, token_type and token_use must be named.", code="token-policy")
        if not (0 <= self.leeway <= MOST_LEEWAY and 0 < self.longest_life <= LONGEST_LIFE):
            raise ConfigError(
                f"leeway is at most {MOST_LEEWAY} s and the life of a token at most {LONGEST_LIFE} s.",
                code="token-policy",
            )

    def check(self, claims: Mapping[str, Any]) -> Claims:
        """Return the checked claims. Raises `TokenRefusedError` for the first that is missing or wrong."""
        issued, start, end = (_read_time(claims, name) for name in ("iat", "nbf", "exp"))
        now = self.clock()
        if end <= now - self.leeway:
            raise TokenRefusedError("expired")
        if max(start, issued) > now + self.leeway:
            raise TokenRefusedError("not-yet-valid")
        if end - issued > self.longest_life or end <= issued:
            raise TokenRefusedError("lifetime")
        issuer, subject, token_id = (_read_text(claims, name) for name in ("iss", "sub", "jti"))
        audience = _read_audience(claims)
        if issuer != self.issuer:
            raise TokenRefusedError("issuer")
        if self.audience not in audience:
            raise TokenRefusedError("audience")
        if claims.get("token_use") != self.token_use:
            raise TokenRefusedError("type")
        extra = {name: value for name, value in claims.items() if name not in REGISTERED}
        return Claims(subject, issuer, audience, issued, end, token_id, MappingProxyType(extra))


def _read_time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenRefusedError(f"claim-{name}")
    return value


def _read_text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise TokenRefusedError(f"claim-{name}")
    return value


def _read_audience(claims: Mapping[str, Any]) -> tuple[str, ...]:
    value = claims.get("aud")
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) and item for item in listed):
        raise TokenRefusedError("claim-aud")
    return tuple(listed)
