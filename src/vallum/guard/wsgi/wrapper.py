"""The WSGI wrapper: one per app, outermost, so that even the framework's own error page passes through it."""

from collections.abc import Callable, Iterable
from contextvars import Token
from functools import partial

from vallum.guard.authorization.access import CLOSED, Declaration
from vallum.guard.core import Core
from vallum.guard.errors.failure import ends_run
from vallum.guard.errors.refusal import PERMANENT_REDIRECT
from vallum.guard.exchange import CODING, LENGTH, Exchange, enter, leave
from vallum.guard.http.limits import SAFE_METHODS
from vallum.guard.wsgi.answer import Answer, Parts, close
from vallum.guard.wsgi.body import prove_form, watch_body
from vallum.guard.wsgi.environ import KEY, read_environ
from vallum.guard.wsgi.gate import pass_gate
from vallum.guard.wsgi.types import App, Environ, StartResponse


class WsgiGuard:
    """Runs `app` behind a core. The gate of a framework's adapter judges; without one, the table of paths does."""

    def __init__(self, app: App, core: Core, *, gated: bool, prepare: Callable[[], None] | None = None) -> None:
        """Wrap `app`; `gated`: an adapter judges; `prepare` runs before the first request, until it passes."""
        self.app = app
        self.core = core
        self._gated = gated
        self._prepare = prepare

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request; the outermost guard judges, one further in steps aside."""
        if self._prepare is not None:
            self._prepare()
            self._prepare = None
        if environ.get(KEY) is not None:
            return self.app(environ, start_response)
        exchange = read_environ(environ)
        refusal = self.core.open(exchange) or self.core.open_late(exchange)
        answer = Answer(self.core, exchange, start_response)
        if refusal is not None:
            if refusal.status == PERMANENT_REDIRECT:
                from vallum.guard.wsgi.redirect import aim_environ  # noqa: PLC0415 - needed without TLS only

                aim_environ(exchange, environ)
            if refusal.status >= 400 and not refusal.reported:
                self.core.report(exchange, "request-refused", code=refusal.code)
            refused = answer.refuse(refusal)
            self.core.close(exchange)
            return refused
        if exchange.method not in SAFE_METHODS or exchange.found[LENGTH] or exchange.found[CODING]:
            watch_body(exchange, environ)
        environ[KEY] = exchange
        context = enter(exchange)
        try:
            body = self._run(exchange, answer, environ)
        except BaseException:
            self._end(exchange, context)
            raise
        if isinstance(body, Parts):
            return body.until_closed(partial(self._end, exchange, context))  # a template may still ask for its nonce
        exchange.complete = True
        self._end(exchange, context)
        return body

    def _end(self, exchange: Exchange, context: Token[Exchange]) -> None:
        leave_late(context)
        self.core.close(exchange)

    def _run(self, exchange: Exchange, answer: Answer, environ: Environ) -> Iterable[bytes] | Parts:
        try:
            if not self._gated:
                access = self.core.paths.find(exchange.path) or CLOSED
                refusal = pass_gate(exchange, Declaration(access=access), partial(prove_form, environ=environ))
                if refusal is not None:
                    return answer.refuse(refusal)
            parts = self.app(environ, answer.start)
            try:
                return answer.deliver(parts)
            except Exception:
                close(parts)
                raise
        except BaseException as error:
            if ends_run(error):
                raise
            return answer.fail(error)  # the last resort: whatever it was, the user learns nothing of it


def leave_late(context: Token[Exchange]) -> None:
    """Leave the request; a server may close a body in another context, where there is nothing to undo."""
    try:
        leave(context)
    except ValueError:
        return
