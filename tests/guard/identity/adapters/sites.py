"""One small app in each framework's own way: /me, /maybe, /erase behind a recent login, /vault behind a factor."""

import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django
import flask
import litestar
from django.conf import settings as project
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.test import override_settings
from django.urls import path
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.bridge import as_asgi
from vallum.guard import (
    Guard,
    GuardPolicy,
    Identity,
    current_user,
    maybe_user,
    needs_factor,
    public,
    recent_login,
    signed_in,
)
from vallum.guard.identity.django import PROJECT
from vallum.guard.identity.fastapi import CurrentUser, MaybeUser, RecentLogin
from vallum.guard.identity.flask import current_user as flask_user
from vallum.guard.identity.litestar import DEPENDENCIES
from vallum.guard.identity.litestar import CurrentUser as LitestarUser
from vallum.guard.identity.litestar import MaybeUser as LitestarMaybe
from vallum.guard.identity.testing import IdentityKit

Site = tuple[Any, IdentityKit]
NOBODY = "nobody"


@contextmanager
def starlette(policy: GuardPolicy, identity: Identity) -> Iterator[Site]:
    @signed_in
    async def me(_: Request) -> PlainTextResponse:
        return PlainTextResponse(current_user().email)

    @public
    async def maybe(_: Request) -> PlainTextResponse:
        user = maybe_user()
        return PlainTextResponse(user.email if user else NOBODY)

    @signed_in
    async def erase(_: Request) -> PlainTextResponse:
        return PlainTextResponse(recent_login().email)

    @signed_in
    @needs_factor
    async def vault(_: Request) -> PlainTextResponse:
        return PlainTextResponse("gold")

    handlers = {"me": me, "maybe": maybe, "erase": erase, "vault": vault}
    methods = {"erase": ["POST"]}
    app = Starlette(routes=[Route(f"/{name}", one, methods=methods.get(name)) for name, one in handlers.items()])
    yield app, IdentityKit(Guard(app, policy=policy, identity=identity))


@contextmanager
def fastapi(policy: GuardPolicy, identity: Identity) -> Iterator[Site]:
    app = FastAPI(openapi_url=None, default_response_class=PlainTextResponse)

    @app.get("/me")
    @signed_in
    async def me(user: CurrentUser) -> str:
        return user.email

    @app.get("/maybe")
    @public
    async def maybe(user: MaybeUser) -> str:
        return user.email if user else NOBODY

    @app.post("/erase")
    @signed_in
    async def erase(user: RecentLogin) -> str:
        return user.email

    @app.get("/vault")
    @signed_in
    @needs_factor
    async def vault() -> str:
        return "gold"

    yield app, IdentityKit(Guard(app, policy=policy, identity=identity))


@contextmanager
def in_litestar(policy: GuardPolicy, identity: Identity) -> Iterator[Site]:
    @litestar.get("/me")
    @signed_in
    async def me(current_user: LitestarUser) -> str:
        return current_user.email

    @litestar.get("/maybe")
    @public
    async def maybe(maybe_user: LitestarMaybe) -> str:
        return maybe_user.email if maybe_user else NOBODY

    @litestar.post("/erase", status_code=200)
    @signed_in
    async def erase(recent_login: LitestarUser) -> str:
        return recent_login.email

    @litestar.get("/vault")
    @signed_in
    async def vault(recent_factor: LitestarUser) -> str:
        return "gold" if recent_factor.id else ""

    handlers = [me, maybe, erase, vault]
    app = litestar.Litestar(handlers, dependencies=DEPENDENCIES, openapi_config=None, logging_config=None)
    yield app, IdentityKit(Guard(app, policy=policy, identity=identity))


@contextmanager
def in_flask(policy: GuardPolicy, identity: Identity) -> Iterator[Site]:
    app = flask.Flask("site")

    @app.get("/me")
    @signed_in
    def me() -> str:
        return flask_user.email

    @app.get("/maybe")
    @public
    def maybe() -> str:
        return flask.render_template_string("{{ current_user.email if current_user else 'nobody' }}")

    @app.post("/erase")
    @signed_in
    def erase() -> str:
        return recent_login().email

    @app.get("/vault")
    @signed_in
    @needs_factor
    def vault() -> str:
        return "gold"

    guard = Guard(app, policy=policy, identity=identity)
    yield as_asgi(app), IdentityKit(guard)


@signed_in
def me_view(_: HttpRequest) -> HttpResponse:
    return HttpResponse(current_user().email)


@public
def maybe_view(request: HttpRequest) -> HttpResponse:
    template = Template("{% if current_user %}{{ current_user.email }}{% else %}nobody{% endif %}")
    return HttpResponse(template.render(RequestContext(request)))


@signed_in
def erase_view(_: HttpRequest) -> HttpResponse:
    return HttpResponse(recent_login().email)


@signed_in
@needs_factor
async def vault_view(_: HttpRequest) -> HttpResponse:
    return HttpResponse("gold")


TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "OPTIONS": {"context_processors": ["vallum.guard.identity.django.user_values"]},
}
GUARD = "vallum.guard.frameworks.django_middleware.GuardMiddleware"


@contextmanager
def in_django(policy: GuardPolicy, identity: Identity, *, asgi: bool, wrapped: bool) -> Iterator[Site]:
    if not project.configured:
        project.configure(SECRET_KEY="not used by the guard" * 3)
        django.setup()
    views = {"me": me_view, "maybe": maybe_view, "erase": erase_view, "vault": vault_view}
    urls = types.ModuleType("urls")
    urls.urlpatterns = [path(name, view) for name, view in views.items()]  # type: ignore[attr-defined]  # a URLconf
    inner = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
    given: dict[str, Any] = {} if wrapped else {"VALLUM": policy, "VALLUM_IDENTITY": identity}
    with override_settings(
        ROOT_URLCONF=urls,
        ALLOWED_HOSTS=["*"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=inner[:1] if wrapped else [GUARD, *inner[:1]],
        TEMPLATES=[TEMPLATES],
        **given,
    ):
        handler: Any = ASGIHandler() if asgi else WSGIHandler()
        if wrapped:
            guard = Guard(handler, policy=policy, identity=identity)
            handler = guard if asgi else guard.wsgi_app
        yield handler if asgi else as_asgi(handler), IdentityKit(guard if wrapped else PROJECT)


def open_site(kind: str) -> Callable[..., Any]:
    name, *rest = kind.split("-")
    if name != "django":
        found: Callable[..., Any] = {
            "starlette": starlette, "fastapi": fastapi, "litestar": in_litestar, "flask": in_flask
        }[name]  # fmt: skip
        return found
    return lambda policy, identity: in_django(policy, identity, asgi="asgi" in rest, wrapped="wrapped" in rest)
