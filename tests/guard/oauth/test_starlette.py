"""The two endpoints in a guarded Starlette app; the browser itself is in test_real_provider.py."""

import html
import re
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard import Guard, GuardPolicy
from vallum.guard.logging.events import Event
from vallum.guard.oauth.starlette import sign_in_routes
from vallum.guard.policy import Environment
from vallum.stores.memory.sessions import MemorySessions

ORIGIN = "https://app.example"
OWN = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def app(kit: Any, events: list[Event]) -> Starlette:
    app = Starlette(routes=sign_in_routes(kit.client, lambda arrival: f"account-of-{arrival.identity.subject}"))
    policy = GuardPolicy(
        environment=Environment.TEST,
        origins=(ORIGIN,),
        secrets=(Secret("kX2v-9qLw_7RzT4mBs81YfHc0PdJ6NgUa"),),
        store=MemorySessions(),
        sink=events.append,
    )
    Guard(app, policy=policy)
    return app


def visit(app: Starlette) -> TestClient:
    return TestClient(app, base_url=ORIGIN, follow_redirects=False)


def come_back(kit: Any, client: TestClient) -> str:
    return str(kit.issuer.authorize(client.get("/login/fake").headers["location"]))


def press(client: TestClient, page: str) -> Any:
    fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page))
    fields = {name: html.unescape(value) for name, value in fields.items()}
    return client.post("/login/fake/callback", data=fields, headers=OWN)


def test_a_sign_in_begins_a_session(kit: Any, app: Starlette):
    client = visit(app)
    query = come_back(kit, client)
    page = client.get(f"/login/fake/callback?{query}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers or "__Host-session" not in page.headers["set-cookie"]
    answer = press(client, page.text)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "__Host-session=" in answer.headers["set-cookie"]


def test_who_is_signed_in_already_may_sign_in_again(kit: Any, app: Starlette):
    client = visit(app)
    press(client, client.get(f"/login/fake/callback?{come_back(kit, client)}").text)
    query, session = come_back(kit, client), client.cookies.pop("__Host-session")
    elsewhere = {"sec-fetch-site": "cross-site"}  # and so without the cookies that are SameSite=Strict
    turned = client.get(f"/login/fake/callback?{query}", headers=elsewhere)
    (address,) = re.findall(r'href="([^"]*)"', turned.text)
    assert html.unescape(address) == f"/login/fake/callback?{query}&from=here"
    assert "set-cookie" not in turned.headers
    client.cookies.set("__Host-session", session)
    answer = press(client, client.get(html.unescape(address)).text)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_the_cookie_that_binds_the_browser_has_every_flag(app: Starlette):
    (line,) = visit(app).get("/login/fake").headers.get_list("set-cookie")
    assert re.fullmatch(r"__Host-oauth=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax", line)


def test_the_callback_alone_signs_nobody_in_and_uses_nothing_up(kit: Any, app: Starlette):
    client = visit(app)
    query = come_back(kit, client)
    for _ in range(3):
        assert client.get(f"/login/fake/callback?{query}").status_code == 200
    assert "/token" not in kit.issuer.paths()


@pytest.mark.parametrize("path", ["", "?code=x", "?code=x&state=" + "y" * 43, "?" + "x" * 9000])
def test_other_callbacks_get_one_answer(kit: Any, app: Starlette, events: list[Event], path: str):
    client = visit(app)
    client.get("/login/fake")
    answer = client.get(f"/login/fake/callback{path}")
    assert (answer.status_code, answer.json()["code"]) == (400, "sign-in-refused")
    assert events[-1].name == "login-failed"
    assert ":" in events[-1].detail["cause"]
    assert "/token" not in kit.issuer.paths()


def test_the_answers_are_the_same_and_the_log_tells_why(kit: Any, app: Starlette, events: list[Event]):
    client, other = visit(app), visit(app)
    query = come_back(kit, client)
    lost = other.get(f"/login/fake/callback?{query}")
    other.get("/login/fake")
    foreign = other.get(f"/login/fake/callback?{query}")
    assert lost.content == foreign.content
    causes = [event.detail["cause"].partition(":")[0] for event in events if event.name == "login-failed"]
    assert causes == ["cookie-missing", "state-browser"]


def test_a_post_from_another_page_is_refused(kit: Any, app: Starlette):
    client = visit(app)
    query = come_back(kit, client)
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert client.post("/login/fake/callback", data={"answer": query}, headers=elsewhere).status_code == 403
    assert client.post("/login/fake/callback", data={"answer": ""}, headers=OWN).status_code == 400
    assert client.post("/login/fake/callback", content=b"\xff", headers=OWN).status_code in {400, 415}
    assert "/token" not in kit.issuer.paths()


def test_what_the_address_holds_is_no_markup(kit: Any, app: Starlette):
    client = visit(app)
    query = come_back(kit, client)
    page = client.get(f"/login/fake/callback?{query}&x=%22'><script>alert(1)</script>")
    assert "<script>alert" not in page.text


def test_a_forged_host_changes_no_redirect_uri(app: Starlette):
    answer = visit(app).get("/login/fake", headers={"host": "evil.example"})
    assert "evil.example" not in answer.headers.get("location", "")


def test_unknown_providers_and_outages_have_their_answers(kit: Any, app: Starlette):
    client = visit(app)
    assert client.get("/login/unknown").status_code == 404
    kit.issuer.down = {"/.well-known/openid-configuration"}
    answer = client.get("/login/fake")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_the_end_is_a_local_path(kit: Any):
    with pytest.raises(ConfigError):
        sign_in_routes(kit.client, lambda _: "ada", after="https://evil.example/")
