"""The endpoints of the accounts in a Django project, under WSGI and ASGI.

    VALLUM_IDENTITY = Identity(site="Notes")       # in the settings, beside VALLUM, for the guard as middleware

or `application = Guard(get_wsgi_application(), identity=Identity(site="Notes")).wsgi_app`. Views call `current_user()`;
templates have `current_user` by the context processor `vallum.guard.identity.django.user_values`.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, get_resolver, path
from django.utils.functional import SimpleLazyObject

from vallum.base.errors import ConfigError
from vallum.guard.authorization.access import accepts_body, grant_access
from vallum.guard.identity.endpoint import MOST_BYTES, Endpoint
from vallum.guard.identity.endpoints import list_endpoints, path_of
from vallum.guard.identity.parts import IdentityParts, build_parts
from vallum.guard.identity.serving import Answer, serve_ask, serve_ask_later, show_page, show_page_later
from vallum.guard.identity.users import maybe_user
from vallum.guard.policy import GuardPolicy, read_environment

View = Callable[[HttpRequest], Any]


class DjangoIdentity:
    """The accounts of the project's settings, for the middleware and for `IdentityKit`."""

    def __init__(self) -> None:
        """Nothing is built yet."""
        self._built: tuple[Any, Any, IdentityParts] | None = None

    @property
    def identity(self) -> IdentityParts:
        """Its parts, built once for each pair of VALLUM and VALLUM_IDENTITY."""
        wanted, given = settings.VALLUM_IDENTITY, getattr(settings, "VALLUM", None)
        if self._built is None or self._built[0] is not wanted or self._built[1] is not given:
            policy: GuardPolicy = read_environment() if given is None else given
            self._built = (wanted, given, build_parts(wanted, policy))
        return self._built[2]


PROJECT = DjangoIdentity()


def join_project(*, is_async: bool) -> IdentityParts:
    """Put the patterns of the settings' accounts in place, for the middleware."""
    parts = PROJECT.identity
    add_patterns(parts, is_async=is_async)
    return parts


def mount_endpoints(app: Any, parts: IdentityParts) -> None:
    """Put the patterns in front of those of the root URLconf; async views where `app` is an ASGI handler."""
    add_patterns(parts, is_async=isinstance(app, ASGIHandler))


def add_patterns(parts: IdentityParts, *, is_async: bool) -> None:
    """The same. Raises `ConfigError` for a URLconf whose `urlpatterns` is no list."""
    patterns = get_resolver().url_patterns
    if not isinstance(patterns, list):
        raise ConfigError("urlpatterns is no list.", hint="Write urlpatterns = [...].", code="urlconf")
    make = _make_async if is_async else _make_view
    patterns[:0] = [_make_pattern(parts, endpoint, make(parts, endpoint)) for endpoint in list_endpoints(parts)]


def user_values(_: HttpRequest) -> dict[str, Any]:
    """The context processor: `current_user`, which is false for a visitor."""
    return {"current_user": SimpleLazyObject(maybe_user)}


def _make_pattern(parts: IdentityParts, endpoint: Endpoint, view: View) -> URLPattern:
    declared = accepts_body(MOST_BYTES)(grant_access(endpoint.access)(view))
    declared.csrf_exempt = True  # type: ignore[attr-defined]  # the guard asks for its own token
    return path(path_of(parts, endpoint).removeprefix("/"), declared, name=endpoint.name)


def _make_view(parts: IdentityParts, endpoint: Endpoint) -> View:
    def view(request: HttpRequest) -> HttpResponse:
        if request.method == endpoint.method:
            return _write(serve_ask(parts, endpoint, request.headers.get("content-type", ""), request.body))
        if request.method == "GET" and endpoint.page is not None:
            return _write(show_page(parts, endpoint.page))
        return _refuse(endpoint)

    return view


def _make_async(parts: IdentityParts, endpoint: Endpoint) -> View:
    async def view(request: HttpRequest) -> HttpResponse:
        if request.method == endpoint.method:
            return _write(await serve_ask_later(parts, endpoint, request.headers.get("content-type", ""), request.body))
        if request.method == "GET" and endpoint.page is not None:
            return _write(await show_page_later(parts, endpoint.page))
        return _refuse(endpoint)

    return view


def _refuse(endpoint: Endpoint) -> HttpResponse:
    return HttpResponseNotAllowed({endpoint.method} | ({"GET"} if endpoint.page is not None else set()))


def _write(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
