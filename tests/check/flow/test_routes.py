"""The ways into an application, by framework."""

from pathlib import Path

from vallum.check.flow.facts import Route
from vallum.check.read.tree import make_sources
from vallum.check.run import build_project


def routes_of(**files: str) -> list[Route]:
    sources = make_sources({name.replace("__", "/") + ".py": text for name, text in files.items()})
    return list(build_project(Path(), sources)[0].routes)


def shown(routes: list[Route]) -> list[tuple[str, tuple[str, ...], str]]:
    return [(route.path, route.methods, route.handler.name) for route in routes]


def levels(route: Route) -> list[tuple[str, str]]:
    return [(dependency.name.rpartition(".")[2], dependency.level) for dependency in route.dependencies]


def test_flask_with_blueprints_and_hooks():
    routes = routes_of(
        app="""
from flask import Flask
from shop import shop
app = Flask(__name__)
app.register_blueprint(shop, url_prefix="/shop")
@app.before_request
def load(): ...
@app.route("/", methods=["GET", "post"])
def index(): ...
def about(): ...
app.add_url_rule("/about", view_func=about)
""",
        shop="""
from flask import Blueprint
from flask.views import MethodView
shop = Blueprint("shop", __name__)
@shop.before_request
def check(): ...
@shop.post("/buy/<int:n>")
def buy(n): ...
class Item(MethodView):
    def get(self): ...
    def delete(self): ...
shop.add_url_rule("/item", view_func=Item.as_view("item"))
""",
    )
    assert shown(routes) == [
        ("/", ("GET", "POST"), "index"),
        ("/about", ("GET",), "about"),
        ("/shop/buy/<int:n>", ("POST",), "buy"),
        ("/shop/item", ("GET",), "get"),
        ("/shop/item", ("DELETE",), "delete"),
    ]
    assert levels(routes[0]) == [("load", "app")]
    assert ("check", "router") in levels(routes[2])
    assert routes[2].changes_state
    assert not routes[3].changes_state
    assert routes[0].framework == "flask"


def test_fastapi_with_routers_and_dependencies():
    routes = routes_of(
        main="""
from typing import Annotated
from fastapi import FastAPI, Depends, Security
from api import router, User
app = FastAPI(dependencies=[Depends(one)])
def one(): ...
app.include_router(router, prefix="/api", dependencies=[Depends(one)])
@app.get("/me")
def me(user: User): ...
@app.websocket("/ws")
async def ws(socket): ...
""",
        api="""
from typing import Annotated
from fastapi import APIRouter, Depends, Security
def token(): ...
def user(t=Depends(token)): ...
User = Annotated[dict, Depends(user)]
router = APIRouter(prefix="/notes", dependencies=[Security(user, scopes=["x"])])
@router.delete("/{id}", dependencies=[Depends(token)])
def remove(id: int): ...
""",
    )
    assert shown(routes) == [
        ("/api/notes/{id}", ("DELETE",), "remove"),
        ("/me", ("GET",), "me"),
        ("/ws", ("*",), "ws"),
    ]
    assert levels(routes[0]) == [
        ("token", "handler"),
        ("user", "router"),
        ("token", "router"),
        ("one", "router"),
        ("one", "app"),
    ]
    assert levels(routes[1]) == [("user", "handler"), ("token", "handler"), ("one", "app")]


def test_starlette_routes_and_middleware():
    routes = routes_of(
        app="""
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from auth import Gate
async def home(request): ...
async def save(request): ...
paths = [Route("/", home), Route("/save", endpoint=save, methods=["POST"])]
app = Starlette(routes=paths, middleware=[Middleware(Gate)])
app.add_route("/more", home)
"""
    )
    assert sorted(shown(routes)) == [("/", ("GET",), "home"), ("/more", ("GET",), "home"), ("/save", ("POST",), "save")]
    more = next(route for route in routes if route.path == "/more")
    assert ("Gate", "app") in levels(more)


def test_django_patterns_includes_and_wrappers():
    routes = routes_of(
        site__urls="""
from django.urls import path, include
urlpatterns = [path("shop/", include("shop.urls"))]
""",
        site__settings="""
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
""",
        shop__urls="""
from django.urls import path
from django.contrib.auth.decorators import login_required
from shop import views
urlpatterns = [path("buy/<int:n>", login_required(views.buy)), path("item", views.Item.as_view())]
""",
        shop__views="""
from django.views import View
from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_http_methods
@require_POST
def buy(request, n): return HttpResponse("")
class Item(View):
    def get(self, request): return HttpResponse("")
@require_http_methods(["PUT"])
def loose(request): return HttpResponse("")
def helper(request): return 1
""",
    )
    assert shown(routes) == [
        ("/shop/buy/<int:n>", ("POST",), "buy"),
        ("/shop/item", ("GET",), "get"),
        ("", ("PUT",), "loose"),
    ]
    assert ("login_required", "handler") in levels(routes[0])
    assert ("CsrfViewMiddleware", "app") in levels(routes[0])


def test_other_decorators_are_no_routes():
    assert routes_of(a="import click\n@click.get('/x')\ndef f(): ...\n@cache.get(1)\ndef g(): ...\n") == []
