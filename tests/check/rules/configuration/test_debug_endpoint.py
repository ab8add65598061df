import pytest

SLUG = "debug-endpoint"
APP = """
    from flask import Flask
    from flask_login import login_required
    app = Flask(__name__)

    @app.get("{path}")
    {decorator}
    def show():
        return ""
"""


@pytest.mark.parametrize(
    "path", ["/debug", "/debug/config", "/metrics", "/test-mail", "/actuator/env", "/swagger.json", "/_debug/pprof"]
)
def test_open(lines, path):
    assert lines(SLUG, APP.format(path=path, decorator=""))[0] == [7]


@pytest.mark.parametrize("path", ["/debugging-guide", "/tests/<id>", "/latest", "/symmetrics", "/users/test_results"])
def test_other_paths(lines, path):
    assert lines(SLUG, APP.format(path=path, decorator="")) == [[], []]


def test_behind_a_login(lines):
    assert lines(SLUG, APP.format(path="/metrics", decorator="@login_required")) == [[], [7]]


def test_in_development_only(lines):
    text = """
        from flask import Flask
        app = Flask(__name__)
        if app.config["ENV"] == "development":
            @app.get("/debug")
            def show():
                return ""
    """
    assert lines(SLUG, text) == [[], [5]]


def test_mounts(lines):
    text = """
        from fastapi import FastAPI
        from prometheus_client import make_asgi_app
        app = FastAPI(openapi_url=None)
        app.mount("/metrics", make_asgi_app())
        app.mount("/static", files)
        if settings.DEBUG:
            app.mount("/debug", tool)
    """
    assert lines(SLUG, text) == [[4], [3, 7]]


def test_django_includes(lines):
    text = """
        from django.urls import include, path
        urlpatterns = [
            path("silk/", include("silk.urls")),
            path("orders/", include("orders.urls")),
            path("metrics/", login_required(metrics_view)),
        ]
    """
    assert lines(SLUG, text) == [[3], [5]]


def test_libraries_that_expose(lines):
    assert lines(SLUG, "from flasgger import Swagger\nSwagger(app)\n") == [[2], []]


@pytest.mark.parametrize(
    ("made", "found", "sound"),
    [
        ("FastAPI()", [4], []),
        ('FastAPI(docs_url="/docs")', [4], []),
        ("FastAPI(openapi_url=None)", [], [4]),
        ('FastAPI(openapi_url="/o.json" if settings.DEBUG else None)', [], [4]),
        ("FastAPI(docs_url=None, redoc_url=None)", [4], []),
        ("FastAPI(**options)", [], []),
        ("Litestar([show])", [4], []),
        ("Litestar([show], openapi_config=None)", [], [4]),
    ],
)
def test_generated_documentation(lines, made, found, sound):
    text = f"""
        from fastapi import APIRouter, FastAPI
        from litestar import Litestar
        router = APIRouter()
        app = {made}

        @router.get("/a")
        def show():
            return ""
    """
    assert lines(SLUG, text) == [found, sound]
