"""From half a login to a session, and every attempt to get there with less than all proofs."""

from typing import Any

import pytest

from vallum.guard import needs_factor, public, signed_in
from vallum.guard.authentication.login import HALF_LOGIN
from vallum.guard.identity.users import finish_login
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.factors import MemoryFactors
from vallum.stores.memory.proofs import MemoryProofs

PASSWORD = "seven blue pencils"


class World:
    """An app, its kit, ada with an authenticator app, and ways to log in."""

    def __init__(self, build: Any, browse: Any, send: Any, **settings: Any) -> None:
        self.app, self.kit = build(**settings)
        self.browse, self.send = browse, send
        self.ada = self.kit.add_account("ada@example.org", password=PASSWORD, roles=("editor",))

    def begin(self) -> Any:
        """A browser that has shown the password."""
        browser = self.browse(self.app)
        assert self.log_in(browser).status_code == 200
        return browser

    def log_in(self, browser: Any) -> Any:
        return self.send(browser, "/login", login="ada@example.org", password=PASSWORD)

    def is_in(self, browser: Any) -> bool:
        return browser("GET", "/me").status_code == 200


@pytest.fixture
def world(build: Any, browse: Any, send: Any) -> World:
    return World(build, browse, send)


@pytest.fixture
def code(world: World) -> Any:
    return world.kit.add_app(world.ada)


def test_an_app_makes_the_login_one_of_two_steps(world: World, code: Any, send: Any) -> None:
    browser = world.browse(world.app)
    assert world.log_in(browser).json() == {"second_factor": "required", "kinds": ["totp"]}
    assert not world.is_in(browser)
    assert browser("GET", "/account/session").json()["user"] is None
    half = browser.cookies["__Host-half-login"]
    answer = send(browser, "/login/factor", kind="totp", code=code())
    assert answer.json()["user"]["id"] == world.ada.id
    assert world.is_in(browser)
    assert browser("GET", "/vault").status_code == browser("GET", "/vault-too").status_code == 200
    assert "__Host-half-login" not in browser.cookies
    other = world.browse(world.app)
    other.cookies = {"__Host-half-login": half}
    world.kit.parts.policy.clock.move(30)
    assert send(other, "/login/factor", kind="totp", code=code()).status_code == 401


def test_the_same_by_pages(world: World, code: Any, submit: Any) -> None:
    browser = world.browse(world.app)
    answer = submit(browser, "/login", login="ada@example.org", password=PASSWORD, next="/write")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/login/factor?next=%2Fwrite")
    page = browser("GET", answer.headers["location"], headers={"accept": "text/html"})
    assert 'name="kind" value="totp"' in page.text
    assert 'name="next" value="/write"' in page.text
    assert "recovery code" not in page.text
    done = submit(browser, "/login/factor", kind="totp", code=code(), next="/write")
    assert (done.status_code, done.headers["location"]) == (303, "/write")
    assert world.is_in(browser)


def test_next_leads_nowhere_else(world: World, code: Any, submit: Any) -> None:
    browser = world.begin()
    done = submit(browser, "/login/factor", kind="totp", code=code(), next="https://evil.example/")
    assert done.headers["location"] == "/"


@pytest.mark.parametrize("kind", ["totp", "recovery", "email", "passkey", "none", ""])
def test_a_wrong_answer_of_any_kind_is_the_same_refusal(world: World, code: Any, send: Any, kind: str) -> None:
    browser = world.begin()
    answer = send(browser, "/login/factor", kind=kind, code="000000")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-credentials")
    assert not world.is_in(browser)


def test_without_a_half_login_no_code_counts(world: World, code: Any, send: Any) -> None:
    stranger = world.browse(world.app)
    shown = code()
    assert send(stranger, "/login/factor", kind="totp", code=shown).status_code == 401
    assert send(stranger, "/login/factor/code").status_code == 401
    assert send(stranger, "/login/factor/passkey").status_code == 401
    assert send(stranger, "/login/factor/lost/begin").status_code == 401
    assert stranger("GET", "/account/login/factor", headers={"accept": "text/html"}).status_code == 401
    browser = world.begin()
    assert send(browser, "/login/factor", kind="totp", code=shown).status_code == 200  # it was not used up


def test_one_accounts_half_login_takes_no_other_accounts_code(world: World, code: Any, send: Any) -> None:
    bob = world.kit.add_account("bob@example.org", password=PASSWORD)
    bobs = world.kit.add_app(bob)
    browser = world.begin()
    assert send(browser, "/login/factor", kind="totp", code=bobs()).status_code == 401
    assert not world.is_in(browser)


def test_guesses_are_counted_over_half_logins(world: World, code: Any, send: Any) -> None:
    statuses = []
    for _ in range(3):
        browser = world.begin()
        statuses += [send(browser, "/login/factor", kind="totp", code="000000").status_code for _ in range(4)]
    assert statuses.count(401) == 10
    assert set(statuses[10:]) == {429}
    assert send(browser, "/login/factor", kind="totp", code=code()).status_code == 429


