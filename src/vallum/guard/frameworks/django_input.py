"""Django views that get typed input in the place of the request.

@checked(RequestShape(path=Place, body=NewNote))
def change(data: CheckedRequest) -> HttpResponse: ...
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest

from vallum.guard.input.checked_request import CheckedRequest, RequestShape


def checked(shape: RequestShape) -> Callable[[Callable[[CheckedRequest], Any]], Callable[..., Any]]:
    """Decorate a view, plain or async: it runs with the typed request, or the guard answers 400, 413 or 415."""

    def read(request: HttpRequest, path: dict[str, object]) -> CheckedRequest:
        return shape.read(
            body=request.read(shape.limits.size + 1),
            content_type=request.headers.get("Content-Type", ""),
            query=request.META.get("QUERY_STRING", ""),
            path=path,
            headers=request.headers.items(),
        )

    def decorate(handler: Callable[[CheckedRequest], Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(handler):

            @functools.wraps(handler)
            async def view_later(request: HttpRequest, **path: object) -> Any:
                return await handler(read(request, path))

            return view_later

        @functools.wraps(handler)
        def view(request: HttpRequest, **path: object) -> Any:
            return handler(read(request, path))

        return view

    return decorate


def read_form(form: BaseForm) -> dict[str, Any]:
    """The cleaned data of a bound form; the guard answers 400 with names of fields and codes if it is not valid.

    Raises `ValidationError` for that. A page that shows the form again asks `form.is_valid()` as ever.
    """
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    cleaned: dict[str, Any] = form.cleaned_data
    return cleaned
