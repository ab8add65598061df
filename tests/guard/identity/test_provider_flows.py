"""Sign in with a provider, link and unlink, and logout at and by it, through requests; the issuer lies on request."""

import html
import re
from typing import Any

import pytest

from tests.authenticator import SoftAuthenticator
from tests.issuer import CLIENT, ISSUER, FakeIssuer
from vallum.base.secret import Secret
from vallum.guard.oauth.client_secret import SecretBasic
from vallum.guard.oauth.logout import EVENT
from vallum.guard.oauth.provider import Provider

ORIGIN = "https://app.example"
PASSWORD = "seven blue pencils"
CALLBACK = "/account/with/fake/callback"


class World:
    """An app with the provider "fake", and browsers that walk through it."""

    def __init__(self, build: Any, browse: Any, ticking: Any, **settings: Any) -> None:
        self.issuer = FakeIssuer(ticking)
        provider = Provider(
            name="fake", issuer=ISSUER, client_id=CLIENT, authentication=SecretBasic(Secret("a-secret-of-the-tests"))
        )
        self.app, self.kit = build(origins=(ORIGIN,), providers=(provider,), sender=self.issuer, **settings)
        self._browse = browse

    def open(self, account: Any = None, **proofs: bool) -> Any:
        browser = self._browse(self.app, base=ORIGIN)
        if account is not None:
            browser.cookies = self.kit.log_in_as(account, **proofs)
        return browser

    def leave(self, browser: Any) -> str:
        """What the provider sends back after a start."""
        answer = browser("GET", "/account/with/fake")
        assert answer.status_code == 303
        return str(self.issuer.authorize(answer.headers["location"]))

    def come_back(self, browser: Any, query: str) -> Any:
        page = browser("GET", f"{CALLBACK}?{query}", headers={"accept": "text/html"})
        if page.status_code != 200:
            return page
        fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page.text))
        fields = {name: html.unescape(value) for name, value in fields.items()}
        return browser("POST", CALLBACK, data=fields, headers={"accept": "text/html"})

    def sign_in(self, browser: Any) -> Any:
        return self.come_back(browser, self.leave(browser))

    def is_in(self, browser: Any) -> bool:
        return browser("GET", "/me").status_code == 200

    def link(self, browser: Any, send: Any) -> Any:
        begun = send(browser, "/with/fake/link")
        if begun.status_code != 200:
            return begun
        return self.come_back(browser, str(self.issuer.authorize(begun.json()["location"])))


@pytest.fixture
def world(build: Any, browse: Any, ticking: Any) -> World:
    return World(build, browse, ticking)


def test_a_stranger_gets_an_account_of_her_own(world: World) -> None:
    world.issuer.claims = {"email": "ada@example.org", "email_verified": True}
    browser = world.open()
    answer = world.sign_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    user = browser("GET", "/account/session").json()["user"]
    assert user["login"].startswith("fake-")
    assert user["email"] == ""  # until she proves it to us
    again = world.open()
    world.sign_in(again)
    assert again("GET", "/account/session").json()["user"]["id"] == user["id"]
    assert world.kit.mails[-1].to == "ada@example.org"


def test_her_address_is_hers_once_our_own_mail_proved_it(world: World, send: Any) -> None:
    world.issuer.claims = {"email": "ada@example.org", "email_verified": True}
    browser = world.open()
    world.sign_in(browser)
    assert send(browser, "/email/change/confirm", token=world.kit.last_token()).status_code == 200
    assert browser("GET", "/account/session").json()["user"]["email"] == "ada@example.org"


@pytest.mark.parametrize("verified", [False, "true", None, 1])
def test_an_address_that_nobody_vouches_for_is_not_used(world: World, verified: Any) -> None:
    world.kit.add_account("ada@example.org", password=PASSWORD)
    world.issuer.claims = {"email": "ada@example.org", "email_verified": verified}
    browser = world.open()
    assert world.sign_in(browser).status_code == 303
    assert browser("GET", "/account/session").json()["user"]["email"] == ""
    assert world.kit.mails == []


@pytest.mark.parametrize("email", ["", "no address", "ada@example.org\r\nBcc: eve@example.org"])
def test_an_address_that_is_none_is_not_written_to(world: World, email: str) -> None:
    world.issuer.claims = {"email": email, "email_verified": True}
    assert world.sign_in(world.open()).status_code == 303
    assert world.kit.mails == []


