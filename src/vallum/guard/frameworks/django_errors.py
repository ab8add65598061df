"""What Django makes a 4xx page of, in a view or a middleware: the guard's answer in its place, also with DEBUG on."""

import functools
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers import exception
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import get_resolver, get_urlconf

from vallum.guard.frameworks.declared import refuse_version
from vallum.guard.frameworks.django_exchange import find_exchange
from vallum.guard.verdict import refuse_raised

KEEPS: Final = ("generic-errors",)

Answer = Callable[[HttpRequest, Exception], Any]
_PLACE: Final = "response_for_exception"
"""The one function through which Django answers exceptions of views and of every middleware."""
_MARK: Final = "__vallum_safe__"
_STATUSES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (Http404, 404),
    (PermissionDenied, 403),
    (MultiPartParserError, 400),
    (BadRequest, 400),
    (SuspiciousOperation, 400),
)
_DEFAULTS: Final = "django.views.defaults"


def use_safe_errors() -> None:
    """Stand before Django's error pages, once; asleep for requests that no guard has opened."""
    original: Answer | None = getattr(exception, _PLACE, None)
    if original is None:
        raise refuse_version("Django", f"handlers.exception.{_PLACE}")
    if not hasattr(original, _MARK):
        setattr(exception, _PLACE, _place_before(original))


def _place_before(original: Answer) -> Answer:
    @functools.wraps(original)
    def answer(request: HttpRequest, error: Exception) -> Any:
        exchange = find_exchange(request)
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 0)
        if exchange is None or not status or _is_own(status) or not refuse_raised(exchange, error, status):
            return original(request, error)
        return HttpResponse(status=status)

    setattr(answer, _MARK, True)
    return answer


def _is_own(status: int) -> bool:
    """Tell whether the app has an error view of its own, which Django asks unless DEBUG is on."""
    view = get_resolver(get_urlconf()).resolve_error_handler(status)
    return not settings.DEBUG and getattr(view, "__module__", "") != _DEFAULTS
