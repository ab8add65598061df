"""Limits on the request: methods, framing, sizes, all before a body is read or parsed (CWE-400, CWE-444)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import CODING, LENGTH, Exchange

MIB: Final = 1_048_576
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_DIGITS: Final = 18

MALFORMED: Final = Refusal(400, "malformed-request", "The request is malformed.")
TOO_LARGE: Final = Refusal(413, "body-too-large", "The body is larger than this server accepts.")
METHOD_UNKNOWN: Final = Refusal(
    405,
    "method-not-allowed",
    "This method is not used here.",
    headers=[(b"allow", ", ".join(sorted(METHODS)).encode())],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPolicy:
    """Bytes of a request body: what a route takes, and the most that a route may ask for with `@accepts_body`."""

    body: int = MIB
    largest_body: int = 10 * MIB

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        if not 0 < self.body <= self.largest_body:
            raise ConfigError(
                f"limits: body ({self.body}) must lie between 1 and largest_body ({self.largest_body}).",
                hint="Raise largest_body.",
                code="limits-contradict",
            )


def check_framing(policy: LimitPolicy) -> Callable[[Exchange], Refusal | None]:
    """Build the step that refuses unknown methods, doubtful framing and bodies that are announced too large."""

    def step(exchange: Exchange) -> Refusal | None:
        if exchange.method not in METHODS:
            return METHOD_UNKNOWN
        exchange.body_limit = policy.body
        length, coding = exchange.found[LENGTH], exchange.found[CODING]
        if exchange.repeated or (length is not None and coding is not None):
            return MALFORMED
        if length is None:
            return None
        if not length.isdigit() or len(length) > _MOST_DIGITS:
            return MALFORMED
        return TOO_LARGE if int(length) > policy.largest_body else None

    return step


def check_length(exchange: Exchange, limit: int) -> Refusal | None:
    """Apply the limit of the route that was found; a body without a length is counted as it comes in."""
    exchange.body_limit = limit
    length = exchange.found[LENGTH]
    return TOO_LARGE if length is not None and int(length) > limit else None