def test_a_passkey_is_another_way_in(world: World, send: Any) -> None:
    browser = world.open()
    world.sign_in(browser)
    account_id = browser("GET", "/me").json()["id"]
    factors = world.kit.parts.factors.desk.factors
    factors.add(SoftAuthenticator(ORIGIN, "app.example").record(account_id))
    browser.cookies = world.kit.log_in_as(world.kit.parts.desk.accounts.find(account_id), with_factor=True)
    assert send(browser, "/sign-ins/unlink", issuer=ISSUER, subject="ada").status_code == 200


def test_an_address_links_nothing_verified_or_not(world: World) -> None:
    ada = world.kit.add_account("ada@example.org", password=PASSWORD)
    world.issuer.claims = {"email": "ada@example.org", "email_verified": True}
    browser = world.open()
    assert world.sign_in(browser).status_code == 409
    assert not world.is_in(browser)
    assert world.kit.parts.links.list_account(ada.id) == []


def test_the_callback_alone_signs_nobody_in(world: World) -> None:
    browser = world.open()
    query = world.leave(browser)
    for _ in range(2):
        assert browser("GET", f"{CALLBACK}?{query}", headers={"accept": "text/html"}).status_code == 200
    assert not world.is_in(browser)
    stolen = world.open()
    assert world.come_back(stolen, query).status_code == 400  # another browser
    assert world.come_back(browser, query).status_code == 303
    assert world.come_back(browser, query).status_code == 400  # a second time


def test_a_provider_does_not_stand_for_the_second_factor(world: World, send: Any) -> None:
    browser = world.open()
    world.sign_in(browser)
    assert browser("GET", "/vault").status_code == 403
    account = world.kit.parts.desk.accounts.find(browser("GET", "/me").json()["id"])
    code = world.kit.add_app(account)
    other = world.open()
    answer = world.sign_in(other)
    assert answer.headers["location"] == "/account/login/factor"
    assert not world.is_in(other)
    assert send(other, "/login/factor", kind="totp", code=code()).status_code == 200
    assert world.is_in(other)


def test_a_disabled_account_stays_out(world: World) -> None:
    browser = world.open()
    world.sign_in(browser)
    world.kit.parts.care.disable(browser("GET", "/me").json()["id"])
    other = world.open()
    assert world.sign_in(other).status_code == 400
    assert not world.is_in(other)
    assert not world.is_in(browser)


def test_closed_registration_makes_no_account(build: Any, browse: Any, ticking: Any, send: Any) -> None:
    world = World(build, browse, ticking, open_registration=False)
    browser = world.open()
    assert world.sign_in(browser).status_code == 403
    ada = world.kit.add_account("ada@example.org", password=PASSWORD)
    assert world.link(world.open(ada), send).status_code == 303
    assert world.sign_in(browser).status_code == 303


def test_a_link_needs_proof_on_both_sides(world: World, send: Any, ticking: Any) -> None:
    ada = world.kit.add_account("ada@example.org", password=PASSWORD)
    browser = world.open(ada)
    answer = world.link(browser, send)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sign-ins")
    assert world.kit.mails[-1].subject == "A sign-in was linked"
    (link,) = browser("GET", "/account/sign-ins").json()["sign_ins"]
    assert (link["issuer"], link["subject"]) == (ISSUER, "ada")
    stranger = world.open()
    world.sign_in(stranger)
    assert stranger("GET", "/me").json()["id"] == ada.id
    bob = world.kit.add_account("bob@example.org", password=PASSWORD)
    assert world.link(world.open(bob), send).status_code == 409
    late = world.open(bob)
    ticking.move(301)
    assert send(late, "/with/fake/link").status_code == 403
    assert send(world.open(), "/with/fake/link").status_code == 401


def test_a_link_that_another_began_is_nobodys(world: World, send: Any) -> None:
    ada, eve = (world.kit.add_account(f"{name}@example.org") for name in ("ada", "eve"))
    browser = world.open(eve)
    begun = send(browser, "/with/fake/link").json()["location"]
    query = world.issuer.authorize(begun)
    browser.cookies = {**browser.cookies, **world.kit.log_in_as(ada)}
    assert world.come_back(browser, query).status_code == 409
    assert world.kit.parts.links.list_account(ada.id) == []
    visitor = world.open(eve)
    query = world.issuer.authorize(send(visitor, "/with/fake/link").json()["location"])
    del visitor.cookies["__Host-session"]
    assert world.come_back(visitor, query).status_code == 409
    assert world.kit.parts.links.list_account(eve.id) == []


