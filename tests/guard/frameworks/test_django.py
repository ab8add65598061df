"""What only Django has: the order of middleware, its own CSRF tag, test client and body parsing."""

import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from vallum.base.errors import ConfigError, RefusedError
from vallum.base.secret import Secret
from vallum.guard import Environment, Guard, GuardPolicy, current, public, sign_in, signed_in
from vallum.guard.frameworks import django_body, django_headers
from vallum.guard.http.cors import CorsPolicy
from vallum.stores.sqlite import SqliteSessions

Build = Callable[..., Any]
GUARD = "vallum.guard.frameworks.django_middleware.GuardMiddleware"
RAN: list[str] = []


@public
def show_open(_: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


def bare(_: HttpRequest) -> HttpResponse:
    RAN.append("bare")
    return HttpResponse("secret")


@public
def form(request: HttpRequest) -> HttpResponse:
    template = Template("<form>{% csrf_token %}</form><script nonce={{ csp_nonce }}></script>")
    return HttpResponse(template.render(RequestContext(request)))


@public
def note(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST["text"])


@public
def cookies(_: HttpRequest) -> HttpResponse:
    sign_in("ada")
    answer = HttpResponse("x")
    answer.set_cookie("taste", "sweet", secure=True, httponly=True)
    answer["Vary"] = "Accept-Language"
    answer["X-Frame-Options"] = "ALLOWALL"
    return answer


@public
def silent(_: HttpRequest) -> HttpResponse:
    answer = HttpResponse("<script>")
    del answer["Content-Type"]
    return answer


@public
def file(_: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open("rb"), content_type="text/plain")


@public
def refused(_: HttpRequest) -> HttpResponse:
    raise RefusedError("hidden", code="path-outside")


@signed_in
def mine(_: HttpRequest) -> HttpResponse:
    return HttpResponse(current().path)


class EarlyReader:
    """A middleware that reads the form before the view, as some do."""

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        RAN.append(str(len(request.POST)))
        return self._get_response(request)


class Answering:
    """A middleware that answers first."""

    def __init__(self, get_response: Any) -> None:
        """Nothing to keep."""

    def __call__(self, request: HttpRequest) -> Any:
        return HttpResponse("secret", status=int(request.GET["status"]))


class Raising:
    """A middleware that fails."""

    def __init__(self, get_response: Any) -> None:
        """Nothing to keep."""

    def __call__(self, request: HttpRequest) -> Any:
        raise ValueError("hidden detail")


VIEWS: dict[str, Any] = {
    "open": show_open, "bare": bare, "form": form, "note": note, "cookies": cookies, "silent": silent, "file": file,
    "refused": refused, "mine": mine,
}  # fmt: skip


@contextmanager
def configured(*middleware: str, **given: Any) -> Iterator[None]:
    if not settings.configured:
        settings.configure(SECRET_KEY="not used by the guard" * 3)
        django.setup()
    urls = types.ModuleType("urls")
    urls.urlpatterns = [path(name, view) for name, view in VIEWS.items()]  # type: ignore[attr-defined]  # a URLconf
    templates = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"context_processors": ["vallum.guard.frameworks.django.template_values"]},
    }
    with override_settings(
        **{"ROOT_URLCONF": urls, "ALLOWED_HOSTS": ["*"], "MIDDLEWARE": middleware, "TEMPLATES": [templates], **given}
    ):
        yield


@pytest.fixture
def client(policy: Build) -> Iterator[Build]:
    with configured() as _:
        opened: list[Any] = []

        def build(*middleware: str, **given: Any) -> Client:
            override = override_settings(MIDDLEWARE=[GUARD, *middleware], VALLUM=policy(**given))
            override.enable()
            opened.append(override)
            RAN.clear()
            return Client(raise_request_exception=False, headers={"host": "localhost", "origin": "http://localhost"})

        yield build
        for override in reversed(opened):
            override.disable()


