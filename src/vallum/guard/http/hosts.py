"""The Host header as an exact set (ASVS 4.1.4; CVE-2026-25479: a host list used as a regular expression)."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import HOST, Exchange
from vallum.guard.http.origins import LOOPBACK

UNKNOWN_HOST: Final = Refusal(400, "unknown-host", "This server does not answer for that host name.")
_NAME_AND_PORT: Final = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::\d{1,5})?")
DEVELOPMENT_NAMES: Final = LOOPBACK | {"testserver"}

Step = Callable[[Exchange], Refusal | None]


def check_host(hosts: Iterable[str], *, development: bool) -> Step:
    """Build the step that lets through only the listed hosts, and on a developer's machine its own names."""
    exact = frozenset(host.encode("ascii") for host in hosts)

    def step(exchange: Exchange) -> Refusal | None:
        host = exchange.found[HOST]
        if host is None:
            return UNKNOWN_HOST
        if host in exact or (lowered := host.lower()) in exact:
            exchange.host = host.decode("ascii").lower()
            return None
        name = lowered.decode("latin-1")
        match = _NAME_AND_PORT.fullmatch(name) if development else None
        if match is None or match[1] not in DEVELOPMENT_NAMES:
            return UNKNOWN_HOST
        exchange.host = name
        return None

    return step
