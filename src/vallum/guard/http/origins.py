"""Origins and host names as exact values: no patterns, no suffixes (CWE-346, RFC 6454)."""

import re
from typing import Final

from vallum.base.errors import ConfigError

_ORIGIN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::(?P<port>\d{1,5}))?"
)
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
DEFAULT_PORTS: Final = {"https": "443", "http": "80"}


def check_origin(origin: str, *, setting: str) -> str:
    """Return `origin` if it is an exact https origin, or an http one of this machine. Raises `ConfigError`."""
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        raise ConfigError(
            f"{setting}: {origin!r} is not an exact origin.",
            hint='Write scheme, host and port in lower case and nothing else, like "https://notes.example".',
            code="origin-inexact",
        )
    if match["scheme"] == "http" and match["host"] not in LOOPBACK:
        raise ConfigError(f"{setting}: {origin!r} is not https.", hint="Use TLS.", code="origin-plain-http")
    if match["port"] == DEFAULT_PORTS[match["scheme"]]:
        raise ConfigError(
            f"{setting}: {origin!r} names the default port, which browsers leave out.",
            hint=f"Write {origin.rsplit(':', 1)[0]!r}.",
            code="origin-inexact",
        )
    return origin


def hosts_of(origin: str) -> tuple[str, ...]:
    """The Host headers that a browser or proxy sends for a checked origin."""
    scheme, _, host = origin.partition("://")
    has_port = re.search(r":\d+$", host) is not None
    return (host,) if has_port else (host, f"{host}:{DEFAULT_PORTS[scheme]}")