def test_the_test_client_meets_the_guard(client: Build) -> None:
    user = client()
    assert user.get("/open").content == b"open"
    assert user.get("/bare").status_code == 401
    assert RAN == []


def test_djangos_own_tag_carries_the_guards_token(client: Build) -> None:
    user = client()
    page = user.get("/form").content.decode()
    token = page.split('value="')[1].partition('"')[0]
    assert len(token) == 86
    assert user.post("/note", {"text": "milk"}).status_code == 403
    answer = user.post("/note", {"text": "milk", "csrfmiddlewaretoken": token})
    assert answer.content == b"milk"
    plain = "application/x-www-form-urlencoded"
    assert user.post("/note", f"text=tea&csrfmiddlewaretoken={token}", content_type=plain).content == b"tea"


def test_a_middleware_that_reads_the_form_first_changes_nothing(client: Build) -> None:
    user = client(f"{__name__}.EarlyReader")
    token = user.get("/form").content.decode().split('value="')[1].partition('"')[0]
    assert user.post("/note", {"text": "milk"}).status_code == 403
    assert user.post("/note", {"text": "milk", "csrf_token": [token, token]}).status_code == 403
    assert user.post("/note", {"text": "milk", "csrf_token": token}).content == b"milk"
    assert RAN == ["0", "1", "2", "2"]


def test_a_synchronous_middleware_under_asgi(policy: Build, browse: Build) -> None:
    with configured(GUARD, f"{__name__}.EarlyReader", VALLUM=policy()):
        user = browse(ASGIHandler())
        assert user("GET", "/open").text == "open"
        assert user("GET", "/bare").status_code == 401
        token = user("GET", "/form").text.split('value="')[1].partition('"')[0]
        assert user("POST", "/note", data={"text": "milk"}).status_code == 403
        assert user("POST", "/note", data={"text": "milk", "csrf_token": token}).text == "milk"


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("status", [200, 302, 404, 503])
def test_the_seal_holds_what_no_gate_has_judged(
    *, policy: Build, browse: Build, events: list[Any], status: int, wrapped: bool
) -> None:
    inner = f"{__name__}.Answering"
    with configured(*(() if wrapped else (GUARD,)), inner, VALLUM=policy()):
        app = Guard(ASGIHandler(), policy=policy()) if wrapped else ASGIHandler()
        answer = browse(app)("GET", f"/open?status={status}")
    assert answer.status_code == (403 if status < 400 else status)
    assert "secret" not in answer.text
    assert ("response-sealed" in [event.name for event in events]) == (status < 400)


def test_the_apps_own_headers_and_cookies_stay(client: Build) -> None:
    user = client()
    answer = user.post("/cookies")
    assert answer.cookies["taste"].value == "sweet"
    session = answer.cookies["insecure-session"]
    assert (session["httponly"], session["samesite"], session["path"]) == (True, "Strict", "/")
    assert answer["Vary"] == "Accept-Language"
    assert answer["X-Frame-Options"] == "DENY"
    assert user.get("/mine").content == b"/mine"


def test_a_header_that_comes_twice_is_joined(client: Build) -> None:
    answer = client(cors=CorsPolicy(origins=("https://app.example",))).post("/cookies")
    assert answer["Vary"] == "Accept-Language, Origin"


def test_a_body_without_a_content_type_is_refused(client: Build, events: list[Any]) -> None:
    answer = client().get("/silent")
    assert (answer.status_code, b"script" in answer.content) == (500, False)
    assert events[-1].name == "content-type-missing"


def test_files_are_sent_as_files(client: Build) -> None:
    answer = client().get("/file")
    assert b"".join(answer.streaming_content) == Path(__file__).read_bytes()
    answer.close()


def test_what_a_block_refuses_is_answered_as_such(client: Build, events: list[Any]) -> None:
    answer = client().get("/refused")
    assert (answer.status_code, b"hidden" in answer.content) == (400, False)
    assert events[-1].name == "input-refused"


