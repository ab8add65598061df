"""The apps of benchmarks/frameworks.py: the same endpoint in each framework, bare, guarded, with its own layers."""

import types
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.test import override_settings
from django.urls import path
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse as FastPlain
from flask import Flask
from litestar import Litestar, MediaType, route
from litestar import Request as LitestarRequest
from litestar.config.allowed_hosts import AllowedHostsConfig
from litestar.config.cors import CORSConfig
from litestar.config.csrf import CSRFConfig
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.middleware.session.server_side import ServerSideSessionConfig
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from vallum.guard import Guard, GuardPolicy, RateLimitPolicy, current, public, sign_in, signed_in
from vallum.guard.http.cors import CorsPolicy

HOST, PARTNER = "localhost", "https://app.example"
HEADERS = [
    ("host", HOST),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "application/json"),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br"),
    ("origin", PARTNER),
    ("referer", f"{PARTNER}/"),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-mode", "cors"),
    ("connection", "keep-alive"),
]
BODY = b'{"username": "alice@example.org", "password": "correct horse", "remember": true}'
HELLO = {"hello": "world"}
POLICY = GuardPolicy(
    cors=CorsPolicy(origins=(PARTNER,), credentials=True),
    rate_limits=RateLimitPolicy(account="1000000/second", address="1000000/second"),
    sink=lambda _: None,
)


def begin() -> str:
    """Sign in; the token that a POST must bring."""
    sign_in("alice")
    return current().csrf_token


def build_starlette(*, guarded: bool) -> Any:
    """Starlette."""

    async def mine(_: Request) -> Response:
        return JSONResponse(HELLO)

    async def enter(_: Request) -> Response:
        return PlainTextResponse(begin())

    routes = [
        Route("/json", signed_in(mine), methods=["GET", "POST"]),
        Route("/enter", public(enter), methods=["POST"]),
    ]
    app = Starlette(routes=routes)
    if guarded:
        Guard(app, policy=POLICY)
    return app


def build_fastapi(*, guarded: bool) -> Any:
    """FastAPI."""
    app = FastAPI(openapi_url=None)

    @app.api_route("/json", methods=["GET", "POST"])
    @signed_in
    async def mine() -> dict[str, str]:
        return HELLO

    @app.post("/enter", response_class=FastPlain)
    @public
    async def enter() -> str:
        return begin()

    if guarded:
        Guard(app, policy=POLICY)
    return app


def build_litestar(*, guarded: bool = False, own: bool = False) -> Any:
    """Litestar."""

    @route("/json", http_method=["GET", "POST"], status_code=200)
    @signed_in
    async def mine() -> dict[str, str]:
        return HELLO

    @route("/token", http_method=["GET"], media_type=MediaType.TEXT)
    @public
    async def token(request: LitestarRequest[Any, Any, Any]) -> str:
        request.set_session({"user": "alice"})
        return ""

    @route("/enter", http_method=["POST"], status_code=200, media_type=MediaType.TEXT)
    @public
    async def enter() -> str:
        return begin()

    layers: dict[str, Any] = {
        "cors_config": CORSConfig(allow_origins=[PARTNER], allow_credentials=True),
        "csrf_config": CSRFConfig(secret="s" * 32),
        "allowed_hosts": AllowedHostsConfig(allowed_hosts=[HOST]),
        "middleware": [RateLimitConfig(("second", 10**9)).middleware, ServerSideSessionConfig().middleware],
    }
    app = Litestar([mine, enter, token], openapi_config=None, logging_config=None, **(layers if own else {}))
    if guarded:
        Guard(app, policy=POLICY)
    return app


def build_flask(*, guarded: bool) -> Any:
    """Flask."""
    app = Flask(__name__, static_folder=None)

    @app.route("/json", methods=["GET", "POST"])
    @signed_in
    def mine() -> dict[str, str]:
        return HELLO

    @app.post("/enter")
    @public
    def enter() -> str:
        return begin()

    if guarded:
        Guard(app, policy=POLICY)
    return app


GUARD_MIDDLEWARE = "vallum.guard.frameworks.django_middleware.GuardMiddleware"
SEVEN = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


def show_mine(request: HttpRequest) -> HttpResponse:
    """The endpoint under WSGI; with Django's own session it reads it, as the guard does."""
    if hasattr(request, "session"):
        request.session.get("user")
    return JsonResponse(HELLO)


async def show_mine_async(request: HttpRequest) -> HttpResponse:
    """The endpoint under ASGI."""
    if hasattr(request, "session"):
        await request.session.aget("user")
    return JsonResponse(HELLO)


def show_token(request: HttpRequest) -> HttpResponse:
    """Begin Django's own session; the cookies of session and token go out."""
    request.session["user"] = "alice"
    return HttpResponse(get_token(request))


def configure_django() -> None:
    """Django's settings are the same for all rows, except the middleware."""
    urls = types.ModuleType("urls")
    urls.urlpatterns = [  # type: ignore[attr-defined]  # what makes a module a URLconf
        path("json", signed_in(show_mine)),
        path("json-async", signed_in(show_mine_async)),
        path("enter", public(lambda _: HttpResponse(begin()))),
        path("token", public(show_token)),
    ]
    settings.configure(
        SECRET_KEY="s" * 50,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
        ALLOWED_HOSTS=[HOST],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        CSRF_TRUSTED_ORIGINS=[PARTNER],
        LOGGING_CONFIG=None,
        ROOT_URLCONF=urls,
        VALLUM=POLICY,
    )
    django.setup()


def build_django(*middleware: str, asgi: bool) -> Any:
    """Django."""
    if not settings.configured:
        configure_django()
    with override_settings(MIDDLEWARE=middleware):
        return ASGIHandler() if asgi else WSGIHandler()


APPS: dict[str, tuple[bool, Callable[[], Any]]] = {
    "Starlette": (False, lambda: build_starlette(guarded=False)),
    "Starlette + guard": (False, lambda: build_starlette(guarded=True)),
    "FastAPI": (False, lambda: build_fastapi(guarded=False)),
    "FastAPI + guard": (False, lambda: build_fastapi(guarded=True)),
    "Litestar": (False, build_litestar),
    "Litestar + guard": (False, lambda: build_litestar(guarded=True)),
    "Litestar + own layers": (False, lambda: build_litestar(own=True)),
    "Flask": (True, lambda: build_flask(guarded=False)),
    "Flask + guard": (True, lambda: build_flask(guarded=True)),
    "Django WSGI": (True, lambda: build_django(asgi=False)),
    "Django WSGI + guard": (True, lambda: build_django(GUARD_MIDDLEWARE, asgi=False)),
    "Django WSGI + own layers": (True, lambda: build_django(*SEVEN, asgi=False)),
    "Django ASGI": (False, lambda: build_django(asgi=True)),
    "Django ASGI + guard": (False, lambda: build_django(GUARD_MIDDLEWARE, asgi=True)),
    "Django ASGI + own layers": (False, lambda: build_django(*SEVEN, asgi=True)),
}
