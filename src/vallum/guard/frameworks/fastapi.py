"""What FastAPI handlers take as arguments: `actor: CurrentActor`, `session: CurrentSession`, by async dependencies.

`APIRouter(route_class=StrictJsonRoute)` makes the bodies of its routes strict JSON, before any model reads them.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from vallum.guard.actor import Actor
from vallum.guard.exchange import Exchange, Session, current, current_actor
from vallum.guard.input.json_text import LoadLimits, parse_json

_LIMITS: Final = LoadLimits()


async def _exchange() -> Exchange:
    return current()


async def _actor() -> Actor:
    return current_actor()


async def _session() -> Session | None:
    return current().session


CurrentExchange = Annotated[Exchange, Depends(_exchange)]
"""The request as the guard sees it: id, client, nonce, actor, session."""
CurrentActor = Annotated[Actor, Depends(_actor)]
"""The signed-in actor; for routes that are declared @signed_in or @requires."""
CurrentSession = Annotated[Session | None, Depends(_session)]
"""The session's data, None for a visitor."""


class _StrictJsonRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_strict"):
            self._strict = parse_json(await self.body(), _LIMITS)[0]
        return self._strict


class StrictJsonRoute(APIRoute):
    """Reads bodies as RFC 8259 and I-JSON have it: a key that occurs twice, `NaN` and `Infinity` are answered with 400.

    FastAPI's own reader takes the last of two equal keys, where a proxy or another service may take the first.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, on a request whose JSON is strict."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictJsonRequest(request.scope, request.receive))

        return handle_strictly
