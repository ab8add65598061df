"""Send an access token to one API and nowhere else: not in an address, not to another host, not along a redirect.

    api = httpx2.Client(base_url=API, auth=BoundToken(API, lambda: tokens.access_token))
    api.get("/orders")

Needs `pip install "vallum[oauth]"`. Sources: RFC 6750 sections 2.1 and 5.3, CWE-522, CWE-598; ASVS 14.2.1.
"""

from collections.abc import Callable, Generator
from typing import Final

import httpx2

from vallum.base.errors import ConfigError, UsageError

KEEPS: Final = ("bearer-header-only",)


class BoundToken(httpx2.Auth):
    """Puts a bearer token into the Authorization header of requests to one origin."""

    def __init__(self, origin: str, read: Callable[[], str], *, unsafe_plain_http: bool = False) -> None:
        """Take the API's origin, such as `https://api.example.org`, and a function that gives the present token.

        Raises `ConfigError` for an origin without TLS, unless `unsafe_plain_http`.
        """
        address = httpx2.URL(origin)
        if not address.host or address.scheme not in {"https", "http"}:
            raise ConfigError("a token is bound to an origin such as https://api.example.org.", code="token-origin")
        if address.scheme != "https" and not unsafe_plain_http:
            raise ConfigError("a token would cross the network in clear.", hint="Use https.", code="token-plain-http")
        self._home = _name_origin(address)
        self._read = read

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the header. Raises `UsageError` for a request to another origin, and for a token in the address."""
        if _name_origin(request.url) != self._home:
            raise UsageError("this client's token belongs to another origin.", code="token-elsewhere")
        if "access_token" in request.url.params:
            raise UsageError(
                "an address is copied into histories and logs.", hint="The header is enough.", code="token-in-address"
            )
        request.headers["Authorization"] = f"Bearer {self._read()}"
        yield request


def _name_origin(address: httpx2.URL) -> tuple[str, str, int]:
    return address.scheme, address.host, address.port or {"https": 443, "http": 80}.get(address.scheme, 0)
