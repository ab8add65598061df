"""TLS only: a page asked for over plain HTTP is sent to its https origin, a call is refused (CWE-319, ASVS 4.1.2)."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import ACCEPT, CREDENTIAL, TYPE, Exchange

KEEPS: Final = ("https-only",)

TO_HTTPS: Final = Refusal(308, "https-redirect", "This is served over https.")
HTTPS_REQUIRED: Final = Refusal(403, "https-required", "Use https. What this request carried has crossed in clear.")
_PAGE: Final = re.compile(rb"text/html|\*/\*")
_UNSAFE: Final = re.compile(rb"[^!-~]")
_PORT: Final = re.compile(r":\d+$")


def demand_https(origins: Iterable[str]) -> Callable[[Exchange], Refusal | None]:
    """Build the step for requests that came without TLS, as `find_client` has found.

    A navigation gets `TO_HTTPS`, and `exchange.home` is the origin among `origins` that has the name by which it called
    the app, else the first: never what the Host header says. A WebSocket and a call by a program (a credential, a JSON
    body, or an Accept header without pages) get `HTTPS_REQUIRED`: a redirect would hide that they were sent in clear.
    """
    homes: dict[str, bytes] = {}
    for origin in origins:
        scheme, _, host = origin.partition("://")
        if scheme == "https":
            homes.setdefault(_PORT.sub("", host), origin.encode("ascii"))
    first = next(iter(homes.values()), b"")

    def step(exchange: Exchange) -> Refusal | None:
        if exchange.secure:
            return None
        if not first or exchange.scheme == "ws" or _is_call(exchange):
            return HTTPS_REQUIRED
        exchange.home = homes.get(_PORT.sub("", exchange.host), first)
        return TO_HTTPS

    return step


def aim_redirect(exchange: Exchange, target: bytes) -> None:
    """Send `TO_HTTPS` to `target`, the path and query string as they came.

    Bytes that no URL may hold are percent-encoded, so that nothing can split the head or name another host.
    """
    path = target if target.startswith(b"/") else b"/" + target
    location = exchange.home + _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], path)
    exchange.extra = ((b"location", location),)


def _is_call(exchange: Exchange) -> bool:
    found = exchange.found
    accept = found[ACCEPT]
    return (
        found[CREDENTIAL] is not None
        or b"json" in (found[TYPE] or b"").lower()
        or (accept is not None and _PAGE.search(accept) is None)
    )
