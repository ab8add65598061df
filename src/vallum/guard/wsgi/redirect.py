"""Where a redirect to https goes under WSGI: to the path and query string that the client sent."""

from typing import Final
from urllib.parse import quote

from vallum.guard.exchange import Exchange
from vallum.guard.http.transport import aim_redirect
from vallum.guard.wsgi.types import Environ

_RAW: Final = ("REQUEST_URI", "RAW_URI")
"""The undecoded target, where a server tells it; PEP 3333 does not ask for it."""
_KEPT: Final = "/:@!$&'()*+,;=~-._"


def aim_environ(exchange: Exchange, environ: Environ, path: bytes = b"") -> None:
    """Aim at the undecoded target, with the mount of SCRIPT_NAME; where a server keeps none, at the decoded `path`.

    `path` is for a framework that has written another one into the environ.
    """
    raw = next((environ[name] for name in _RAW if environ.get(name, "").startswith("/")), "")
    if not raw:
        whole = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        query = environ.get("QUERY_STRING", "")
        raw = quote(path or whole.encode("latin-1", "replace"), safe=_KEPT) + (f"?{query}" if query else "")
    aim_redirect(exchange, raw.encode("latin-1", "replace"))
