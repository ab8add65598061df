"""The ASGI wrapper: one per app, outermost, so that even the framework's own error page passes through it."""

from vallum.guard.asgi.answer import Answer
from vallum.guard.asgi.body import Inlet
from vallum.guard.asgi.gate import open_late, pass_gate, read_scope
from vallum.guard.asgi.types import App, Receive, Scope, Send
from vallum.guard.asgi.websocket import Handshake
from vallum.guard.authorization.access import CLOSED, Declaration
from vallum.guard.core import Core
from vallum.guard.errors.refusal import PERMANENT_REDIRECT
from vallum.guard.exchange import CODING, KEY, LENGTH, Exchange, enter, leave
from vallum.guard.http.limits import SAFE_METHODS


class AsgiGuard:
    """Runs `app` behind a core. The gate of a framework's adapter judges; without one, the table of paths does."""

    def __init__(self, app: App, core: Core, *, gated: bool) -> None:
        """Wrap `app`; `gated` tells that an adapter calls `pass_gate` once the route is known."""
        seconds = core.policy.limits.handler_seconds
        self.app = app if seconds is None else _limit_time(app, seconds)
        self.core = core
        self._gated = gated

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; the outermost guard judges, one further in steps aside."""
        kind = scope["type"]
        if kind not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        if state.get(KEY) is not None:
            await self.app(scope, receive, send)
            return
        exchange = read_scope(scope)
        refusal = self.core.open(exchange)
        if refusal is None and self.core.rates.address_waits:
            refusal = await open_late(self.core, exchange)
        answer = Answer(self.core, exchange, send) if kind == "http" else Handshake(self.core, exchange, scope, send)
        if refusal is not None:
            if refusal.status == PERMANENT_REDIRECT:
                from vallum.guard.asgi.redirect import aim_scope  # noqa: PLC0415 - needed without TLS only

                aim_scope(exchange, scope)
            if refusal.status >= 400 and not refusal.reported:
                self.core.report(exchange, "request-refused", code=refusal.code)
            await answer.refuse(refusal)
            self.core.close(exchange)
            return
        if exchange.method not in SAFE_METHODS or exchange.found[LENGTH] or exchange.found[CODING]:
            receive = Inlet(exchange, receive, self.core.policy.limits)
        state[KEY] = exchange
        await self._run(exchange, answer, scope, receive)

    async def _run(self, exchange: Exchange, answer: Answer | Handshake, scope: Scope, receive: Receive) -> None:
        context = enter(exchange)
        try:
            if self._gated:
                await self.app(scope, receive, answer.send)
            else:
                declaration = Declaration(access=self.core.paths.find(exchange.path) or CLOSED)
                passed = await pass_gate(exchange, declaration, (scope, receive, answer.send))
                if passed is not None:
                    await self.app(scope, passed, answer.send)
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it was, the user learns nothing of it
            await answer.fail(error)
        else:
            await answer.finish()
        finally:
            leave(context)
            self.core.close(exchange)


def _limit_time(app: App, seconds: float) -> App:
    from vallum.guard.asgi.deadline import limit_time  # noqa: PLC0415 - only where the policy asks for it

    return limit_time(app, seconds)
