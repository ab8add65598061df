"""The access line: one JSON object for each request, about a microsecond, and never a value of the query.

It tells requestId, method, the template of the route, status, milliseconds, userId, ip and userAgent. Where no route
was found it tells the path instead, masked. Off until `set_up_logs` or a `write` of your own opens it.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol

from vallum.guard.logging.context import Requested

_REMEMBERED: Final = 4096
_LONGEST: Final = 512


class Served(Requested, Protocol):
    """What the line tells besides who asked."""

    route: str
    status: int
    started: float
    ended: float
    begun: bool
    complete: bool


class AccessLog:
    """Writes a line for each request. `write` takes the line with its line break; None writes nothing.

    `timer` counts seconds and never goes back. A `write` that raises loses its line and nothing else.
    """

    __slots__ = ("_second", "_shown", "timer", "write")

    def __init__(
        self, write: Callable[[str], object] | None = None, *, timer: Callable[[], float] = time.perf_counter
    ) -> None:
        """Remember where lines go."""
        self.write = write
        self.timer = timer
        self._second = -1
        self._shown = ""

    def note(self, served: Served, now: float) -> None:
        """Write the line of a request that ends at `now`, in seconds since the epoch."""
        write = self.write
        if write is None:
            return
        try:
            write(self.line(served, now))
        except Exception:  # noqa: BLE001 - a full disk or a closed pipe must not fail the request
            return

    def line(self, served: Served, now: float) -> str:
        """The line: fields that the client chose are masked and escaped, so that it is always one."""
        spent = ((served.ended or self.timer()) - served.started) * 1e3
        second = int(now)
        if second != self._second:
            self._shown = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        route, own, actor = served.route, served.client_request_id, served.actor_id
        where = _tell_route(served.method, route) if route else _tell_path(served.method, served.path)
        cut = ',"cut":true' if served.begun and not served.complete else ""
        sent = f',"clientRequestId":"{own}"' if own else ""
        user = f',"userId":{_quote(actor)}' if actor else ""
        return (
            f'{{"timestamp":"{self._shown}.{int((now - second) * 1e3):03d}+00:00","level":"info","event":"request",'
            f'"requestId":"{served.request_id}"{sent},{where},"status":{served.status},"ms":{spent:.3f}{user},'
            f"{_tell_caller(served.client, served.agent)}{cut}}}\n"
        )


@lru_cache(maxsize=_REMEMBERED)
def _tell_route(method: str, route: str) -> str:
    return f'"method":{_quote(method)},"route":{_quote(route)}'


@lru_cache(maxsize=_REMEMBERED)
def _tell_path(method: str, path: str) -> str:
    return f'"method":{_quote(method)},"path":{_quote(path)}'


@lru_cache(maxsize=_REMEMBERED)
def _tell_caller(client: str, agent: str) -> str:
    return f'"ip":{_quote(client)},"userAgent":{_quote(agent)}'


@lru_cache(maxsize=_REMEMBERED)
def _quote(text: str) -> str:
    from json.encoder import encode_basestring_ascii  # noqa: PLC0415 - with the first line, not with the guard

    from vallum.guard.logging.redaction import redact  # noqa: PLC0415 - as above

    return encode_basestring_ascii(redact(text)[:_LONGEST])


ACCESS_LOG: Final = AccessLog()
"""The access log of every guard whose policy names none."""
