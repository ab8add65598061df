"""Each class of attack meets two layers: with either one away the other refuses, and with both away it succeeds."""

import io
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import html5lib
import jinja2
import pytest
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard import Environment, Guard, GuardPolicy, current_actor, public, requires, sign_in
from vallum.guard.authorization.demands import requires_fresh
from vallum.guard.authorization.ownership import load_or_404
from vallum.guard.configuration.active import report_guards
from vallum.guard.data.queries import Query
from vallum.guard.files.file_types import PNG
from vallum.guard.files.upload_names import UploadRefusedError
from vallum.guard.files.uploads import UploadPolicy, UploadStore
from vallum.guard.input.fields import Username
from vallum.guard.layers import Layer

ACCOUNTS: Final[dict[str, str]] = {}
KEY: Final = "9d41c7e2a58f"
FIND: Final = Query("SELECT secret FROM things WHERE name = ?")
FOREIGN: Final = {"origin": "https://evil.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
Build = Callable[[frozenset[str]], Any]


class Shop:
    """An app of blocks, each of which can be left out by the name of its layer."""

    def __init__(self, away: frozenset[str], folder: Path) -> None:
        self.away = away
        self.folder = folder
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.executescript("CREATE TABLE things (name, secret); INSERT INTO things VALUES ('lamp', 'hidden')")
        self.routes = [
            Route("/enter", self.enter, methods=["POST"]),
            Route("/search", self.search),
            Route("/hello", self.hello),
            Route("/note", self.note),
            Route("/fresh", self.note_by_fresh_roles),
            Route("/pay", self.pay, methods=["POST"]),
            Route("/boom", self.boom),
            Route("/upload", self.upload, methods=["POST"]),
            Route("/picture", self.picture),
        ]

    @public
    async def enter(self, _: Request) -> Response:
        sign_in("ada")
        return PlainTextResponse("in")

    @public
    def search(self, request: Request) -> Response:
        name = request.query_params["name"]
        if "values by rules" not in self.away:
            try:
                TypeAdapter(Username).validate_python(name)
            except ValidationError:
                return PlainTextResponse("no such name", 422)
        if "bound parameters" not in self.away:
            return JSONResponse(FIND.execute(self.database, (name,)).fetchall())
        return JSONResponse(self.database.execute(f"SELECT secret FROM things WHERE name = '{name}'").fetchall())

    @public
    async def hello(self, request: Request) -> Response:
        templates = jinja2.Environment(autoescape="escaping" not in self.away)
        return HTMLResponse(templates.from_string("<p>{{ name }}</p>").render(name=request.query_params["name"]))

    @requires("notes:read")
    async def note(self, _: Request) -> Response:
        def load(key: str, owner: str) -> str | None:
            return key if owner == "bob" or "decision for the object" in self.away else None

        return PlainTextResponse(load_or_404(load, "the note of bob", current_actor()))

    @requires_fresh("notes:read")
    async def note_by_fresh_roles(self, request: Request) -> Response:
        return await self.note(request)

    @public
    async def pay(self, _: Request) -> Response:
        return PlainTextResponse(f"paid by {current_actor().id}")

    @public
    async def boom(self, _: Request) -> Response:
        key: object = KEY if "values that do not print" in self.away else Secret(KEY)
        try:
            _ = ACCOUNTS[f"account of {key}"]
        except KeyError as error:
            if "generic errors" in self.away:
                return PlainTextResponse(str(error), 400)
            raise
        return PlainTextResponse("found")

    @public
    async def upload(self, request: Request) -> Response:
        body = await request.body()
        if "type by content and name" in self.away:
            (self.folder / "kept").write_bytes(body)
            return PlainTextResponse("kept")
        store = UploadStore(self.folder, UploadPolicy(types=(PNG,)))
        try:
            stored = store.receive(io.BytesIO(body), name="me.png")
        except UploadRefusedError as refused:
            return PlainTextResponse("refused", refused.status)
        (self.folder / "kept").write_bytes((self.folder / stored.name).read_bytes())
        return PlainTextResponse("kept")

    @public
    async def picture(self, _: Request) -> Response:
        return Response((self.folder / "kept").read_bytes(), media_type="image/png")


def injects(send: Any) -> bool:
    return "hidden" in str(send("GET", "/search", params={"name": "' OR '1'='1"}).text)


def runs_a_script(send: Any) -> bool:
    answer = send("GET", "/hello", params={"name": "<script>steal()</script>"})
    born = html5lib.parse(answer.text, namespaceHTMLElements=False).find(".//script") is not None
    policy = answer.headers.get("content-security-policy", "")
    return born and ("script-src" not in policy or "'unsafe-inline'" in policy)


def is_framed(send: Any) -> bool:
    headers = send("GET", "/hello", params={"name": "ada"}).headers
    return "x-frame-options" not in headers and "frame-ancestors" not in headers.get("content-security-policy", "")


def reads_what_is_bobs(send: Any) -> bool:
    send("POST", "/enter")
    return "bob" in str(send("GET", "/note").text) and "bob" in str(send("GET", "/fresh").text)


def pays_from_another_site(send: Any) -> bool:
    send("POST", "/enter")
    return "paid by ada" in str(send("POST", "/pay", headers=FOREIGN).text)


def shows_the_key(send: Any) -> bool:
    return KEY in str(send("GET", "/boom").text)


def serves_a_page_as_a_picture(send: Any) -> bool:
    kept = send("POST", "/upload", content=b"<html><script>steal()</script>").text == "kept"
    return kept and "x-content-type-options" not in send("GET", "/picture").headers


ATTACKS: Final = {
    "injection": (injects, "values by rules", "bound parameters"),
    "cross-site scripting": (runs_a_script, "escaping", Layer.CONTENT_SECURITY_POLICY),
    "framing": (is_framed, Layer.CONTENT_SECURITY_POLICY, Layer.FRAME_OPTIONS),
    "access bypass": (reads_what_is_bobs, Layer.PERMISSIONS, "decision for the object"),
    "cross-site requests": (pays_from_another_site, Layer.CSRF_EVIDENCE, Layer.CSRF_TOKEN),
    "leak of a secret": (shows_the_key, "generic errors", "values that do not print"),
    "abuse of uploads": (serves_a_page_as_a_picture, "type by content and name", Layer.NOSNIFF),
}


@pytest.fixture
def attack(browse: Callable[..., Any], policy: Callable[..., Any], tmp_path: Path) -> Iterator[Callable[..., bool]]:
    """Tell whether the attack of that name succeeds without the given layers."""
    shops: list[Shop] = []

    def run(name: str, *away: str | Layer) -> bool:
        layers = frozenset(layer for layer in away if isinstance(layer, Layer))
        shop = Shop(frozenset(layer for layer in away if isinstance(layer, str)), tmp_path)
        shops.append(shop)
        app = Starlette(routes=shop.routes)
        settings = {"environment": Environment.TEST, "origins": ("https://localhost",), "unsafe_without": layers}
        Guard(app, policy=policy(**settings, fresh_roles=lambda _: ()))
        return bool(ATTACKS[name][0](browse(app)))

    yield run
    for shop in shops:
        shop.database.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_either_layer_refuses_alone(attack: Callable[..., bool], name: str) -> None:
    _, first, second = ATTACKS[name]
    assert not attack(name)
    assert not attack(name, first), f"{second} does not hold alone"
    assert not attack(name, second), f"{first} does not hold alone"
    assert attack(name, first, second), "the attack does not work without them, so the test shows nothing"


def test_the_report_tells_the_layers_of_every_attack_that_is_tried_here() -> None:
    told = {defence.attack: defence for defence in report_guards(GuardPolicy()).defences}
    assert told.keys() == ATTACKS.keys()
    assert not report_guards(GuardPolicy()).shallow  # this test has loaded each block


@pytest.mark.parametrize("environment", [Environment.DEVELOPMENT, Environment.PRODUCTION])
def test_only_tests_take_layers_away(environment: Environment) -> None:
    with pytest.raises(ConfigError, match="environment is not test"):
        GuardPolicy(environment=environment, unsafe_without=frozenset({Layer.CSRF_TOKEN}))


@pytest.mark.parametrize("given", [{Layer.CSRF_TOKEN}, frozenset({"csrf-token"}), (Layer.CSRF_TOKEN,), "csrf-token"])
def test_what_is_no_set_of_layers_is_refused(given: Any) -> None:
    with pytest.raises(ConfigError, match="frozenset of layers"):
        GuardPolicy(environment=Environment.TEST, unsafe_without=given)


def test_a_test_without_a_layer_may_log_what_production_would_refuse(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="vallum.startup")
    policy = GuardPolicy(environment=Environment.TEST, unsafe_without=frozenset({Layer.CSRF_TOKEN}))
    Guard(Starlette(), policy=policy)
    assert "production would refuse" in caplog.text


def test_a_layer_that_is_away_is_reported() -> None:
    policy = GuardPolicy(environment=Environment.TEST, unsafe_without=frozenset({Layer.FRAME_OPTIONS}))
    report = Guard(Starlette(), policy=policy).report()
    assert report.without == ("x-frame-options",)
    assert "framing" in report.shallow
    assert report.controls["csrf"] == ("vallum.guard.sessions.csrf",)