def test_a_half_login_dies_with_its_time_and_with_its_account(world: World, code: Any, send: Any) -> None:
    late, ended = world.begin(), world.begin()
    accounts = world.kit.parts.desk.accounts
    assert accounts.change(
        world.ada.id, world.ada.version, bump=True, roles=("editor", "more")
    )  # by somebody's own code
    for path in ("/login/factor/code", "/login/factor/passkey"):
        assert send(ended, path).status_code == 401
    assert send(ended, "/login/factor", kind="totp", code=code()).status_code == 401
    world.kit.parts.policy.clock.move(601)
    assert send(late, "/login/factor", kind="totp", code=code()).status_code == 401


def test_a_half_login_is_no_session_cookie(world: World, code: Any) -> None:
    browser = world.begin()
    secret = browser.cookies["__Host-half-login"]
    for name in ("__Host-session", "insecure-session"):
        browser.cookies = {name: secret}
        assert not world.is_in(browser)
    assert browser("GET", "/me", headers={"authorization": f"Bearer {secret}"}).status_code == 401


def test_tokens_are_no_way_around(world: World, code: Any, send: Any) -> None:
    browser = world.browse(world.app)
    assert send(browser, "/token", login="ada@example.org", password=PASSWORD).status_code == 401
    assert send(world.begin(), "/token/session").status_code == 401


def test_a_password_shown_again_does_not_stand_for_the_factor(world: World, code: Any, send: Any) -> None:
    browser = world.browse(world.app)
    browser.cookies = world.kit.log_in_as(world.ada)
    assert browser("GET", "/vault").status_code == 403
    assert send(browser, "/login/again", password=PASSWORD).status_code == 200
    refused = browser("GET", "/vault")
    assert (refused.status_code, refused.json()["code"]) == (403, "recent-factor-required")
    assert send(browser, "/factors/confirm", kind="totp", code=code()).status_code == 200
    assert browser("GET", "/vault").status_code == 200
    token = browser("GET", "/account/session").json()["csrf_token"]
    pair = browser("POST", "/account/token/session", headers={"x-csrf-token": token}).json()
    bearer = {"authorization": f"Bearer {pair['access_token']}"}
    stranger = world.browse(world.app)
    assert stranger("GET", "/me", headers=bearer).status_code == 200
    assert stranger("GET", "/vault-too", headers=bearer).status_code == 403


def test_who_must_have_a_factor_and_has_none_gets_a_code_by_mail(build: Any, browse: Any, send: Any) -> None:
    world = World(build, browse, send, needs_factor=lambda account: "editor" in account.roles)
    browser = browse(world.app)
    assert world.log_in(browser).json()["kinds"] == ["email"]
    assert not world.is_in(browser)
    assert send(browser, "/login/factor/code").status_code == 200
    stolen = world.kit.last_code()
    other = world.begin()
    assert send(other, "/login/factor", kind="email", code=stolen).status_code == 401  # of another browser
    assert send(browser, "/login/factor", kind="email", code=stolen).status_code == 200
    assert world.is_in(browser)
    assert browser("GET", "/vault").status_code == 200
    world.kit.add_app(world.ada)
    assert world.log_in(browse(world.app)).json()["kinds"] == ["totp"]  # mail stood in; it does so no longer
    assert send(world.begin(), "/login/factor/code").status_code == 200
    assert len([mail for mail in world.kit.mails if "Your code" in mail.subject]) == 1


def test_who_can_show_nothing_yet_is_told_to_confirm_her_address(
    build: Any, browse: Any, send: Any, submit: Any
) -> None:
    world = World(build, browse, send, needs_factor=lambda _: True)
    accounts = world.kit.parts.desk.accounts
    accounts.change(world.ada.id, world.ada.version, email_proved=None)
    browser = world.begin()
    page = browser("GET", "/account/login/factor", headers={"accept": "text/html"})
    assert 'href="/account/email/proof"' in page.text
    assert send(browser, "/login/factor/code").status_code == 200
    assert world.kit.mails == []
    assert send(browser, "/email/proof", email="ada@example.org").status_code == 200
    assert send(browser, "/email/confirm", token=world.kit.last_token()).status_code == 200
    led = submit(browser, "/login/factor/code", next="/write")
    assert led.headers["location"] == "/account/login/factor?next=%2Fwrite"
    assert send(browser, "/login/factor", kind="email", code=world.kit.last_code()).status_code == 200


