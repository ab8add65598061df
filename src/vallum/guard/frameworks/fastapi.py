"""What FastAPI handlers take as arguments: `actor: CurrentActor`, `session: CurrentSession`, by async dependencies."""

from typing import Annotated

from fastapi import Depends

from vallum.guard.actor import Actor
from vallum.guard.exchange import Exchange, Session, current, current_actor


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
