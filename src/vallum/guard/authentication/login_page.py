"""Where a browser is sent that asks for a closed page: to the login page, and from there back (CWE-601, ASVS 15.3.2).

Only a navigation is sent: GET, a client that shows pages, and Fetch Metadata that says `navigate` or is missing. Calls
by scripts and programs get the uniform 401, which they can tell from a page.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from vallum.base.errors import ConfigError
from vallum.guard.errors.refusal import SEE_OTHER, Refusal, wants_page
from vallum.guard.exchange import ACCEPT, CREDENTIAL, MODE, SITE, Exchange
from vallum.guard.output.redirects import Redirects

KEEPS: Final = ("safe-redirect",)

_LOCAL: Final = Redirects()
_KEPT: Final = "/:@!$&'()*+,;=~-._"
_NO_STORE: Final = (b"cache-control", b"no-store")


def lead_in(login: str) -> Callable[[Exchange], Refusal | None]:
    """Build the step that sends navigations of strangers to the page at the local path `login`.

    The path and query string that were asked for go along as `next`, re-serialised by the grammar of `Redirects`; what
    it does not know is left out. Raises `ConfigError` for a `login` that is no local path.
    """
    if not _LOCAL.allows(login) or "#" in login:
        raise ConfigError("the login page must be a local path.", hint='Write login="/login".', code="login-page")
    place = _LOCAL.resolve(login)
    path, _, query = place.partition("?")
    begin = f"{place}&" if query else f"{path}?"

    def step(exchange: Exchange) -> Refusal | None:
        if exchange.path == path or not _is_navigation(exchange):
            return None
        asked = _describe_target(exchange)
        location = f"{begin}next={quote(asked, safe='/')}" if asked else place
        headers = [(b"location", location.encode("ascii")), _NO_STORE]
        return Refusal(SEE_OTHER, "sign-in-required", "Sign in to see this.", headers=headers)

    return step


def _is_navigation(exchange: Exchange) -> bool:
    found = exchange.found
    if exchange.method != "GET" or exchange.scheme.startswith("ws") or found[CREDENTIAL] is not None:
        return False
    mode = found[MODE]
    return wants_page(found[ACCEPT]) and (mode == b"navigate" or (mode is None and found[SITE] is None))


def _describe_target(exchange: Exchange) -> str:
    """The local target that was asked for; empty for one that a redirect may not lead to."""
    query = exchange.query.decode("latin-1")
    target = quote(exchange.path, safe=_KEPT) + (f"?{query}" if query else "")
    return _LOCAL.resolve(target) if _LOCAL.allows(target) else ""
