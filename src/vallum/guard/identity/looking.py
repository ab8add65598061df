"""For an event loop: the account of the request, read in a thread where its store waits, before handlers ask for it."""

import asyncio

from vallum.guard.exchange import current
from vallum.guard.identity.users import sessions_of


async def look_ahead() -> None:
    """Have the account at hand; nothing to wait for when it was read a moment ago."""
    exchange = current()
    standings = sessions_of(exchange).standings
    waits = not standings.accounts.reads_at_once and not standings.is_fresh(exchange.actor_id)
    if exchange.actor_id and waits:
        await asyncio.to_thread(standings.find, exchange.actor_id)
