"""Cross-origin sharing with listed origins only (Fetch standard, CORS protocol; ASVS 3.4.2). Never an authorization."""

import re
from dataclasses import dataclass
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import ORIGIN, PREFLIGHT, Exchange
from vallum.guard.http.limits import METHODS
from vallum.guard.http.origins import check_origin

KEEPS: Final = ("cors-allowlist",)

Pair = tuple[bytes, bytes]
_LONGEST_AGE: Final = 86_400
_TOKEN: Final = re.compile(r"[a-z0-9-]+")
VARY: Final[Pair] = (b"vary", b"Origin")
_NOT_LISTED: Final = [VARY]
NOT_SHARED: Final = Refusal(403, "origin-not-allowed", "This origin may not call here.")
PREFLIGHT_ANSWER: Final = Refusal(204, "preflight")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsPolicy:
    """Which other origins' scripts may read answers; nobody by default.

    Only exact https origins can be built: no wildcard, no pattern, no "null". `max_age` is in seconds.
    """

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("GET", "POST")
    headers: tuple[str, ...] = ("content-type", "authorization", "x-csrf-token")
    expose: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int = 600

    def __post_init__(self) -> None:
        """Refuse what would share with more than was listed."""
        for origin in self.origins:
            check_origin(origin, setting="CORS origins")
        if not set(self.methods) <= METHODS:
            raise _refuse(f"methods {self.methods} must be listed by name", "For example ('GET', 'POST')")
        for header in (*self.headers, *self.expose):
            if not _TOKEN.fullmatch(header):
                raise _refuse(f"{header!r} is not a header name in lower case", "List each header; '*' is not accepted")
        if not 0 <= self.max_age <= _LONGEST_AGE:
            raise _refuse(f"max_age {self.max_age} is more than a day", f"At most {_LONGEST_AGE} seconds")


class SharedOrigins:
    """The answers of a `CorsPolicy`, prepared per origin."""

    def __init__(self, policy: CorsPolicy) -> None:
        """Prepare the header bytes."""
        self.enabled = bool(policy.origins)
        self._plain: dict[bytes | None, list[Pair]] = {
            origin.encode(): _share(policy, origin.encode()) for origin in policy.origins
        }
        self._asked = (
            (b"access-control-allow-methods", ", ".join(policy.methods).encode()),
            (b"access-control-allow-headers", ", ".join(policy.headers).encode()),
            (b"access-control-max-age", str(policy.max_age).encode()),
        )

    def step(self, exchange: Exchange) -> Refusal | None:
        """Answer a preflight; let everything else on."""
        if exchange.method != "OPTIONS" or exchange.found[PREFLIGHT] is None:
            return None
        if exchange.found[ORIGIN] not in self._plain:
            return NOT_SHARED
        exchange.extra = self._asked
        return PREFLIGHT_ANSWER

    def pairs(self, exchange: Exchange) -> list[Pair]:
        """The headers for the answer to `exchange`: `Vary` always, the rest for listed origins."""
        return self._plain.get(exchange.found[ORIGIN], _NOT_LISTED)


def _share(policy: CorsPolicy, origin: bytes) -> list[Pair]:
    pairs = [VARY, (b"access-control-allow-origin", origin)]
    if policy.credentials:
        pairs.append((b"access-control-allow-credentials", b"true"))
    if policy.expose:
        pairs.append((b"access-control-expose-headers", ", ".join(policy.expose).encode()))
    return pairs


def _refuse(what: str, hint: str) -> ConfigError:
    return ConfigError(f"CORS: {what}.", hint=f"{hint}.", code="cors-weak")
