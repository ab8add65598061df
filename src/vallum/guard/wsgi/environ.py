"""Reads a WSGI environ into an exchange (PEP 3333)."""

from typing import Final

from vallum.guard.exchange import CSRF, HOST, LENGTH, LISTED, ORIGIN, SINGLE, SITE, Exchange
from vallum.guard.wsgi.types import Environ

KEY: Final = "vallum.exchange"
"""Where the wrapper keeps the exchange in the environ."""

_KEYS: Final = tuple(
    name.decode().upper().replace("-", "_")
    if name in {b"content-type", b"content-length"}
    else f"HTTP_{name.decode().upper().replace('-', '_')}"
    for name in SINGLE + LISTED
)
_CSRF_TOO: Final = "HTTP_X_CSRFTOKEN"
"""What scripts written for Django send."""
_ALONE: Final = (HOST, ORIGIN, LENGTH, SITE, CSRF)
"""No single value of these holds a comma: a server has joined a header that came twice."""


def read_environ(environ: Environ) -> Exchange:
    """Fill an exchange from an environ."""
    exchange = Exchange()
    get = environ.get
    exchange.method = environ["REQUEST_METHOD"]
    exchange.path = read_path(environ)
    exchange.query = get("QUERY_STRING", "").encode("latin-1", "replace")
    exchange.scheme = get("wsgi.url_scheme", "http")
    exchange.peer = get("REMOTE_ADDR") or None
    exchange.is_socket = exchange.peer is None
    found = [None if value is None else value.encode("latin-1", "replace") for value in map(get, _KEYS)]
    found[LENGTH] = found[LENGTH] or None  # servers write an empty string where there is none
    if (other := get(_CSRF_TOO)) is not None:
        second = other.encode("latin-1", "replace")
        exchange.repeated = found[CSRF] not in (None, second)
        found[CSRF] = second
    exchange.found = found
    _measure_head(exchange, environ)
    for place in _ALONE:
        if (alone := found[place]) is not None and b"," in alone:
            exchange.repeated = True
    return exchange


def _measure_head(exchange: Exchange, environ: Environ) -> None:
    values = [value for name, value in environ.items() if name[:5] == "HTTP_"]
    exchange.header_count = len(values)
    exchange.head_size = len("".join(values)) + len(exchange.query)


def read_path(environ: Environ) -> str:
    """The path as the client asked for it, decoded as UTF-8."""
    return decode_path(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))


def decode_path(path: str) -> str:
    """Undo the environ's way to hold bytes in a string."""
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")
