"""An error handler that the app has registered stays, and only for what it was registered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from flask import Flask, abort
from litestar import Litestar, MediaType, Response, get
from litestar.exceptions import HTTPException, NotFoundException
from werkzeug.exceptions import HTTPException as WerkzeugError
from werkzeug.exceptions import NotFound

from vallum.guard import Guard, public
from vallum.guard.errors.validation import find_failures

Build = Callable[..., Any]


def flask_app(policy: Any, *kinds: Any) -> Any:
    app = Flask(__name__)
    for kind in kinds:
        app.register_error_handler(kind, lambda error: ("own", error.code))
    app.add_url_rule("/missing", "missing", public(lambda: abort(404, "hidden")))
    app.add_url_rule("/teapot", "teapot", public(lambda: abort(418, "hidden")))
    Guard(app, policy=policy)
    return app.test_client()


@pytest.mark.parametrize("kind", [404, NotFound, WerkzeugError])
def test_flask(policy: Build, kind: Any) -> None:
    client = flask_app(policy(), kind)
    assert client.get("/missing", base_url="https://localhost", buffered=True).text == "own"
    other = client.get("/teapot", base_url="https://localhost", buffered=True)
    assert (other.status_code, other.text == "own") == (418, kind is WerkzeugError)
    assert "hidden" not in other.text


@pytest.mark.parametrize("kind", [404, NotFoundException, HTTPException])
def test_litestar(policy: Build, browse: Build, kind: Any) -> None:
    @get("/missing")
    @public
    async def missing() -> None:
        raise NotFoundException("hidden")

    @get("/teapot")
    @public
    async def teapot() -> None:
        raise HTTPException("hidden", status_code=418)

    def own(_: Any, error: HTTPException) -> Response[str]:
        return Response("own", status_code=error.status_code, media_type=MediaType.TEXT)

    app = Litestar([missing, teapot], exception_handlers={kind: own}, openapi_config=None, logging_config=None)
    Guard(app, policy=policy())
    user = browse(app)
    assert user("GET", "/missing").text == "own"
    other = user("GET", "/teapot")
    assert (other.status_code, other.text == "own") == (418, kind is HTTPException)
    assert "hidden" not in other.text


def test_what_django_says_of_a_whole_form() -> None:
    error = ValidationError("hidden", code="required")
    assert [(failure.path, failure.code) for failure in find_failures(error) or ()] == [("", "required")]