def test_a_route_may_ask_the_sessions_of_a_role_only(world: World) -> None:
    @world.app.get("/desk")
    @signed_in
    @needs_factor(roles=("editor",))
    async def desk() -> str:
        return "open"

    bob = world.kit.add_account("bob@example.org")
    editor, member = world.browse(world.app), world.browse(world.app)
    editor.cookies, member.cookies = world.kit.log_in_as(world.ada), world.kit.log_in_as(bob)
    assert (editor("GET", "/desk").status_code, member("GET", "/desk").status_code) == (403, 200)
    editor.cookies = world.kit.log_in_as(world.ada, with_factor=True)
    assert editor("GET", "/desk").status_code == 200


def test_plain_accounts_are_not_asked(build: Any, browse: Any, send: Any) -> None:
    world = World(build, browse, send, needs_factor=lambda account: "admin" in account.roles)
    browser = world.begin()
    assert world.is_in(browser)
    assert browser("GET", "/vault").status_code == 403  # a password is one proof


def test_a_handler_of_the_app_begins_no_session_without_the_factor(world: World, code: Any, send: Any) -> None:
    @world.app.post("/account/own-login")
    @public
    def own() -> bool:
        finish_login(world.ada)
        return True

    browser = world.browse(world.app)
    answer = send(browser, "/own-login")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-credentials")
    assert not world.is_in(browser)


def test_a_recovery_code_works_once_and_is_told(world: World, code: Any, send: Any) -> None:
    browser = world.browse(world.app)
    browser.cookies = world.kit.log_in_as(world.ada, with_factor=True)
    codes = send(browser, "/factors/recovery").json()["codes"]
    assert len(set(codes)) == 10
    first, second = world.begin(), world.begin()
    assert send(first, "/login/factor", kind="recovery", code=codes[0]).status_code == 200
    assert send(second, "/login/factor", kind="recovery", code=codes[0]).status_code == 401
    assert world.kit.mails[-2].subject == "A recovery code was used"
    left = first("GET", "/account/factors").json()["recovery_codes_left"]
    assert left == 9


def test_a_lost_factor_takes_password_mail_and_a_day(world: World, code: Any, send: Any) -> None:
    browser, clock = world.begin(), world.kit.parts.policy.clock
    assert send(browser, "/login/factor/lost/begin").status_code == 200
    token = world.kit.last_token()
    assert send(browser, "/login/factor/lost", token=token, password=PASSWORD).status_code == 400
    clock.move(86_401)
    page = browser("GET", f"/account/login/factor/lost?token={token}", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert send(browser, "/login/factor/lost", token=token, password="wrong").status_code == 401
    done = send(browser, "/login/factor/lost", token=token, password=PASSWORD)
    assert done.status_code == 200
    assert not world.is_in(browser)
    assert world.is_in(world.begin())


def test_whoever_has_the_factor_stops_its_removal(world: World, code: Any, send: Any) -> None:
    thief, clock = world.begin(), world.kit.parts.policy.clock
    assert send(thief, "/login/factor/lost/begin").status_code == 200
    token = world.kit.last_token()
    assert send(world.begin(), "/login/factor", kind="totp", code=code()).status_code == 200
    clock.move(86_401)
    assert send(thief, "/login/factor/lost", token=token, password=PASSWORD).status_code == 400


def test_a_reset_does_not_remove_the_factor(world: World, code: Any, send: Any) -> None:
    browser = world.browse(world.app)
    send(browser, "/password/reset", email="ada@example.org")
    new = "eleven green rulers"
    assert send(browser, "/password/reset/confirm", token=world.kit.last_token(), new_password=new).status_code == 200
    answer = send(browser, "/login", login="ada@example.org", password=new)
    assert answer.json()["second_factor"] == "required"
    assert not world.is_in(browser)


def test_known_and_unknown_accounts_cost_the_same(world: World, code: Any, monkeypatch: Any) -> None:
    parts = world.kit.parts
    spent: list[str] = []

    def count(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def counted(*given: Any, **named: Any) -> Any:
            spent.append(name)
            return original(*given, **named)

        monkeypatch.setattr(owner, name, counted)

    count(MemoryAccounts, "find_email")
    count(MemoryFactors, "list_account")
    count(MemoryProofs, "put")
    count(type(parts.desk.passwords), "verify")
    costs = []
    for name in ("ada@example.org", "nobody@example.org"):
        spent.clear()
        browser = world.browse(world.app)
        answer = browser("POST", "/account/login", json={"login": name, "password": "wrong"})
        costs.append((answer.status_code, answer.content, list(spent), len(world.kit.mails)))
    assert costs[0] == costs[1]
    assert costs[0][2] == ["find_email", "verify"]


def test_half_logins_are_proofs(world: World, code: Any) -> None:
    world.begin()
    proofs = world.kit.parts.desk.proofs
    assert proofs.drop_account(world.ada.id, (HALF_LOGIN,)) == 1
    assert not world.kit.parts.sessions.list_actor(world.ada.id, world.kit.parts.policy.clock())
