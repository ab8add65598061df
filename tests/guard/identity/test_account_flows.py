"""Registration, reset, change of password and of address, through requests."""

import re
from typing import Any

import pytest

from vallum.guard.authentication.password_policy import PasswordPolicy

PASSWORD = "seven blue pencils"
NEW = "eleven green rulers"
LEAKED = "twelve yellow rubbers and a pen"


def token_of(browser: Any) -> str:
    return str(browser("GET", "/account/session").json()["csrf_token"])


def send(browser: Any, path: str, **fields: str) -> Any:
    return browser("POST", f"/account{path}", json=fields, headers={"x-csrf-token": token_of(browser)})


def log_in(browser: Any, password: str = PASSWORD) -> Any:
    return send(browser, "/login", login="ada@example.org", password=password)


def test_register_confirm_and_log_in(build: Any, browse: Any) -> None:
    app, kit = build()
    browser = browse(app)
    begun = send(browser, "/register", email="Ada@Example.org", password=PASSWORD)
    assert begun.status_code == 200, begun.text
    assert log_in(browser).status_code == 401
    token = kit.last_token()
    page = browser("GET", f"/account/register/confirm?token={token}", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert token in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    assert send(browser, "/register/confirm", token=token, password="something else").status_code == 401
    assert send(browser, "/register/confirm", token=token, password=PASSWORD).status_code == 200
    assert send(browser, "/register/confirm", token=token, password=PASSWORD).status_code == 400
    answer = log_in(browser)
    assert answer.json()["user"]["email"] == "ada@example.org"
    assert browser("GET", "/me").json()["id"] == answer.json()["user"]["id"]


def test_a_link_from_a_mail_on_another_site_works_for_who_is_signed_in(build: Any, browse: Any) -> None:
    app, kit = build()
    ada = kit.add_account("ada@example.org", password=PASSWORD)
    browser = browse(app)
    browser.cookies = kit.log_in_as(ada)
    assert send(browser, "/email/change", email="new@example.org", password=PASSWORD).status_code == 200
    address = f"/account/email/change/confirm?token={kit.last_token()}"
    session = dict(browser.cookies)
    browser.cookies = {}  # what SameSite=Strict does to a navigation from another site
    turned = browser("GET", address, headers={"accept": "text/html", "sec-fetch-site": "cross-site"})
    assert f'href="{address}&amp;from=here"' in turned.text
    assert browser.cookies == {}
    browser.cookies = session
    page = browser("GET", f"{address}&from=here", headers={"accept": "text/html", "sec-fetch-site": "same-origin"})
    fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page.text))
    assert browser("POST", address, data=fields, headers={"sec-fetch-site": "same-origin"}).status_code == 200
    assert browser("GET", "/maybe").json() == "new@example.org"


def test_register_says_the_same_for_a_known_address(build: Any, browse: Any) -> None:
    app, kit = build()
    kit.add_account("ada@example.org")
    browser = browse(app)
    answers = [send(browser, "/register", email=who, password=PASSWORD) for who in ("ada@example.org", "b@example.org")]
    assert answers[0].content == answers[1].content
    assert len(kit.mails) == 2


def test_reset_ends_every_session(build: Any, browse: Any) -> None:
    app, kit = build()
    kit.add_account("ada@example.org", password=PASSWORD)
    ada, stranger = browse(app), browse(app)
    assert log_in(ada).status_code == 200
    assert send(stranger, "/password/reset", email="ada@example.org").status_code == 200
    token = kit.last_token()
    for _ in range(3):  # a mail scanner
        assert stranger("GET", f"/account/password/reset/confirm?token={token}").status_code == 200
    assert stranger("GET", "/account/password/reset/confirm?token=nothing").status_code == 400
    assert send(stranger, "/password/reset/confirm", token=token, new_password=NEW).status_code == 200
    assert ada("GET", "/me").status_code == 401
    assert log_in(ada).status_code == 401
    assert log_in(ada, NEW).status_code == 200


