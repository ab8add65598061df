"""Limits on the request: methods, framing, sizes, all before a body is read or parsed (CWE-400, CWE-444)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.body_shape import MIB, BodyShape, check_positive
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import CODING, LENGTH, Exchange

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_DIGITS: Final = 18

MALFORMED: Final = Refusal(400, "malformed-request", "The request is malformed.")
TOO_LARGE: Final = Refusal(413, "body-too-large", "The body is larger than this server accepts.")
TOO_COMPLEX: Final = Refusal(400, "body-too-complex", "The body is nested deeper or has more fields than is accepted.")
BODY_LATE: Final = Refusal(408, "body-late", "The body did not arrive in time.")
CODING_UNKNOWN: Final = Refusal(
    415,
    "coding-unknown",
    "This Content-Encoding is not accepted.",
    headers=[(b"accept-encoding", b"gzip, deflate")],
)
HEAD_TOO_LARGE: Final = Refusal(431, "head-too-large", "The request has more or longer headers than is accepted.")
METHOD_UNKNOWN: Final = Refusal(
    405,
    "method-not-allowed",
    "This method is not used here.",
    headers=[(b"allow", ", ".join(sorted(METHODS)).encode())],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPolicy:
    """What a request may be: all of it is decided before the app parses anything.

    `body` are the bytes of a body, and `largest_body` the most that a route may ask for with `@accepts_body`; both hold
    for what a compressed body unpacks to. `shape`: what it may hold. `headers` in number, and `head` in bytes with the
    path and query string. A body has `body_seconds` to arrive, and a second more for each `body_rate` bytes.
    `handler_seconds`: how long an ASGI app may take until its answer begins (503); None is for ever.
    """

    body: int = MIB
    largest_body: int = 10 * MIB
    shape: BodyShape = field(default_factory=BodyShape)
    headers: int = 100
    head: int = 32_768
    body_seconds: float = 20.0
    body_rate: int = 4096
    handler_seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        check_positive(self, "headers", "head", "body_seconds", "body_rate")
        if self.handler_seconds is not None:
            check_positive(self, "handler_seconds")
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
        if exchange.header_count > policy.headers or exchange.head_size > policy.head:
            return HEAD_TOO_LARGE
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


def check_length(exchange: Exchange, limit: int, shape: BodyShape | None = None) -> Refusal | None:
    """Apply the limits of the route that was found; a body without a length is counted as it comes in."""
    exchange.body_limit = limit
    exchange.body_shape = shape
    length = exchange.found[LENGTH]
    return TOO_LARGE if length is not None and int(length) > limit else None
