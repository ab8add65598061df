"""Passkeys by requests, signed in software, with each part tampered: nobody gets in by less than a whole answer."""

from typing import Any

import pytest

from tests.authenticator import SoftAuthenticator

PASSWORD = "seven blue pencils"
ORIGIN = "https://notes.example"


class World:
    """ada has a passkey and a password."""

    def __init__(self, build: Any, browse: Any, send: Any) -> None:
        self.app, self.kit = build(origins=(ORIGIN,))
        self._browse, self._send = browse, send
        self.ada = self.kit.add_account("ada@example.org", password=PASSWORD)
        self.bob = self.kit.add_account("bob@example.org", password=PASSWORD)
        self.key = SoftAuthenticator(ORIGIN, "notes.example")
        self.kit.parts.factors.desk.factors.add(self.key.record(self.ada.id))

    def open(self, account: Any = None, **proofs: bool) -> Any:
        browser = self._browse(self.app, base=ORIGIN)
        if account is not None:
            browser.cookies = self.kit.log_in_as(account, **proofs)
        return browser

    def send(self, browser: Any, path: str, **fields: str) -> Any:
        return self._send(browser, path, **fields)

    def ask(self, browser: Any, path: str = "/login/passkey/options") -> str:
        return str(self.send(browser, path).json()["options"]["challenge"])

    def halve(self, name: str = "ada") -> Any:
        browser = self.open()
        answer = self.send(browser, "/login", login=f"{name}@example.org", password=PASSWORD)
        assert answer.status_code == 200
        return browser

    def who(self, browser: Any) -> str:
        user = browser("GET", "/account/session").json()["user"]
        return user["id"] if user else ""


@pytest.fixture
def world(build: Any, browse: Any, send: Any) -> World:
    return World(build, browse, send)


def test_a_passkey_logs_in_alone_and_is_both_factors(world: World) -> None:
    browser = world.open()
    answer = world.key.answer(world.ask(browser))
    done = world.send(browser, "/login/passkey", code=answer, next="/vault")
    assert (done.status_code, done.json()["next"]) == (200, "/vault")
    assert world.who(browser) == world.ada.id
    assert browser("GET", "/vault").status_code == 200
    again = world.open()
    again.cookies = {"__Host-passkey": "x" * 43}
    assert world.send(again, "/login/passkey", code=answer).status_code == 401


def test_the_options_tell_a_stranger_nothing(world: World) -> None:
    options = world.send(world.open(), "/login/passkey/options").json()["options"]
    assert options["allowCredentials"] == []
    known = world.send(world.halve(), "/login/factor/passkey").json()["options"]
    assert [one["id"] for one in known["allowCredentials"]] == [world.key.id]


@pytest.mark.parametrize(
    "told", [{"origin": "https://evil.example"}, {"type": "webauthn.create"}, {"crossOrigin": True}]
)
def test_a_tampered_answer_is_refused(world: World, told: dict[str, Any]) -> None:
    browser = world.open()
    answer = world.key.answer(world.ask(browser), **told)
    assert world.send(browser, "/login/passkey", code=answer).status_code == 401
    assert world.who(browser) == ""


def test_other_origins_of_ours_use_the_same_passkeys(build: Any, browse: Any, send: Any) -> None:
    origins = (ORIGIN, "https://notes-shop.example")
    app, kit = build(origins=origins)
    ada = kit.add_account("ada@example.org")
    key = SoftAuthenticator(origins[1], "notes.example")
    kit.parts.factors.desk.factors.add(key.record(ada.id))
    browser = browse(app, base=origins[1])
    assert browser("GET", "/.well-known/webauthn").json() == {"origins": list(origins)}
    challenge = send(browser, "/login/passkey/options").json()["options"]["challenge"]
    assert send(browser, "/login/passkey", code=key.answer(challenge)).status_code == 200


def test_an_answer_belongs_to_the_browser_that_was_asked(world: World) -> None:
    mine, thief = world.open(), world.open()
    challenge = world.ask(mine)
    world.ask(thief)
    assert world.send(thief, "/login/passkey", code=world.key.answer(challenge)).status_code == 401
    assert world.who(thief) == ""


def test_an_answer_is_good_for_what_it_was_asked_for(world: World) -> None:
    browser = world.halve()
    alone = world.ask(browser)
    assert world.send(browser, "/login/factor", kind="passkey", code=world.key.answer(alone)).status_code == 401
    second = world.ask(browser, "/login/factor/passkey")
    assert world.send(browser, "/login/passkey", code=world.key.answer(second)).status_code == 401
    assert world.who(browser) == ""
    third = world.ask(browser, "/login/factor/passkey")
    assert world.send(browser, "/login/factor", kind="passkey", code=world.key.answer(third)).status_code == 200
    assert world.who(browser) == world.ada.id


def test_her_passkey_confirms_nobody_else(world: World) -> None:
    world.kit.add_app(world.bob)
    browser = world.halve("bob")
    challenge = world.ask(browser, "/login/factor/passkey")
    assert world.send(browser, "/login/factor", kind="passkey", code=world.key.answer(challenge)).status_code == 401
    assert world.who(browser) == ""


def test_a_passkey_steps_up(world: World) -> None:
    browser = world.open(world.ada)
    assert world.send(browser, "/factors/totp").status_code == 403
    challenge = world.ask(browser, "/factors/passkey/options")
    assert world.send(browser, "/factors/confirm", kind="passkey", code=world.key.answer(challenge)).status_code == 200
    assert world.send(browser, "/factors/totp").status_code == 200


def test_a_disabled_account_is_not_entered(world: World) -> None:
    world.kit.parts.care.disable(world.ada.id)
    browser = world.open()
    assert world.send(browser, "/login/passkey", code=world.key.answer(world.ask(browser))).status_code == 401
    assert world.who(browser) == ""


def test_a_copied_key_is_noticed(world: World) -> None:
    browser = world.open()
    assert world.send(browser, "/login/passkey", code=world.key.answer(world.ask(browser))).status_code == 200
    world.key.count = 0  # the copy has counted less
    other = world.open()
    assert world.send(other, "/login/passkey", code=world.key.answer(world.ask(other))).status_code == 401