def test_a_change_of_password_keeps_this_session_only(build: Any, browse: Any) -> None:
    app, kit = build()
    kit.add_account("ada@example.org", password=PASSWORD)
    here, there = browse(app), browse(app)
    assert log_in(here).status_code == log_in(there).status_code == 200
    before = dict(here.cookies)
    assert send(here, "/password", password="wrong", new_password=NEW).status_code == 401
    assert send(here, "/password", password=PASSWORD, new_password=NEW).status_code == 200
    assert here.cookies != before
    assert here("GET", "/me").status_code == 200
    assert there("GET", "/me").status_code == 401


def test_a_change_of_address_asks_for_the_password_and_a_proof(build: Any, browse: Any) -> None:
    app, kit = build()
    ada = kit.add_account("ada@example.org", password=PASSWORD)
    browser = browse(app)
    assert log_in(browser).status_code == 200
    assert send(browser, "/email/change", email="new@example.org", password="wrong").status_code == 401
    assert send(browser, "/email/change", email="new@example.org", password=PASSWORD).status_code == 200
    assert browser("GET", "/maybe").json() == "ada@example.org"
    assert send(browse(app), "/email/change/confirm", token=kit.last_token()).status_code == 200
    assert browser("GET", "/maybe").json() == "new@example.org"
    told = [mail.subject for mail in kit.mails if mail.to == "ada@example.org"]
    assert told == ["A new browser logged in", "A new address was asked for", "Your address was changed"]
    assert kit.parts.desk.accounts.find(ada.id).email == "new@example.org"


def test_forms_lead_on_and_show_sentences(build: Any, browse: Any) -> None:
    app, kit = build()
    kit.add_account("ada@example.org", password=PASSWORD)
    browser = browse(app)
    page = browser("GET", "/account/login?next=/me", headers={"accept": "text/html"})
    assert 'name="csrf_token"' in page.text
    fields = {"login": "ada@example.org", "password": PASSWORD, "csrf_token": token_of(browser)}
    answer = browser("POST", "/account/login", data={**fields, "next": "/me"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    away = {**fields, "csrf_token": token_of(browser), "next": "https://evil.example"}
    assert browser("POST", "/account/login", data=away).headers["location"] == "/"
    told = browser("POST", "/account/password/reset", data={"email": "x@example.org", "csrf_token": token_of(browser)})
    assert "a mail is on its way" in told.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"login": 1, "password": "x"}', "application/json", 400),
        (b'{"login": "x"}', "application/json", 400),
        (b"login=a&login=b&password=c", "application/x-www-form-urlencoded", 400),
        (b"login=%ff&password=c", "application/x-www-form-urlencoded", 400),
        (b"x", "text/plain", 415),
        (b"", "", 400),
        (b'{"login": "' + b"x" * 20_000 + b'"}', "application/json", 413),
    ],
)
def test_what_cannot_be_read_is_refused(build: Any, browse: Any, content: bytes, kind: str, status: int) -> None:
    app, _ = build()
    assert browse(app)("POST", "/account/login", content=content, headers={"content-type": kind}).status_code == status


def test_the_policy_of_passwords_can_be_another_with_another_list_of_breached_ones(build: Any, browse: Any) -> None:
    class Breached:
        def contains(self, password: str) -> bool:
            return password == LEAKED

    app, kit = build(password_policy=PasswordPolicy(shortest=20, breached=Breached()))
    browser = browse(app)
    assert send(browser, "/register", email="ada@example.org", password=PASSWORD).status_code == 422
    assert send(browser, "/register", email="ada@example.org", password=LEAKED).status_code == 422
    long = "seven blue pencils in a box"
    assert send(browser, "/register", email="ada@example.org", password=long).status_code == 200
    assert send(browser, "/register/confirm", token=kit.last_token(), password=long).status_code == 200
