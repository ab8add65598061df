"""Django, the usual way: `MIDDLEWARE = ["vallum.guard.frameworks.django_middleware.GuardMiddleware", ...]`."""

from collections.abc import Callable
from typing import Any, Final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from vallum.base.errors import ConfigError
from vallum.guard.asgi.deadline import limit_call
from vallum.guard.asgi.gate import open_late, write_sessions
from vallum.guard.configuration.startup import check_startup
from vallum.guard.core import Core
from vallum.guard.errors.failure import ends_run
from vallum.guard.errors.refusal import INTERNAL, PERMANENT_REDIRECT, Refusal
from vallum.guard.exchange import Exchange, enter, leave
from vallum.guard.frameworks.django import answer_publicly, gate, gate_async, prepare_django
from vallum.guard.frameworks.django_exchange import aim_request, find_exchange, open_exchange
from vallum.guard.frameworks.django_headers import Pair, pairs_of, put_headers
from vallum.guard.frameworks.django_streams import follow_stream
from vallum.guard.logging.events import Level
from vallum.guard.opening import open_process
from vallum.guard.policy import GuardPolicy, read_environment
from vallum.guard.verdict import carry_out, decide, describe

KEEPS: Final = ("authorize-every-endpoint", "generic-errors")


class GuardMiddleware:
    """The guard as the first middleware, under WSGI and ASGI; `settings.VALLUM` is its policy, else the environment."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        """Check the settings. Raises `ConfigError`, in production for every problem at once."""
        if not issubclass(type(self), import_string(settings.MIDDLEWARE[0])):
            hint = "Put it at the head of MIDDLEWARE: what stands before it would answer without it."
            raise ConfigError("the guard is not the first middleware.", hint=hint, code="middleware-order")
        self._is_async = iscoroutinefunction(get_response)
        self.policy: GuardPolicy = self._join() or getattr(settings, "VALLUM", None) or read_environment()
        check_startup(self.policy, debug=settings.DEBUG)
        self._core = Core(self.policy)
        open_process(self.policy)
        self._get_response = get_response
        self.process_view: Any = gate_async if self._is_async else gate
        self.process_exception = answer_publicly
        if self._is_async:
            markcoroutinefunction(self)
            if self.policy.limits.handler_seconds is not None:
                self._get_response = limit_call(get_response, self.policy.limits.handler_seconds)
        prepare_django(self._core)

    def _join(self) -> GuardPolicy | None:
        """Add the accounts that the settings ask for, and their endpoints; return the policy with them."""
        if getattr(settings, "VALLUM_IDENTITY", None) is None:
            return None
        from vallum.guard.identity.django import join_project  # noqa: PLC0415 - only for a project with accounts

        return join_project(is_async=self._is_async).policy

    def __call__(self, request: HttpRequest) -> Any:
        """Serve one request; a guard further out has judged it already."""
        if find_exchange(request) is not None:
            return self._get_response(request)
        return self._serve_async(request) if self._is_async else self._serve(request)

    def _serve(self, request: HttpRequest) -> HttpResponseBase:
        exchange = open_exchange(request)
        if (refusal := self._core.open(exchange) or self._core.open_late(exchange)) is not None:
            return self._refuse_early(exchange, refusal, request)
        context = enter(exchange)
        try:
            response = self._get_response(request)
            given = pairs_of(response)
            refusal = self._judge(exchange, response, given)
            if refusal is None and exchange.writes:
                refusal = carry_out(self._core, exchange)
            return self._finish(exchange, response, given, refusal)
        except BaseException as error:  # noqa: BLE001 - the last resort: whatever it was, the user learns nothing of it
            return self._fail(exchange, error)
        finally:
            leave(context)

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        exchange = open_exchange(request)
        refusal = self._core.open(exchange)
        if refusal is None and self._core.rates.address_waits:
            refusal = await open_late(self._core, exchange)
        if refusal is not None:
            return self._refuse_early(exchange, refusal, request)
        context = enter(exchange)
        try:
            response = await self._get_response(request)
            given = pairs_of(response)
            refusal = self._judge(exchange, response, given)
            if refusal is None and exchange.writes:
                refusal = await write_sessions(self._core, exchange)
            return self._finish(exchange, response, given, refusal)
        except BaseException as error:  # noqa: BLE001 - as above
            return self._fail(exchange, error)
        finally:
            leave(context)

    def _fail(self, exchange: Exchange, error: BaseException) -> HttpResponse:
        if ends_run(error):
            raise error
        return self._refuse(exchange, describe(self._core, exchange, error))

    def _judge(self, exchange: Exchange, response: Any, given: list[Pair]) -> Refusal | None:
        refusal = decide(self._core, exchange, response.status_code, given)
        silent = refusal is None and "content-type" not in response.headers
        if silent and (response.streaming or response.content):
            self._core.report(exchange, "content-type-missing", Level.ERROR)
            return INTERNAL
        return refusal

    def _finish(self, exchange: Exchange, response: Any, given: list[Pair], refusal: Refusal | None) -> Any:
        if refusal is not None:
            return self._refuse(exchange, refusal)
        put_headers(response, self._core.head(exchange, given))
        exchange.status = response.status_code
        self._core.close(exchange)  # a middleware does not see the last byte
        exchange.begun = True
        if response.streaming and getattr(response, "file_to_stream", None) is None:
            response.streaming_content = follow_stream(exchange, response)
        return response

    def _refuse_early(self, exchange: Exchange, refusal: Refusal, request: Any) -> HttpResponse:
        if refusal.status == PERMANENT_REDIRECT:
            aim_request(exchange, request)
        elif refusal.status >= 400 and not refusal.reported:
            self._core.report(exchange, "request-refused", code=refusal.code)
        return self._refuse(exchange, refusal)

    def _refuse(self, exchange: Exchange, refusal: Refusal) -> HttpResponse:
        if refusal.status >= 400:
            exchange.forget()
        head, body = self._core.answer(exchange, refusal)
        response = HttpResponse(body, status=refusal.status)
        put_headers(response, head)
        exchange.answered = True
        exchange.status = refusal.status
        self._core.close(exchange)
        return response
