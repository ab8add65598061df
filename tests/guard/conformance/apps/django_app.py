"""The contract in Django: one URLconf for the middleware and the wrapper, under WSGI and ASGI."""

import copy
import types
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template import RequestContext, Template
from django.test import override_settings
from django.urls import include, path
from django.views import View
from django.views.decorators.http import require_GET
from django.views.static import serve

from tests.guard.conformance.contract import (
    BIG,
    DEEP,
    STATIC,
    TEMPLATE,
    DeclinedError,
    Kit,
    cut,
    find_thing,
    hang,
    secret,
    stream,
)
from vallum.guard import (
    Guard,
    GuardPolicy,
    accepts_body,
    current,
    current_actor,
    public,
    requires,
    sign_in,
    sign_out,
    signed_in,
)
from vallum.guard.frameworks.django import undeclared_routes

MIDDLEWARE = "vallum.guard.frameworks.django_middleware.GuardMiddleware"
Answer = HttpResponse


def text(body: str) -> Answer:
    return HttpResponse(body, content_type="text/plain")


def bare(_: HttpRequest) -> Answer:
    return text(secret("bare"))


@public
@require_GET
def show_open(_: HttpRequest) -> Answer:
    return text("open")


@public
async def async_open(_: HttpRequest) -> Answer:
    return text("open")


async def async_bare(_: HttpRequest) -> Answer:
    return text(secret("async"))


@public
def page(request: HttpRequest) -> Answer:
    return HttpResponse(Template(TEMPLATE).render(RequestContext(request)))


@public
def django_form(request: HttpRequest) -> Answer:
    return HttpResponse(Template("<form>{% csrf_token %}</form>").render(RequestContext(request)))


@signed_in
def mine(_: HttpRequest) -> Answer:
    return text(current_actor().id)


@requires("notes:write")
def write(_: HttpRequest) -> Answer:
    return text("written")


def enter(*roles: str) -> Any:
    @public
    def handler(_: HttpRequest) -> Answer:
        sign_in("ada", roles=roles)
        return text(current().csrf_token)

    return handler


@signed_in
def leave(_: HttpRequest) -> Answer:
    sign_out()
    return text("out")


@signed_in
async def put(_: HttpRequest) -> Answer:
    session = current().session
    assert session is not None
    session.put("seen", 1)
    return text("put")


@signed_in
async def get(_: HttpRequest) -> Answer:
    session = current().session
    assert session is not None
    return text(str(session.get("seen")))


@public
def note(request: HttpRequest) -> Answer:
    secret("note")
    return text(request.POST["text"])


@signed_in
def upload(request: HttpRequest) -> Answer:
    return text(str(len(request.FILES["file"].read())))


@public
def size(request: HttpRequest) -> Answer:
    return text(str(len(request.body)))


@public
@accepts_body(BIG, shape=DEEP)
def big(request: HttpRequest) -> Answer:
    return text(str(len(request.body)))


@public
def boom(_: HttpRequest) -> Answer:
    raise ValueError("hidden detail")


@public
async def show_hang(_: HttpRequest) -> Answer:
    return text(await hang())


@signed_in
def show_thing(_: HttpRequest, key: str) -> Answer:
    return text(find_thing(key))


@public
def declined(_: HttpRequest) -> Answer:
    sign_in("ada")
    raise DeclinedError("card 4111")


@public
def own_500(_: HttpRequest) -> Answer:
    return HttpResponse("hidden detail", status=500)


@public
def away(_: HttpRequest) -> Answer:
    return HttpResponseRedirect("/open")


async def parts_of(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def streaming(parts: Callable[[], Iterator[bytes]]) -> Any:
    @public
    def handler(request: HttpRequest) -> Any:
        return StreamingHttpResponse(parts_of(parts()) if hasattr(request, "scope") else parts())

    return handler


class Things(View):
    @public
    def get(self, _: HttpRequest) -> Answer:
        return text("listed")

    def post(self, _: HttpRequest) -> Answer:
        return text(secret("class"))


URLS = [
    *(path(name, view) for name, view in {
        "open": show_open, "bare": bare, "page": page, "django-form": django_form, "mine": mine, "write": write,
        "enter": enter(), "enter-writer": enter("writer"), "leave": leave, "put": put, "get": get, "note": note,
        "upload": upload, "size": size, "big": big, "boom": boom, "hang": show_hang,
        "declined": declined, "own500": own_500,
        "away": away, "stream": streaming(stream), "cut": streaming(cut), "async/open": async_open,
        "async/bare": async_bare, "class": Things.as_view(),
    }.items()),
    path("things/<key>", show_thing),
    path("group/", include([path("open", show_open), path("bare", bare)])),
    path("static/<path:path>", serve, {"document_root": STATIC}),
]  # fmt: skip
TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "OPTIONS": {"context_processors": ["vallum.guard.frameworks.django.template_values"]},
}


@contextmanager
def configured(policy: GuardPolicy, debug: bool, *middleware: str) -> Iterator[Any]:
    if not settings.configured:
        settings.configure(SECRET_KEY="not used by the guard" * 3)
        django.setup()
    urls = types.ModuleType("urls")
    urls.urlpatterns = copy.copy(URLS)  # type: ignore[attr-defined]  # what makes a module a URLconf
    with override_settings(
        ROOT_URLCONF=urls,
        ALLOWED_HOSTS=["*"],
        DEBUG=debug,
        LOGGING_CONFIG=None,
        MIDDLEWARE=[*middleware],
        TEMPLATES=[TEMPLATES],
        VALLUM=policy,
        DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    ):
        yield urls


def build(policy: GuardPolicy, debug: bool, *, asgi: bool, wrapped: bool) -> Iterator[Kit]:
    inner = ["django.middleware.common.CommonMiddleware"]
    with configured(policy, debug, *([] if wrapped else [MIDDLEWARE]), *inner) as urls:
        handler = ASGIHandler() if asgi else WSGIHandler()
        app: Any = handler
        if wrapped:
            guard = Guard(handler, policy=policy)
            app = guard if asgi else guard.wsgi_app
        urls.urlpatterns.append(path("late", bare))
        core = Guard(object(), policy=policy)._core

        def undeclared() -> list[str]:
            return undeclared_routes(None, core)

        yield Kit(app, is_wsgi=not asgi, undeclared=undeclared)
