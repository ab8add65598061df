"""The endpoints of the accounts in a Litestar app, and what its handlers take by name.

app = Litestar([me], dependencies=DEPENDENCIES)

@get("/me")
@signed_in
async def me(current_user: CurrentUser) -> str:
return current_user.email
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from litestar import Litestar, Request, Response, Router, di, route
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from vallum.guard.authorization.access import accepts_body, grant_access
from vallum.guard.identity import users
from vallum.guard.identity.endpoint import MOST_BYTES, Endpoint, Page
from vallum.guard.identity.endpoints import list_endpoints, path_of
from vallum.guard.identity.looking import look_ahead
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.serving import Answer, serve_ask_later, show_page_later
from vallum.guard.identity.users import User

_TYPE: Final = "content-type"

if TYPE_CHECKING:
    CurrentUser: TypeAlias = User
    MaybeUser: TypeAlias = User | None
else:
    # Since 2.23 an argument says by its type that it is a dependency; before, its name was enough.
    _named = getattr(di, "NamedDependency", None)
    CurrentUser = User if _named is None else _named[User]
    """The type of the arguments `current_user`, `recent_login` and `recent_factor`."""
    MaybeUser = User | None if _named is None else _named[User | None]
    """The type of the argument `maybe_user`."""


async def _current() -> User:
    await look_ahead()
    return users.current_user()


async def _maybe() -> User | None:
    await look_ahead()
    return users.maybe_user()


async def _recent() -> User:
    await look_ahead()
    return users.recent_login()


async def _factor() -> User:
    await look_ahead()
    return users.recent_factor()


DEPENDENCIES: Final[Mapping[str, Provide]] = MappingProxyType(
    {
        "current_user": Provide(_current),
        "maybe_user": Provide(_maybe),
        "recent_login": Provide(_recent),
        "recent_factor": Provide(_factor),
    }
)
"""For `Litestar(dependencies=...)`, or those of a router, controller or handler."""


def mount_endpoints(app: Litestar, parts: IdentityParts) -> None:
    """Add the handlers to `app`."""
    handlers = [handler for endpoint in list_endpoints(parts) for handler in _make_handlers(parts, endpoint)]
    app.register(Router("/", route_handlers=handlers))


def _make_handlers(parts: IdentityParts, endpoint: Endpoint) -> list[HTTPRouteHandler]:
    handlers = [_serve(parts, endpoint)]
    if endpoint.page is not None:
        handlers.append(_show(parts, endpoint, endpoint.page))
    return handlers


def _serve(parts: IdentityParts, endpoint: Endpoint) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        body = await request.body()
        return _write(await serve_ask_later(parts, endpoint, request.headers.get(_TYPE, ""), body))

    return _declare(parts, endpoint, handle, endpoint.method, endpoint.name)


def _show(parts: IdentityParts, endpoint: Endpoint, page: Page) -> HTTPRouteHandler:
    async def handle() -> Response[bytes]:
        return _write(await show_page_later(parts, page))

    return _declare(parts, endpoint, handle, "GET", f"{endpoint.name}-page")


def _declare(parts: IdentityParts, endpoint: Endpoint, handle: Any, method: Any, name: str) -> HTTPRouteHandler:
    declared = accepts_body(MOST_BYTES)(grant_access(endpoint.access)(handle))
    make = route(path_of(parts, endpoint), http_method=method, name=name, include_in_schema=False, status_code=200)
    return make(declared)


def _write(answer: Answer) -> Response[bytes]:
    headers = dict(answer.headers)
    kind = headers.pop(_TYPE).partition(";")[0]  # Litestar adds the charset, UTF-8, to every text
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=kind)
