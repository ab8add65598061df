"""Where a redirect to https goes under ASGI: to the path and query string that the client sent."""

from urllib.parse import quote

from vallum.guard.asgi.types import Scope
from vallum.guard.exchange import Exchange
from vallum.guard.http.transport import aim_redirect


def aim_scope(exchange: Exchange, scope: Scope) -> None:
    """Aim at the undecoded path, with the mount of `root_path`; at the decoded one where a server keeps no other."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    query: bytes = scope.get("query_string", b"")
    aim_redirect(exchange, path.partition(b"?")[0] + (b"?" + query if query else b""))
