"""Django with every layer of the guard on; the two modules beside this one build it for ASGI and for WSGI."""

import types
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from benchmarks.apps.layers import HELLO, build_policy, prime
from vallum.guard import public, requires

GUARD = "vallum.guard.frameworks.django_middleware.GuardMiddleware"


@requires("json:read")
def hello(_: HttpRequest) -> HttpResponse:
    """The endpoint that is timed under WSGI."""
    return JsonResponse(HELLO)


@requires("json:read")
async def hello_async(_: HttpRequest) -> HttpResponse:
    """The same under ASGI."""
    return JsonResponse(HELLO)


@public
def enter(_: HttpRequest) -> HttpResponse:
    """Sign the harness in."""
    told, cookie = prime()
    return JsonResponse(told, headers={"set-cookie": cookie})


def build(*, asgi: bool) -> Any:
    """The handler; one for each process, since Django's settings are global."""
    urls = types.ModuleType("urls")
    urls.urlpatterns = [path("json", hello_async if asgi else hello), path("prime", enter)]  # type: ignore[attr-defined]  # what makes a module a URLconf
    settings.configure(
        SECRET_KEY="s" * 50,
        ALLOWED_HOSTS=["api.example"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=[GUARD],
        ROOT_URLCONF=urls,
        VALLUM=build_policy(),
    )
    django.setup()
    return ASGIHandler() if asgi else WSGIHandler()
