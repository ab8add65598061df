"""The claims of a token: all required, all checked, with bounded times (RFC 7519 section 4.1, RFC 8725, RFC 9068)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError

MOST_LEEWAY: Final = 60
LONGEST_LIFE: Final = 3600
_REQUIRED: Final = itemgetter("iss", "sub", "aud", "iat", "nbf", "exp", "jti", "token_use")
_new: Final = tuple.__new__
_BINDING: Final = frozenset({"epoch", "sid", "cnf"})
REGISTERED: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "token_use"}) | _BINDING


class Claims(NamedTuple):
    """What a checked token says; times are seconds since the epoch in UTC.

    `said` is all that the token says and `extra` what it says besides the registered claims.
    `epoch` is the account's when the token was issued, `session` the login or family that it belongs to, and
    `key_thumbprint` the key whose owner alone may use it (RFC 9449); None and "" where the token says nothing.
    """

    subject: str
    issuer: str
    audience: tuple[str, ...]
    issued: float
    expires: float
    token_id: str
    said: Mapping[str, Any]
    epoch: int | None = None
    session: str = ""
    key_thumbprint: str = ""

    @property
    def extra(self) -> Mapping[str, Any]:
        """The claims that are not registered, such as `scope` and `roles`."""
        return MappingProxyType({name: value for name, value in self.said.items() if name not in REGISTERED})

    def __repr__(self) -> str:
        """Whose it is; what else it says stays out of logs."""
        return f"Claims(subject={self.subject!r}, token_id={self.token_id!r})"


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

    def check(self, claims: dict[str, Any]) -> Claims:
        """Return the checked claims, which keep `claims` itself.

        Raises `TokenRefusedError` for the first that is missing or wrong.
        """
        issuer, subject, audience, issued, start, end, token_id, use = _read_required(claims)
        now, leeway = self.clock(), self.leeway
        if end <= now - leeway:
            raise TokenRefusedError("expired")
        if start > now + leeway or issued > now + leeway:
            raise TokenRefusedError("not-yet-valid")
        if not 0 < end - issued <= self.longest_life:
            raise TokenRefusedError("lifetime")
        if issuer != self.issuer:
            raise TokenRefusedError("issuer")
        audience = (audience,) if audience == self.audience else _read_audience(audience)
        if self.audience not in audience:
            raise TokenRefusedError("audience")
        if use != self.token_use:
            raise TokenRefusedError("type")
        said = MappingProxyType(claims)
        if _BINDING.isdisjoint(claims):
            # What `Claims(...)` does, without the call of Python code around it.
            return _new(Claims, (subject, issuer, audience, issued, end, token_id, said, None, "", ""))
        return Claims(subject, issuer, audience, issued, end, token_id, said, *_read_binding(claims))


def _read_required(claims: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        found: tuple[Any, ...] = _REQUIRED(claims)
        issuer, subject, _, issued, start, end, token_id, _ = found
        # Texts and whole seconds are what we write; anything else is looked at more closely.
        texts = type(issuer) is type(subject) is type(token_id) is str and issuer and subject and token_id
        if texts and type(issued) is type(start) is type(end) is int:
            return found
    except KeyError:
        pass
    issued, start, end = (_read_time(claims, name) for name in ("iat", "nbf", "exp"))
    issuer, subject, token_id = (_read_text(claims, name) for name in ("iss", "sub", "jti"))
    return issuer, subject, claims.get("aud"), issued, start, end, token_id, claims.get("token_use")


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


def _read_audience(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) and item for item in listed):
        raise TokenRefusedError("claim-aud")
    return tuple(listed)


def _read_binding(claims: Mapping[str, Any]) -> tuple[int | None, str, str]:
    epoch = claims.get("epoch")
    if epoch is not None and (type(epoch) is not int or epoch < 0):
        raise TokenRefusedError("claim-epoch")
    session = _read_text(claims, "sid") if "sid" in claims else ""
    if "cnf" not in claims:
        return epoch, session, ""
    # A confirmation that is not understood must not be passed over (RFC 7800, section 3.1).
    confirmation = claims["cnf"]
    if not isinstance(confirmation, dict) or confirmation.keys() != {"jkt"}:
        raise TokenRefusedError("claim-cnf")
    return epoch, session, _read_text(confirmation, "jkt")
