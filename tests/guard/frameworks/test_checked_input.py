"""Handlers that get typed input in the place of the request, in the frameworks that have no models of their own."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import django
import flask
import pytest
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.test import RequestFactory
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from vallum.base.errors import RefusedError
from vallum.guard import Guard, public
from vallum.guard.frameworks import django_input, flask_input, starlette_input
from vallum.guard.input.checked_request import CheckedRequest, RequestShape
from vallum.guard.input.fields import Id, PlainLine
from vallum.guard.input.request_model import RequestModel


class NewNote(RequestModel):
    title: PlainLine


class Place(RequestModel):
    note: Id


SHAPE = RequestShape(body=NewNote, path=Place)
Send = Callable[[str, bytes, str], int]
JSON = "application/json"


def answer(data: CheckedRequest) -> dict[str, Any]:
    return {"note": data.path.note, "title": data.body.title}


@pytest.fixture
def by_starlette() -> Send:
    @public
    @starlette_input.checked(SHAPE)
    async def change(data: CheckedRequest) -> JSONResponse:
        return JSONResponse(answer(data))

    app = Starlette(routes=[Route("/notes/{note}", change, methods=["POST"])])
    Guard(app)
    client = TestClient(app)

    def send(path: str, body: bytes, kind: str) -> int:
        answered = client.post(path, content=body, headers={"content-type": kind})
        assert answered.status_code != 200 or answered.json() == {"note": 7, "title": "Hi"}
        return answered.status_code

    return send


@pytest.fixture
def by_flask() -> Send:
    app = flask.Flask(__name__)

    @app.post("/notes/<note>")
    @public
    @flask_input.checked(SHAPE)
    def change(data: CheckedRequest) -> dict[str, Any]:
        return answer(data)

    Guard(app)
    client = app.test_client()

    def send(path: str, body: bytes, kind: str) -> int:
        answered = client.post(path, data=body, content_type=kind, buffered=True)
        assert answered.status_code != 200 or answered.json == {"note": 7, "title": "Hi"}
        return answered.status_code

    return send


def through_django(view: Callable[..., Any]) -> Send:
    if not settings.configured:
        settings.configure(SECRET_KEY="not used by the guard" * 3)
        django.setup()

    def send(path: str, body: bytes, kind: str) -> int:
        request = RequestFactory().post(path, data=body, content_type=kind)
        note = path.partition("?")[0].rpartition("/")[2]
        try:
            answered = view(request, note=note)
            answered = asyncio.run(answered) if asyncio.iscoroutine(answered) else answered
        except RefusedError as refused:  # the guard's middleware answers it: tests/guard/frameworks/test_django.py
            return refused.status
        assert json.loads(answered.content) == {"note": 7, "title": "Hi"}
        return int(answered.status_code)

    return send


@pytest.fixture
def by_django() -> Send:
    @django_input.checked(SHAPE)
    def change(data: CheckedRequest) -> HttpResponse:
        return JsonResponse(answer(data))

    return through_django(change)


@pytest.fixture
def by_async_django() -> Send:
    @django_input.checked(SHAPE)
    async def change(data: CheckedRequest) -> HttpResponse:
        return JsonResponse(answer(data))

    return through_django(change)


@pytest.mark.parametrize("framework", ["starlette", "flask", "django", "async_django"])
def test_the_handler_runs_with_typed_input_or_not_at_all(framework, request):
    send: Send = request.getfixturevalue(f"by_{framework}")
    assert send("/notes/7", b'{"title": "Hi"}', JSON) == 200
    assert send("/notes/7", b'{"title": "Hi", "role": "admin"}', JSON) == 400
    assert send("/notes/0", b'{"title": "Hi"}', JSON) == 400
    assert send("/notes/7?debug=1", b'{"title": "Hi"}', JSON) == 400
    assert send("/notes/7", b"<note/>", "text/xml") == 415
    assert send("/notes/7", b'"' + b"a" * 1_100_000 + b'"', JSON) == 413
