"""The gate: once the route is known, read the session, decide, and only then run the handler."""

from vallum.guard.asgi.types import Message, Receive, Scope, Send
from vallum.guard.authorization.access import CLOSED, Declaration
from vallum.guard.core import Core, read_headers
from vallum.guard.errors.failure import describe_error
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import UNAUTHENTICATED, UNAVAILABLE, Refusal
from vallum.guard.exchange import TYPE, Exchange
from vallum.guard.logging.events import Level
from vallum.guard.sessions.form_token import FIRST_BYTES, find_token

Connection = tuple[Scope, Receive, Send]


async def pass_gate(exchange: Exchange, declaration: Declaration, connection: Connection) -> Receive | None:
    """Judge the request now that its route is known.

    Returns the `receive` to run the handler with; None when the request is refused, which has been answered then.
    """
    scope, receive, send = connection
    core: Core = exchange.core
    digest = core.want(exchange, declaration.access or CLOSED)
    if core.waits(exchange, digest):
        import asyncio  # noqa: PLC0415 - loaded already by whoever runs this; plain imports of the guard stay light

        refusal = await asyncio.to_thread(_judge, core, exchange, declaration, digest)
    else:
        refusal = _judge(core, exchange, declaration, digest)
    if refusal is None and exchange.owes_token:
        refusal, receive = await read_token(core, exchange, receive)
    if refusal is None:
        return receive
    exchange.refusal = refusal
    await _answer_plainly(scope, send, refusal)
    return None


async def _answer_plainly(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Middleware in between sees an ordinary response; the wrapper puts the whole answer in its place."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": refusal.status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _judge(core: Core, exchange: Exchange, declaration: Declaration, digest: bytes | None) -> Refusal | None:
    """Read the session or the bearer credential and decide; whatever cannot answer lets nobody in."""
    try:
        core.identify(exchange)
        record = None if digest is None else core.store.read(digest, core.policy.clock())
    except PublicError as error:
        exchange.judged = True
        core.report(exchange, error.event, error.level, cause=error.cause)
        return error.refusal
    except Exception as error:  # noqa: BLE001 - fail closed, whatever the store or verifier raises
        exchange.judged = True
        name = "bearer-check-failed" if exchange.by_bearer else "session-store-failed"
        core.report(exchange, name, Level.ERROR, **describe_error(error))
        return UNAVAILABLE
    return core.admit(exchange, declaration, record)


async def carry_out(core: Core, exchange: Exchange) -> Refusal | None:
    """Make the session changes that the handler noted, before its answer goes out."""
    writes, store = list(exchange.writes), core.store
    exchange.writes.clear()

    def write_all() -> list[bool]:
        return [write(store) for write in writes]

    try:
        if store.writes_at_once:
            done = write_all()
        else:
            import asyncio  # noqa: PLC0415 - as above

            done = await asyncio.to_thread(write_all)
    except Exception as error:  # noqa: BLE001 - fail closed, whatever the store raises
        core.report(exchange, "session-store-failed", Level.ERROR, **describe_error(error))
        return UNAVAILABLE
    if all(done):
        return None
    core.report(exchange, "session-ended-meanwhile", Level.INFO)
    return UNAUTHENTICATED


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


def count_body(exchange: Exchange, receive: Receive) -> Receive:
    """Count a body that came without a length; once over the limit, the answer is 413 whatever the app sends."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        if exchange.too_large:
            return {"type": "http.disconnect"}
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > exchange.body_limit:
                exchange.too_large = True
                return {"type": "http.disconnect"}
        return message

    return counting


def read_scope(scope: Scope) -> Exchange:
    """Fill an exchange from an ASGI scope."""
    exchange = Exchange()
    exchange.method = scope.get("method", "GET")
    exchange.path = scope["path"]
    exchange.scheme = scope.get("scheme", "http")
    client = scope.get("client")
    if client is None:
        exchange.is_socket = True
    else:
        exchange.peer = client[0]
    read_headers(exchange, scope["headers"])
    return exchange