@pytest.mark.parametrize("propagate", [False, True])
def test_a_middleware_that_fails_is_answered_for(*, client: Build, events: list[Any], propagate: bool) -> None:
    user = client(f"{__name__}.Raising")
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=propagate):
        answer = user.get("/open")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    failed = [event for event in events if event.name == "unhandled-exception"]
    assert ["hidden detail" in event.detail["stack"] for event in failed] == [True]


def test_nothing_is_left_behind(client: Build) -> None:
    user = client()

    def ask(name: str) -> None:
        user.get(name)
        with pytest.raises(Exception, match="no guarded request"):
            current()

    for name in ("/open", "/bare", "/nope"):
        Context().run(ask, name)  # a context of its own, where no other test has left anything


def test_the_guard_comes_first(policy: Build) -> None:
    settings = configured("django.middleware.common.CommonMiddleware", GUARD, VALLUM=policy())
    with settings, pytest.raises(ConfigError, match="not the first middleware"):
        WSGIHandler()


@pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])
def test_production_names_undeclared_views_and_debug(tmp_path: Path, handler: Any) -> None:
    production = GuardPolicy(
        environment=Environment.PRODUCTION,
        origins=("https://notes.example",),
        secrets=(Secret("kV3bQ9xW7mZ2rT8yL4nD6sF1hJ5gC0aE"),),
        store=SqliteSessions(tmp_path / "sessions.sqlite"),
    )
    with configured(GUARD, VALLUM=production), pytest.raises(ConfigError, match="1 routes declare nothing: /bare"):
        handler()
    with configured(GUARD, VALLUM=production, DEBUG=True), pytest.raises(ConfigError, match="debug is on"):
        handler()
    with configured(DEBUG=True), pytest.raises(ConfigError, match="debug is on"):
        Guard(handler(), policy=production)


def test_without_a_policy_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALLUM_ENV", "production")
    with configured(GUARD), pytest.raises(ConfigError, match="VALLUM_ORIGINS"):
        WSGIHandler()


def test_a_guard_around_and_a_middleware_judge_once(policy: Build, browse: Build) -> None:
    with configured(GUARD, VALLUM=policy()):
        app = Guard(ASGIHandler(), policy=policy())
        answer = browse(app)("GET", "/open")
        assert answer.text == "open"
        assert len(answer.headers.get_list("x-request-id")) == 1
        assert browse(app)("GET", "/bare").status_code == 401
        assert app.undeclared() == ["/bare"]


def test_the_handler_alone_is_of_no_use(policy: Build, client: Build) -> None:
    handler = WSGIHandler()
    Guard(handler, policy=policy())
    answer = handler.get_response(RequestFactory().get("/open"))
    assert answer.status_code == 500


def test_versions_without_the_places_it_leans_on_are_refused(policy: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    with configured():
        handler = WSGIHandler()
        handler._view_middleware = None
        with pytest.raises(ConfigError, match="this version of Django has no"):
            Guard(handler, policy=policy())
        monkeypatch.setattr(django_headers, "ResponseHeaders", dict)
        with pytest.raises(ConfigError, match=r"ResponseHeaders\._store"):
            Guard(WSGIHandler(), policy=policy())
        monkeypatch.setattr(django_body, "WSGIRequest", lambda _: object())
        with pytest.raises(ConfigError, match=r"HttpRequest\._stream"):
            Guard(WSGIHandler(), policy=policy())


@pytest.mark.parametrize(("debug", "shown"), [(False, "own"), (True, "There is nothing here.")])
def test_an_error_view_of_the_apps_own_stays(client: Build, *, debug: bool, shown: str) -> None:
    @public
    def missing(_: HttpRequest) -> HttpResponse:
        raise Http404("hidden")

    def own(_: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse("own", status=404)

    user = client()
    urls = settings.ROOT_URLCONF
    urls.urlpatterns.append(path("missing", missing))
    urls.handler404 = own
    with override_settings(DEBUG=debug):
        answer = user.get("/missing")
    assert (answer.status_code, shown in answer.content.decode(), b"hidden" in answer.content) == (404, True, False)
