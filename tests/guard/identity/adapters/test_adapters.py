"""The flows in every framework: the same requests, the same answers, and no way in with less than all proofs."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.guard.identity.adapters.sites import open_site
from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.guard import Environment, GuardPolicy, Identity
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.passwords import PasswordHasher

PASSWORD = "seven blue pencils"
SECRET = Secret("Zk3vR8sN1qLw6yTb9xHc2mJf5pGd7uEa0oWiVtYn")
PASSWORDS = PasswordHasher(UNSAFE_CHEAPEST)
PAGE = {"accept": "text/html"}
KINDS = (
    "starlette",
    "fastapi",
    "litestar",
    "flask",
    "django-wsgi",
    "django-asgi",
    "django-wsgi-wrapped",
    "django-asgi-wrapped",
)


class World:
    """A site, its kit, and browsers."""

    def __init__(self, app: Any, kit: Any, browse: Any, send: Any, submit: Any) -> None:
        self.app, self.kit, self.send, self.submit = app, kit, send, submit
        self._browse = browse

    def open(self, account: Any = None, **proofs: bool) -> Any:
        browser = self._browse(self.app)
        if account is not None:
            browser.cookies = self.kit.log_in_as(account, **proofs)
        return browser

    def log_in(self, browser: Any, password: str = PASSWORD) -> Any:
        return self.send(browser, "/login", login="ada@example.org", password=password)

    def add(self) -> Any:
        return self.kit.add_account("ada@example.org", password=PASSWORD)

    def who(self, browser: Any) -> Any:
        answer = browser("GET", "/me")
        return answer.text if answer.status_code == 200 else answer.status_code


@pytest.fixture(params=KINDS)
def world(
    request: pytest.FixtureRequest, ticking: Any, browse: Callable[..., Any], send: Any, submit: Any, tmp_path: Any
) -> Iterator[World]:
    policy = GuardPolicy(environment=Environment.TEST, clock=ticking, secrets=(SECRET,), roles={"admin": ["admin"]})
    database = f"sqlite:///{tmp_path}/app.sqlite" if request.param == "django-asgi" else ""  # a store that waits
    identity = Identity(
        jobs=ImmediateJobs(), passwords=PASSWORDS, site="Notes", admin_permission="admin", database=database
    )
    with ExitStack() as stack:
        app, kit = stack.enter_context(open_site(request.param)(policy, identity))
        yield World(app, kit, browse, send, submit)


def test_users_of_handlers(world: World, ticking: Any) -> None:
    ada, visitor = world.add(), world.open()
    assert visitor("GET", "/maybe").text == "nobody"
    assert world.who(visitor) == 401
    member = world.open(ada)
    assert member("GET", "/maybe").text == world.who(member) == "ada@example.org"
    token = member("GET", "/account/session").json()["csrf_token"]
    assert member("POST", "/erase", headers={"x-csrf-token": token}).text == "ada@example.org"
    assert member("GET", "/vault").status_code == 403
    assert world.open(ada, with_factor=True)("GET", "/vault").text == "gold"
    ticking.move(901)
    refused = member("POST", "/erase", headers={"x-csrf-token": token})
    assert (refused.status_code, refused.json()["code"]) == (403, "recent-login-required")


def test_register_log_in_and_out(world: World) -> None:
    browser = world.open()
    assert world.send(browser, "/register", email="ada@example.org", password=PASSWORD).status_code == 200
    token = world.kit.last_token()
    page = browser("GET", f"/account/register/confirm?token={token}", headers=PAGE)
    assert token in page.text
    assert world.send(browser, "/register/confirm", token=token, password=PASSWORD).status_code == 200
    assert world.log_in(browser, "wrong").status_code == 401
    answer = world.log_in(browser)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert world.who(browser) == "ada@example.org"
    (session,) = browser("GET", "/account/sessions").json()["sessions"]
    assert session["is_current"]
    assert world.send(browser, "/logout").status_code == 200
    assert world.who(browser) == 401


def test_the_pages_work_as_forms(world: World) -> None:
    world.add()
    browser = world.open()
    closed = browser("GET", "/me", headers=PAGE)
    assert (closed.status_code, closed.headers["location"]) == (303, "/account/login?next=/me")
    page = browser("GET", closed.headers["location"], headers=PAGE)
    assert (page.status_code, page.headers["content-type"].lower()) == (200, "text/html; charset=utf-8")
    fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page.text))
    assert fields["next"] == "/me"
    fields |= {"login": "ada@example.org", "password": PASSWORD}
    done = browser("POST", "/account/login", data=fields, headers=PAGE)
    assert (done.status_code, done.headers["location"]) == (303, "/me")
    assert world.who(browser) == "ada@example.org"
    assert browser("POST", "/account/logout", data={}, headers=PAGE).status_code == 403
    assert world.submit(browser, "/logout").headers["location"] == "/"
    assert browser("PUT", "/account/login", json={}).status_code in {403, 404, 405}


def test_a_factor_stands_between_password_and_session(world: World) -> None:
    ada = world.add()
    code, browser = world.kit.add_app(ada), world.open()
    assert world.log_in(browser).json() == {"second_factor": "required", "kinds": ["totp"]}
    assert world.who(browser) == 401
    assert 'value="totp"' in browser("GET", "/account/login/factor", headers=PAGE).text
    assert world.send(browser, "/login/factor", kind="totp", code="000000").status_code == 401
    assert world.send(world.open(), "/login/factor", kind="totp", code=code()).status_code == 401
    assert world.who(browser) == 401
    assert world.send(browser, "/login/factor", kind="totp", code=code()).status_code == 200
    assert world.who(browser) == "ada@example.org"
    assert browser("GET", "/vault").text == "gold"
    assert world.send(world.open(), "/token", login="ada@example.org", password=PASSWORD).status_code == 401


def test_an_app_is_added_on_the_page(world: World, ticking: Any) -> None:
    ada = world.add()
    browser = world.open(ada)
    assert "Second factors" in browser("GET", "/account/factors", headers=PAGE).text
    offer = world.submit(browser, "/factors/totp", name="phone")
    assert "<svg" in offer.text
    assert world.send(browser, "/factors/passkeys/options").json()["options"]["rp"]["id"] == "localhost"
    ticking.move(301)
    led = world.submit(browser, "/factors/totp")
    assert led.headers["location"] == "/account/login/again?next=/account/factors"


def test_a_password_is_reset_and_ends_sessions(world: World) -> None:
    ada, browser = world.add(), world.open()
    member = world.open(ada)
    assert world.who(member) == "ada@example.org"
    for email in ("ada@example.org", "nobody@example.org"):
        assert world.send(browser, "/password/reset", email=email).status_code == 200
    assert len(world.kit.mails) == 2
    token, new = world.kit.last_token(), "eleven green rulers"
    assert world.send(browser, "/password/reset/confirm", token=token, new_password=new).status_code == 200
    assert world.who(member) == 401
    assert world.log_in(browser).status_code == 401
    assert world.log_in(browser, new).status_code == 200


def test_tokens_keys_and_the_script(world: World) -> None:
    world.add()
    pair = world.send(world.open(), "/token", login="ada@example.org", password=PASSWORD).json()
    program = world.open()
    assert program("GET", "/me", headers={"authorization": f"Bearer {pair['access_token']}"}).text == "ada@example.org"
    related = program("GET", "/.well-known/webauthn")
    assert (related.headers["content-type"], related.json()) == (
        "application/json",
        {"origins": ["http://localhost:8000"]},
    )
    keys = program("GET", "/.well-known/jwks.json")
    assert (keys.status_code, keys.headers["content-type"]) == (200, "application/jwk-set+json")
    assert program("GET", "/account/jwks.json").json() == keys.json()
    script = program("GET", "/account/passkeys.js")
    assert script.headers["content-type"].lower() == "text/javascript; charset=utf-8"
    assert script.text.startswith('"use strict"')


def test_what_is_refused_is_refused_alike(world: World) -> None:
    browser = world.open()
    known = world.add()
    answers = [
        world.send(world.open(), "/login", login=name, password="wrong") for name in (known.email, "b@example.org")
    ]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    assert world.send(browser, "/register", email="no address", password=PASSWORD).status_code == 400
    assert world.send(browser, "/register", email="b@example.org", password="short").status_code == 422
    stranger = world.open()
    assert stranger("POST", "/account/login", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    assert stranger("POST", "/account/login", json={"login": 1}).status_code == 400
    assert stranger("POST", "/account/login", json={"login": "x" * 20_000}).status_code == 413
    assert browser("GET", "/account/register/confirm?token=x", headers=PAGE).status_code == 400
    assert world.kit.mails == []
    foreign = {"origin": "https://evil.example"}
    fields = {"login": known.email, "password": PASSWORD}
    assert browser("POST", "/account/login", json=fields, headers=foreign).status_code == 403
    assert world.who(browser) == 401


def test_administration_needs_the_right_and_the_factor(world: World) -> None:
    ada = world.add()
    root = world.kit.add_account("root@example.org", roles=("admin",))
    for browser in (world.open(), world.open(ada, with_factor=True), world.open(root)):
        assert world.send(browser, "/accounts/disable", account=ada.id).status_code in {401, 403}
    member = world.open(ada)
    assert world.who(member) == "ada@example.org"
    assert world.send(world.open(root, with_factor=True), "/accounts/disable", account=ada.id).status_code == 200
    assert world.who(member) == 401
