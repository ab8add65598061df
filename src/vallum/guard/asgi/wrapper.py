"""The ASGI wrapper: one per app, outermost, so that even the framework's own error page passes through it."""

from vallum.guard.asgi.answer import Answer
from vallum.guard.asgi.body import Inlet
from vallum.guard.asgi.gate import judge_now, open_late, read_scope, settle
from vallum.guard.asgi.types import App, Receive, Scope, Send
from vallum.guard.asgi.websocket import Handshake
from vallum.guard.authorization.access import CLOSED, Declaration
from vallum.guard.core import Core
from vallum.guard.errors.failure import ends_run
from vallum.guard.errors.refusal import PERMANENT_REDIRECT, Refusal
from vallum.guard.exchange import CODING, KEY, LENGTH, Exchange, enter, leave
from vallum.guard.http.limits import SAFE_METHODS


class AsgiGuard:
    """Runs `app` behind a core. The gate of a framework's adapter judges; without one, the table of paths does."""

    def __init__(self, app: App, core: Core, *, gated: bool) -> None:
        """Wrap `app`; `gated` tells that an adapter calls `judge_now` once the route is known."""
        seconds = core.policy.limits.handler_seconds
        self.app = app if seconds is None else _limit_time(app, seconds)
        self.core = core
        self._run = self.app if gated else _place_gate(self.app, core)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; the outermost guard judges, one further in steps aside."""
        kind = scope["type"]
        if kind == "lifespan":
            from vallum.guard.asgi.lifespan import tell_failures  # noqa: PLC0415 - once in the life of a process

            send = tell_failures(self.core, send)
        if kind not in {"http", "websocket"} or scope.setdefault("state", {}).get(KEY) is not None:
            await self.app(scope, receive, send)
            return
        core = self.core
        exchange = read_scope(scope)
        refusal = core.open(exchange)
        if refusal is None and core.rates.address_waits:
            refusal = await open_late(core, exchange)
        answer = Answer(core, exchange, send) if kind == "http" else Handshake(core, exchange, scope, send)
        if refusal is not None:
            await self._refuse(answer, exchange, refusal, scope)
            return
        if exchange.method not in SAFE_METHODS or exchange.found[LENGTH] or exchange.found[CODING]:
            receive = Inlet(exchange, receive, core.policy.limits)
        scope["state"][KEY] = exchange
        context = enter(exchange)
        try:
            await self._run(scope, receive, answer.send)
        except BaseException as error:
            if ends_run(error):
                raise
            await answer.fail(error)  # the last resort: whatever it was, the user learns nothing of it
        else:
            if not exchange.begun or exchange.failure is not None:
                await answer.finish()
        finally:
            leave(context)
            core.close(exchange)

    async def _refuse(self, answer: Answer | Handshake, exchange: Exchange, refusal: Refusal, scope: Scope) -> None:
        if refusal.status == PERMANENT_REDIRECT:
            from vallum.guard.asgi.redirect import aim_scope  # noqa: PLC0415 - needed without TLS only

            aim_scope(exchange, scope)
        if refusal.status >= 400 and not refusal.reported:
            self.core.report(exchange, "request-refused", code=refusal.code)
        await answer.refuse(refusal)
        self.core.close(exchange)


def _place_gate(app: App, core: Core) -> App:
    """Judge by the table of paths, ahead of an app whose routes no adapter knows."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope["state"][KEY]
        declaration = Declaration(access=core.paths.find(exchange.path) or CLOSED)
        refusal = judge_now(exchange, declaration)
        if refusal is None:
            await app(scope, receive, send)
        else:
            await settle(exchange, refusal, declaration, app, (scope, receive, send))

    return run


def _limit_time(app: App, seconds: float) -> App:
    from vallum.guard.asgi.deadline import limit_time  # noqa: PLC0415 - only where the policy asks for it

    return limit_time(app, seconds)
