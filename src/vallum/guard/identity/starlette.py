"""The endpoints of the accounts as routes of a Starlette or FastAPI app."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vallum.guard.authorization.access import accepts_body, grant_access
from vallum.guard.identity.endpoint import MOST_BYTES, Endpoint, Page
from vallum.guard.identity.endpoints import list_endpoints, path_of
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.serving import Answer, serve_ask_later, show_page_later
from vallum.guard.input.models import InputRefusedError

Handler = Callable[[Request], Awaitable[Response]]


def mount_endpoints(app: Starlette, parts: IdentityParts) -> None:
    """Add the routes to `app`, in front of those that it has."""
    app.router.routes[:0] = [route for endpoint in list_endpoints(parts) for route in _make_routes(endpoint, parts)]


def _make_routes(endpoint: Endpoint, parts: IdentityParts) -> list[Route]:
    path = path_of(parts, endpoint)
    serve = _declare(endpoint, _serve(parts, endpoint))
    routes = [Route(path, serve, methods=[endpoint.method], name=endpoint.name)]
    if endpoint.page is not None:
        show = _declare(endpoint, _show(parts, endpoint.page))
        routes.append(Route(path, show, methods=["GET"], name=f"{endpoint.name}-page"))
    return routes


def _declare(endpoint: Endpoint, handler: Handler) -> Handler:
    return accepts_body(MOST_BYTES)(grant_access(endpoint.access)(handler))


def _serve(parts: IdentityParts, endpoint: Endpoint) -> Handler:
    async def handle(request: Request) -> Response:
        body = await _read_body(request)
        return _write(await serve_ask_later(parts, endpoint, request.headers.get("content-type", ""), body))

    return handle


def _show(parts: IdentityParts, page: Page) -> Handler:
    async def handle(_: Request) -> Response:
        return _write(await show_page_later(parts, page))

    return handle


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise InputRefusedError(f"the body has more than {MOST_BYTES} bytes.")
    return bytes(body)


def _write(answer: Answer) -> Response:
    return Response(answer.body, answer.status, headers=dict(answer.headers))