def test_a_callback_without_its_session_is_turned_round_once(world: World, send: Any) -> None:
    ada = world.kit.add_account("ada@example.org")
    browser = world.open(ada)
    query = world.issuer.authorize(send(browser, "/with/fake/link").json()["location"])
    session = browser.cookies.pop("__Host-session")  # what SameSite=Strict does to a navigation from another site
    elsewhere = {"accept": "text/html", "sec-fetch-site": "cross-site"}
    first = browser("GET", f"{CALLBACK}?{query}", headers=elsewhere)
    (turned,) = re.findall(r'href="([^"]*)"', first.text)
    address = html.unescape(turned)
    assert address == f"{CALLBACK}?{query}&from=here"
    assert "<form" not in first.text
    second = browser("GET", address, headers=elsewhere)
    assert "<form" in second.text  # it turns once, and the link is refused then
    browser.cookies["__Host-session"] = session
    assert world.come_back(browser, f"{query}&from=here").status_code == 303
    assert [one.subject for one in world.kit.parts.links.list_account(ada.id)] == ["ada"]


def test_a_form_is_shown_the_way_and_not_led_there(world: World, submit: Any) -> None:
    browser = world.open(world.kit.add_account("ada@example.org"))
    page = submit(browser, "/with/fake/link")
    assert page.status_code == 200
    assert f'href="{ISSUER}/authorize?' in page.text


def test_the_last_way_in_is_not_removed(world: World, send: Any) -> None:
    browser = world.open()
    world.sign_in(browser)
    fields = {"issuer": ISSUER, "subject": "ada"}
    assert send(browser, "/sign-ins/unlink", **fields).status_code == 409
    ada = world.kit.add_account("ada@example.org", password=PASSWORD)
    world.issuer.claims = {"sub": "ada-2"}
    mine = world.open(ada)
    world.link(mine, send)
    page = mine("GET", "/account/sign-ins", headers={"accept": "text/html"})
    assert 'value="ada-2"' in page.text
    assert send(mine, "/sign-ins/unlink", **fields).status_code == 404  # another account's
    assert send(mine, "/sign-ins/unlink", issuer=ISSUER, subject="ada-2").status_code == 200
    assert world.kit.mails[-1].subject == "A sign-in was removed"
    assert mine("GET", "/account/sign-ins").json()["sign_ins"] == []


def test_logout_leads_to_the_providers_own(world: World, send: Any, submit: Any) -> None:
    browser = world.open()
    world.sign_in(browser)
    told = send(browser, "/logout").json()
    assert told["location"].startswith(f"{ISSUER}/logout?client_id={CLIENT}")
    assert not world.is_in(browser)
    world.sign_in(browser)
    assert f'href="{ISSUER}/logout?' in submit(browser, "/logout").text
    assert world.kit.parts.sign_ins.find_exit("another") == ""
    world.issuer.metadata = {"end_session_endpoint": None}
    world.kit.parts.policy.clock.move(3601)  # the provider has published another document meanwhile
    world.sign_in(browser)
    assert "location" not in send(browser, "/logout").json()


def test_the_provider_ends_what_it_began(world: World) -> None:
    browser = world.open()
    world.sign_in(browser)
    claims = {"jti": "7", "events": {EVENT: {}}, "sub": "ada"}
    token = world.issuer.sign({**claims, "nonce": None})
    server = world.open()
    path = "/account/with/fake/logout"
    forged = server("POST", path, own=False, data={"logout_token": token[:-4] + "AAAA"})
    assert forged.status_code == 400
    assert world.is_in(browser)
    answer = server("POST", path, own=False, data={"logout_token": token})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert not world.is_in(browser)
    assert server("POST", path, own=False, data={"logout_token": token}).status_code == 400


def test_an_account_without_a_password_changes_its_address_by_a_fresh_login(
    world: World, send: Any, ticking: Any
) -> None:
    browser = world.open()
    world.sign_in(browser)
    assert send(browser, "/email/change", email="ada@example.org").status_code == 200
    assert send(browser, "/email/change/confirm", token=world.kit.last_token()).status_code == 200
    ticking.move(301)
    assert send(browser, "/email/change", email="new@example.org").status_code == 403


def test_unknown_providers_are_not_there(world: World) -> None:
    assert world.open()("GET", "/account/with/other").status_code == 404
    world.issuer.down = {"/.well-known/openid-configuration"}
    assert world.open()("GET", "/account/with/fake").status_code == 503
    assert world.open()("POST", CALLBACK, json={}).status_code == 400
