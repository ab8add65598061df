"""Redirect URIs: the client's from its configured origin, the server's by exact string (RFC 9700 section 4.1.3).

    build_redirect("https://app.example.org", "/login/google/callback")
    REGISTRY = RedirectRegistry({"notes": ["https://app.example.org/callback"]})
    REGISTRY.check(client_id, redirect_uri)             # or an error page, never a redirect

Sources: CWE-601, ASVS 10.4.1.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from vallum.base.errors import ConfigError, RefusedError
from vallum.guard.oauth.transport import LOOPBACK, check_address

KEEPS: Final = ("oauth-redirect-uri-exact",)
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_~-](?:[A-Za-z0-9._~-]*))+")
_WILD: Final = re.compile(r"[*%?#]|/\.\.?(?:/|$)")


class RedirectRefusedError(RefusedError):
    """The client has not registered this redirect URI. Show an error page (400); do not redirect."""

    code = "redirect-uri"


def build_redirect(origin: str, path: str, *, unsafe_loopback_http: bool = False) -> str:
    """Return `origin` + `path`. Nothing of a request goes into it. Raises `ConfigError` for what is not exact.

    `origin` is like `https://app.example.org`, without a path; `path` has letters, digits and `-._~` between slashes.
    """
    check_address(origin, unsafe_loopback_http=unsafe_loopback_http)
    if origin.count("/") != 2 or "?" in origin:
        raise ConfigError("an origin is scheme, host and port.", hint='Like "https://app.example.org".', code="origin")
    if not _PATH.fullmatch(path):
        raise ConfigError("the path of a redirect URI is plain, like /login/google/callback.", code="redirect-path")
    return origin + path


class RedirectRegistry:
    """The redirect URIs of each client of an authorization server."""

    def __init__(self, clients: Mapping[str, Iterable[str]]) -> None:
        """Raise `ConfigError` for wildcards, queries, encoded or relative paths, and http beyond the loopback."""
        self._clients = {client: frozenset(map(_check, uris)) for client, uris in clients.items()}

    def check(self, client_id: str, redirect_uri: str) -> str:
        """Return the registered URI that equals `redirect_uri`. Raises `RedirectRefusedError` (400)."""
        if redirect_uri not in self._clients.get(client_id, frozenset()):
            raise RedirectRefusedError(
                "the redirect URI is not one of the client's.", hint="It is compared character by character."
            )
        return redirect_uri


def _check(uri: str) -> str:
    if _WILD.search(uri):
        raise ConfigError("a registered redirect URI is one exact address.", code="redirect-uri")
    return check_address(uri, unsafe_loopback_http=uri.startswith(tuple(f"http://{_host(name)}" for name in LOOPBACK)))


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name
