"""The gate: once the route is known, read the session, decide, and only then run the handler."""

from typing import Final

from vallum.guard.asgi.types import App, Message, Receive, Scope, Send
from vallum.guard.authorization.access import CLOSED, Declaration, rates_of
from vallum.guard.core import Core, read_headers
from vallum.guard.errors.refusal import UNAVAILABLE, Refusal
from vallum.guard.exchange import TYPE, Exchange
from vallum.guard.sessions.form_token import FIRST_BYTES, find_token
from vallum.guard.verdict import Read, carry_out, judge
from vallum.stores.sessions import SessionRecord

Connection = tuple[Scope, Receive, Send]

LATE: Final = Refusal(UNAVAILABLE.status, "late")
"""Stands for a decision that has to be waited for; `settle` makes it."""


def judge_now(exchange: Exchange, declaration: Declaration | None) -> Refusal | None:
    """Judge the request now that its route is known. None lets it in; `settle` answers everything else.

    Without a declaration, what was decided about it before holds.
    """
    if declaration is None:
        return exchange.refusal
    core: Core = exchange.core
    digest = core.want(exchange, declaration.access or CLOSED)
    if not core.at_once and core.waits(exchange, declaration, digest):
        return LATE
    exchange.refusal = refusal = judge(core, exchange, declaration, digest)
    return LATE if exchange.owes_token and refusal is None else refusal


async def settle(
    exchange: Exchange, refusal: Refusal, declaration: Declaration | None, run: App, asked: Connection
) -> None:
    """Carry out what `judge_now` said: wait for what was late, and `run` the app or answer for it."""
    scope, receive, send = asked
    decision: Refusal | None = refusal
    if declaration is not None and refusal is LATE:
        decision, receive = await _judge_late(exchange, declaration, receive)
        exchange.refusal = decision
    if decision is None:
        await run(scope, receive, send)
    else:
        await _answer_plainly(scope, send, decision)


async def _judge_late(exchange: Exchange, declaration: Declaration, receive: Receive) -> tuple[Refusal | None, Receive]:
    core: Core = exchange.core
    if not exchange.owes_token:
        import asyncio  # noqa: PLC0415 - loaded already by whoever runs this; plain imports of the guard stay light

        digest = core.want(exchange, declaration.access or CLOSED)
        read, waits = None, True
        if core.front is not None and digest is not None:
            read = await _read_ahead(core, digest)
            waits = core.asks_roles(declaration)
            waits = waits or core.rates.waits(exchange, rates_of(declaration), may_sign=True)
        if waits:
            refusal = await asyncio.to_thread(judge, core, exchange, declaration, digest, read)
        else:
            refusal = judge(core, exchange, declaration, digest, read)
        if refusal is not None or not exchange.owes_token:
            return refusal, receive
    return await read_token(core, exchange, receive)


async def _read_ahead(core: Core, digest: bytes) -> Read:
    """Ask the front of the store, and hand its answer or its error to whoever judges."""
    record: SessionRecord | None = None
    failed: Exception | None = None
    try:
        record = None if core.front is None else await core.front.read(digest, core.clock())
    except Exception as error:  # noqa: BLE001 - raised again where every failure of a store is judged
        failed = error

    def answer(_digest: bytes, _now: float) -> SessionRecord | None:
        if failed is not None:
            raise failed
        return record

    return answer


async def _answer_plainly(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Middleware in between sees an ordinary response; the wrapper puts the whole answer in its place."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": refusal.status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def open_late(core: Core, exchange: Exchange) -> Refusal | None:
    """Ask the store of limits that waits for the rate of the client's address."""
    import asyncio  # noqa: PLC0415 - as above

    return await asyncio.to_thread(core.open_late, exchange)


async def write_sessions(core: Core, exchange: Exchange) -> Refusal | None:
    """Make the session changes that the handler noted, before its answer goes out."""
    if core.store.writes_at_once:
        return carry_out(core, exchange)
    import asyncio  # noqa: PLC0415 - as above

    return await asyncio.to_thread(carry_out, core, exchange)


async def read_token(core: Core, exchange: Exchange, receive: Receive) -> tuple[Refusal | None, Receive]:
    """Find the CSRF token in the form, and give the app a `receive` that plays the read messages again."""
    kind = exchange.found[TYPE] or b""
    messages: list[Message] = []
    body = b""
    token: bytes | None = None
    while token is None:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        whole = not message.get("more_body")
        token = find_token(kind, body, whole=whole)
        if whole or (len(body) > FIRST_BYTES and kind.lower().startswith(b"multipart")):
            break
    replay = iter(messages)

    async def receive_again() -> Message:
        message = next(replay, None)
        return message if message is not None else await receive()

    return core.prove(exchange, token), receive_again


def read_scope(scope: Scope) -> Exchange:
    """Fill an exchange from an ASGI scope."""
    exchange = Exchange()
    exchange.method = scope.get("method", "GET")
    exchange.path = scope["path"]
    exchange.query = query = scope.get("query_string", b"")
    exchange.scheme = scope.get("scheme", "http")
    client = scope.get("client")
    if client is None:
        exchange.is_socket = True
    else:
        exchange.peer = client[0]
    read_headers(exchange, scope["headers"])
    exchange.head_size += len(query)
    return exchange
