"""Each framework tells of its own routes."""

import subprocess
import sys
from typing import Annotated

import pytest
from django import urls
from django.utils.datastructures import MultiValueDict
from django.views import View
from fastapi import APIRouter, Body, FastAPI, Form, UploadFile
from flask import Flask, request
from flask.views import MethodView
from litestar import Litestar, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute

from vallum.probe.collect.routes.frameworks import find_inner, read_routes
from vallum.probe.collect.routes.handlers import read_handler
from vallum.probe.operation import In, merge_operations


def told(app):
    return {str(operation): operation for operation in merge_operations(read_routes(app))}


async def page(request):
    return PlainTextResponse(request.query_params.get("q", ""))


class Item(HTTPEndpoint):
    async def get(self, request):
        return PlainTextResponse("x")

    async def post(self, request):
        form = await request.form()
        return PlainTextResponse(form["title"])


async def socket(websocket): ...


async def bare(scope, receive, send): ...


def test_starlette_with_mounts_hosts_and_endpoints():
    app = Starlette(
        routes=[
            Route("/search", page),
            Route("/items/{item_id:int}", Item),
            Mount("/inner", routes=[Route("/{name}/x", page, methods=["PUT"])]),
            Mount("/static", app=bare),
            Host("api.example", app=Router(routes=[Route("/v1", page)])),
            WebSocketRoute("/ws", socket),
        ]
    )
    found = told(app)
    assert set(found) == {
        "GET /search",
        "GET /items/{item_id}",
        "POST /items/{item_id}",
        "PUT /inner/{name}/x",
        "GET /static/{path}",
        "GET /v1",
    }
    assert [p.key for p in found["GET /search"].parameters] == [("query", "q")]
    assert found["GET /items/{item_id}"].holes[0].kind == "integer"
    assert found["GET /static/{path}"].holes[0].form == "path"
    assert not any("ws" in name for name in found)


def test_fastapi_with_nested_routers_and_types():
    inner = APIRouter(prefix="/inner")
    outer = APIRouter(prefix="/outer")

    @inner.get("/{item_id}")
    def read(item_id: int, q: str = "", page: Annotated[int, "page"] = 2): ...

    @inner.post("/{item_id}")
    def write(item_id: int, data: Annotated[dict, Body()]): ...

    @outer.post("/form")
    def form(title: Annotated[str, Form(max_length=80)], picture: UploadFile): ...

    outer.include_router(inner)
    app = FastAPI(openapi_url=None)
    app.include_router(outer)
    found = told(app)
    read_op = found["GET /outer/inner/{item_id}"]
    assert {p.name: p.kind for p in read_op.parameters} == {"item_id": "integer", "q": "string", "page": "integer"}
    assert {p.name: p.place for p in found["POST /outer/form"].parameters} == {"title": In.FORM, "picture": In.FILE}
    assert found["POST /outer/form"].media == "multipart"
    assert next(p for p in found["POST /outer/form"].parameters if p.name == "title").longest == 80


def test_app_in_wrappers_is_found():
    class Shell:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send): ...

    app = Starlette(routes=[Route("/a", page)])
    assert find_inner(Shell(Shell(app))) is app
    assert set(told(Shell(Shell(app)))) == {"GET /a"}
    assert read_routes(bare) == ()


def test_description_that_fails_leaves_the_routes():
    class Broken(FastAPI):
        def openapi(self):
            raise RuntimeError("no")

    app = Broken(openapi_url=None)
    app.add_api_route("/a", lambda: None)
    assert set(told(app)) == {"GET /a"}


def test_flask():
    app = Flask("shop", static_folder=None)

    @app.route("/notes/<int:note_id>", methods=["GET", "POST"])
    def notes(note_id):
        return request.args.get("q") or request.form["title"]

    @app.get("/files/<path:name>")
    def files(name): ...

    class Cart(MethodView):
        def get(self): ...

        def post(self):
            return request.get_json() and request.json["count"]

    app.add_url_rule("/cart", view_func=Cart.as_view("cart"))
    found = told(app)
    assert set(found) == {
        "GET /notes/{note_id}",
        "POST /notes/{note_id}",
        "GET /files/{name}",
        "GET /cart",
        "POST /cart",
    }
    assert [p.key for p in found["GET /notes/{note_id}"].parameters] == [("path", "note_id"), ("query", "q")]
    assert ("form", "title") in [p.key for p in found["POST /notes/{note_id}"].parameters]
    assert found["GET /files/{name}"].holes[0].form == "path"
    assert found["POST /cart"].media == "json"


def test_litestar():
    @get("/notes/{note_id:int}", sync_to_thread=False)
    def read(note_id: FromPath[int], q: FromQuery[str]) -> str:
        return q

    @post("/notes")
    async def write(data: JSONBody[dict[str, str]]) -> None: ...

    found = told(Litestar([read, write]))
    assert {"GET /notes/{note_id}", "POST /notes"} <= set(found)
    assert ("query", "q") in [p.key for p in found["GET /notes/{note_id}"].parameters]


DJANGO = """
import django
from django.conf import settings
settings.configure(ROOT_URLCONF="__main__", SECRET_KEY="x", ALLOWED_HOSTS=["*"])
django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views import View

class Item(View):
    def get(self, request, pk): return HttpResponse(request.GET["q"])
    def delete(self, request, pk): ...

def contact(request):
    return HttpResponse(request.POST["text"])

inner = [path("<int:pk>/", Item.as_view()), re_path(r"^old/(?P<year>[0-9]{4})/$", contact)]
urlpatterns = [path("items/", include(inner)), path("contact/", contact)]

from vallum.probe.collect.routes.frameworks import read_routes
for operation in read_routes(WSGIHandler()):
    print(operation, [str(p) for p in operation.parameters])
"""


def test_django(tmp_path):
    script = tmp_path / "shop.py"
    script.write_text(DJANGO)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "DELETE /items/{pk}/ ['path pk']",
        "GET /items/{pk}/ ['path pk', 'query q']",
        "GET /items/old/{year}/ ['path year']",
        "POST /items/old/{year}/ ['path year', 'form text']",
        "GET /contact/ []",
        "POST /contact/ ['form text']",
    ]


@pytest.mark.parametrize("handler", [None, len, Item, print])
def test_handler_without_source_tells_nothing(handler):
    assert all(parameter.name == "title" for parameter in read_handler(handler))


def test_django_patterns_without_a_project(monkeypatch):
    def contact(request):
        return request.POST["text"]

    class Resolver:
        url_patterns = (
            urls.path("items/<int:pk>/", DjangoView.as_view()),
            urls.path("inner/", urls.include([urls.re_path(r"^old/(?P<year>[0-9]{4})/$", contact)])),
        )

    monkeypatch.setattr(urls, "get_resolver", Resolver)
    found = told(MultiValueDict())
    assert set(found) == {"GET /items/{pk}/", "GET /inner/old/{year}/", "POST /inner/old/{year}/"}
    assert found["GET /items/{pk}/"].holes[0].kind == "integer"


class DjangoView(View):
    def get(self, request, pk): ...
