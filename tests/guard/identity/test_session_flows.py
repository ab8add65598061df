"""Log in and out, the list of sessions, users of handlers, and half logins, through requests."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.guard import (
    Environment,
    Guard,
    GuardPolicy,
    Identity,
    current,
    current_user,
    maybe_user,
    public,
    recent_login,
)
from vallum.guard.identity.testing import IdentityKit
from vallum.guard.identity.users import sessions_of

PASSWORD = "seven blue pencils"


def send(browser: Any, path: str, **fields: str) -> Any:
    token = browser("GET", "/account/session").json()["csrf_token"]
    return browser("POST", path, json=fields, headers={"x-csrf-token": token})


def log_in(browser: Any, password: str = PASSWORD) -> Any:
    return send(browser, "/account/login", login="ada@example.org", password=password)


@pytest.fixture
def ada(build: Any, browse: Any) -> Any:
    app, kit = build()
    kit.add_account("ada@example.org", password=PASSWORD, roles=("editor",))
    return kit, lambda: browse(app)


def test_a_visitor_is_nobody_and_a_user_is_known(ada: Any) -> None:
    _, open_browser = ada
    browser = open_browser()
    assert browser("GET", "/account/session").json()["user"] is None
    assert browser("GET", "/maybe").json() == "nobody"
    assert browser("GET", "/strict").status_code == browser("GET", "/me").status_code == 401
    answer = log_in(browser)
    assert answer.headers["cache-control"] == "no-store"
    assert browser("GET", "/strict").json() == browser("GET", "/maybe").json() == "ada@example.org"
    assert browser("GET", "/me").json()["roles"] == ["editor"]
    assert browser("GET", "/write").status_code == 200


def test_a_login_needs_evidence_of_this_site_and_the_token_of_a_session(ada: Any) -> None:
    _, open_browser = ada
    browser = open_browser()
    fields = {"login": "ada@example.org", "password": PASSWORD}
    foreign = browser("POST", "/account/login", json=fields, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert browser("POST", "/account/login", json=fields, own=False).status_code == 403
    assert log_in(browser).status_code == 200
    assert browser("POST", "/account/logout", json={}).status_code == 403


def test_known_and_unknown_names_fail_alike(ada: Any) -> None:
    _, open_browser = ada
    answers = [
        open_browser()("POST", "/account/login", json={"login": name, "password": "wrong"})
        for name in ("ada@example.org", "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content


def test_logout_ends_this_session_or_all(ada: Any) -> None:
    _, open_browser = ada
    one, two, three = open_browser(), open_browser(), open_browser()
    for browser in (one, two, three):
        assert log_in(browser).status_code == 200
    stolen = dict(one.cookies)
    assert send(one, "/account/logout").status_code == 200
    one.cookies = stolen
    assert one("GET", "/me").status_code == 401
    assert two("GET", "/me").status_code == 200
    assert send(two, "/account/logout/everywhere").status_code == 200
    assert three("GET", "/me").status_code == 401


def test_sessions_are_listed_and_ended(ada: Any, build: Any) -> None:
    kit, open_browser = ada
    browsers = [open_browser() for _ in range(3)]
    for browser in browsers:
        assert log_in(browser).status_code == 200
    here, there, third = browsers
    listed = here("GET", "/account/sessions").json()["sessions"]
    assert [one["is_current"] for one in listed].count(True) == 1
    assert len(listed) == 3
    (others,) = [there("GET", "/account/sessions").json()["sessions"]]
    (handle,) = [one["session"] for one in others if one["is_current"]]
    bob = open_browser()
    bob.cookies = kit.log_in_as(kit.add_account("bob@example.org"))
    assert send(bob, "/account/sessions/end", session=handle).status_code == 404
    assert there("GET", "/me").status_code == 200
    assert send(here, "/account/sessions/end", session=handle).status_code == 200
    assert there("GET", "/me").status_code == 401
    assert send(here, "/account/sessions/end-others").json() == {"ended": 1}
    assert third("GET", "/me").status_code == 401
    assert here("GET", "/me").status_code == 200


def test_an_old_login_is_renewed_by_the_password(ada: Any, ticking: Any) -> None:
    _, open_browser = ada
    browser = open_browser()
    assert log_in(browser).status_code == 200
    assert send(browser, "/erase").status_code == 200
    ticking.move(901)
    refused = send(browser, "/erase")
    assert (refused.status_code, refused.json()["code"]) == (403, "recent-login-required")
    before = dict(browser.cookies)
    assert send(browser, "/account/login/again", password="wrong").status_code == 401
    assert send(browser, "/erase").status_code == 403
    assert send(browser, "/account/login/again", password=PASSWORD).status_code == 200
    assert browser.cookies != before
    assert send(browser, "/erase").status_code == 200


def test_openapi_shows_the_locks(ada: Any, browse: Any, build: Any) -> None:
    app, _ = build()
    described = app.openapi()
    assert described["paths"]["/me"]["get"]["security"] == [{"session": []}, {"token": []}]
    assert described["paths"]["/erase"]["post"]["security"] == [{"session": []}]
    assert "security" not in described["paths"]["/maybe"]["get"]
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_starlette_handlers_ask_functions(browse: Any, ticking: Any) -> None:

    @public
    async def who(_: Request) -> PlainTextResponse:
        user = maybe_user()
        return PlainTextResponse(user.email if user else "nobody")

    @public
    async def strict(_: Request) -> PlainTextResponse:
        return PlainTextResponse(current_user().id + recent_login(10).id)

    app = Starlette(routes=[Route("/who", who), Route("/strict", strict)])
    policy = GuardPolicy(environment=Environment.TEST, clock=ticking)
    kit = IdentityKit(Guard(app, policy=policy, identity=Identity()))
    browser = browse(app)
    assert browser("GET", "/who").text == "nobody"
    assert browser("GET", "/strict").status_code == 401
    browser.cookies = kit.log_in_as(kit.add_account("ada@example.org"))
    assert browser("GET", "/who").text == "ada@example.org"
    assert browser("GET", "/strict").status_code == 200
    ticking.move(11)
    assert browser("GET", "/strict").status_code == 403


def test_a_guard_without_accounts_says_so(browse: Any) -> None:

    seen: list[str] = []

    @public
    async def who(_: Any) -> Any:

        try:
            sessions_of(current())
        except ConfigError as error:
            seen.append(error.code)
        raise RuntimeError

    app = Starlette(routes=[Route("/who", who)])
    Guard(app, policy=GuardPolicy(environment=Environment.TEST))
    browse(app)("GET", "/who")
    assert seen == ["no-identity"]
