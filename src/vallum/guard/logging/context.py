"""The request that runs now, as the log sees it. The guard enters it; records, events and calls to others read it."""

from contextvars import ContextVar
from typing import Any, Final, Protocol

from vallum.base.randomness import SYSTEM_RANDOMNESS

KEEPS: Final = ("request-correlation",)


class Requested(Protocol):
    """What a log line tells about a request. The query is not part of it, nor is any header but the user agent."""

    request_id: str
    client_request_id: str
    method: str
    path: str
    client: str

    @property
    def agent(self) -> str:
        """The User-Agent header."""

    @property
    def actor_id(self) -> str:
        """Who is signed in; empty for a stranger."""


CURRENT: Final[ContextVar[Any]] = ContextVar("vallum_exchange")


def current_request() -> Requested | None:
    """The request that runs now; None outside of one."""
    request: Requested | None = CURRENT.get(None)
    return request


def request_fields() -> dict[str, str]:
    """The fields that every log entry of a request has; without a request, none."""
    request = current_request()
    if request is None:
        return {}
    fields = {
        "requestId": request.request_id,
        "clientRequestId": request.client_request_id,
        "method": request.method,
        "path": request.path,
        "userId": request.actor_id,
        "ip": request.client,
        "userAgent": request.agent,
    }
    return {name: value for name, value in fields.items() if value}


def outbound_headers() -> dict[str, str]:
    """The headers that carry the request on to another service: X-Request-ID and traceparent (W3C Trace Context).

    The trace id is the request id without its hyphens; each call gets a parent id of its own. Empty outside a request.
    """
    request = current_request()
    if request is None:
        return {}
    trace = request.request_id.replace("-", "")
    return {"X-Request-ID": request.request_id, "traceparent": f"00-{trace}-{SYSTEM_RANDOMNESS(8).hex()}-01"}
