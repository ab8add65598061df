"""The endpoints of the accounts as routes of a Starlette or FastAPI app."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vallum.guard.authorization.access import accepts_body, public, signed_in
from vallum.guard.exchange import current
from vallum.guard.identity import account_flows, session_flows, token_flows
from vallum.guard.identity.endpoint import MOST_BYTES, Ask, Endpoint, Page, Reply, read_ask
from vallum.guard.identity.pages import render_form, render_sentence
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.input.models import InputRefusedError
from vallum.guard.tokens.jwks import PATH, answer_jwks

Handler = Callable[[Request], Awaitable[Response]]
_PRIVATE: Final = {"referrer-policy": "no-referrer", "cache-control": "no-store"}
"""A page behind a link has a secret in its address."""


def mount_endpoints(app: Starlette, parts: IdentityParts) -> None:
    """Add the routes to `app`, in front of those that it has."""
    endpoints = (*account_flows.list_flows(parts), *session_flows.list_flows(parts), *token_flows.list_flows(parts))
    routes = [route for endpoint in endpoints for route in _make_routes(endpoint, parts)]
    keys = _serve_keys(parts)
    routes += [Route(f"{parts.settings.prefix}/jwks.json", keys), Route(PATH, keys, name="jwks-well-known")]
    app.router.routes[:0] = routes


def _make_routes(endpoint: Endpoint, parts: IdentityParts) -> list[Route]:
    path, site = parts.settings.prefix + endpoint.path, parts.settings.site
    name = "account" + endpoint.path.replace("/", "-")
    routes = [Route(path, _declare(endpoint, _serve(endpoint, site)), methods=[endpoint.method], name=name)]
    if endpoint.page is not None:
        show = _declare(endpoint, _show(endpoint.page, site))
        routes.append(Route(path, show, methods=["GET"], name=f"{name}-page"))
    return routes


def _declare(endpoint: Endpoint, handler: Handler) -> Handler:
    declared = public(handler) if endpoint.access == "public" else signed_in(handler)
    return accepts_body(MOST_BYTES)(declared)


def _serve(endpoint: Endpoint, site: str) -> Handler:
    run: Callable[[Ask], Any] = endpoint.run
    waits = not inspect.iscoroutinefunction(inspect.unwrap(getattr(run, "func", run)))

    async def handle(request: Request) -> Response:
        body = await _read_body(request)
        ask = read_ask(request.headers.get("content-type", ""), body)
        reply: Reply = await asyncio.to_thread(run, ask) if waits else await run(ask)
        return _answer(reply, site, is_form=ask.is_form)

    return handle


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise InputRefusedError(f"the body has more than {MOST_BYTES} bytes.")
    return bytes(body)


def _show(page: Page, site: str) -> Handler:
    async def handle(request: Request) -> Response:
        known = {name: request.query_params.get(name, "") for name in ("token", "next")}
        if page.look is not None:
            await asyncio.to_thread(page.look, known["token"])
        return HTMLResponse(render_form(page, site, known), headers=_PRIVATE)

    return handle


def _answer(reply: Reply, site: str, *, is_form: bool) -> Response:
    current().private = True
    if not is_form:
        return JSONResponse(dict(reply.data), headers=_PRIVATE)
    if reply.location:
        return RedirectResponse(reply.location, 303, headers=_PRIVATE)
    return HTMLResponse(render_sentence(reply.sentence or "Done.", site), headers=_PRIVATE)


def _serve_keys(parts: IdentityParts) -> Handler:
    @public
    async def keys(_: Request) -> Response:
        answer = answer_jwks(parts.tokens)
        return Response(answer.body, headers=dict(answer.headers))

    return keys
