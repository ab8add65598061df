"""Second factors of who is signed in: each is added by a proof, told by mail, and needs a fresh proof to change."""

import html
import re
from base64 import b32decode
from typing import Any

import pytest

from vallum.base.secret import Secret
from vallum.crypto.otp.totp import Totp

PASSWORD = "seven blue pencils"


class Member:
    """ada in a browser of hers."""

    def __init__(self, build: Any, browse: Any, send: Any) -> None:
        self.app, self.kit = build()
        self.account = self.kit.add_account("ada@example.org", password=PASSWORD)
        self.browser = browse(self.app)
        self.browser.cookies = self.kit.log_in_as(self.account)
        self._send = send

    def send(self, path: str, **fields: str) -> Any:
        return self._send(self.browser, path, **fields)

    def show(self, secret: str) -> str:
        plain = Secret(b32decode(secret + "=" * (-len(secret) % 8)))
        return Totp().make_code(plain, self.kit.parts.policy.clock())

    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.kit.mails]


@pytest.fixture
def ada(build: Any, browse: Any, send: Any) -> Member:
    return Member(build, browse, send)


def test_an_app_is_added_by_its_code(ada: Member) -> None:
    offer = ada.send("/factors/totp", name="phone").json()
    assert offer["picture"].startswith("<svg")
    assert offer["address"].startswith("otpauth://totp/Notes:")
    assert ada.browser("GET", "/account/factors").json()["factors"] == []
    assert ada.send("/factors/totp/confirm", factor=offer["factor"], code="000000").status_code == 400
    before = dict(ada.browser.cookies)
    code = ada.show(offer["secret"])
    assert ada.send("/factors/totp/confirm", factor=offer["factor"], code=code).status_code == 200
    assert ada.browser.cookies != before
    (factor,) = ada.browser("GET", "/account/factors").json()["factors"]
    assert (factor["kind"], factor["name"]) == ("totp", "phone")
    assert "secret" not in factor
    assert ada.subjects() == ["A second factor was added"]
    assert ada.browser("GET", "/vault").status_code == 200


def test_an_app_is_added_by_pages(ada: Member, submit: Any) -> None:
    page = ada.browser("GET", "/account/factors", headers={"accept": "text/html"})
    assert "Add an authenticator app" in page.text
    offered = submit(ada.browser, "/factors/totp", name="<phone>")
    assert offered.headers["cache-control"] == "no-store"
    assert offered.text.count("<svg") == 1
    secret = re.search(r"<code>([A-Z2-7]+)</code>", offered.text)
    factor = re.search(r'name="factor" value="([^"]+)"', offered.text)
    assert secret
    assert factor
    done = submit(ada.browser, "/factors/totp/confirm", factor=html.unescape(factor[1]), code=ada.show(secret[1]))
    assert (done.status_code, done.headers["location"]) == (303, "/account/factors")
    page = ada.browser("GET", "/account/factors", headers={"accept": "text/html"})
    assert "&lt;phone&gt;" in page.text
    assert "<phone>" not in page.text
    codes = submit(ada.browser, "/factors/recovery")
    assert len(re.findall(r"<li><code>[A-Z2-7-]{19}</code>", codes.text)) == 10


def test_an_old_login_changes_nothing(ada: Member, ticking: Any, submit: Any) -> None:
    ticking.move(301)
    for path in ("/factors/totp", "/factors/recovery", "/factors/email", "/factors/passkeys/options", "/close"):
        refused = ada.send(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "recent-login-required"), path
    led = submit(ada.browser, "/factors/totp")
    assert (led.status_code, led.headers["location"]) == (303, "/account/login/again?next=/account/factors")
    assert ada.send("/login/again", password=PASSWORD).status_code == 200
    assert ada.send("/factors/totp").status_code == 200


def test_with_a_factor_the_password_is_not_fresh_enough(ada: Member, ticking: Any, submit: Any) -> None:
    code = ada.kit.add_app(ada.account)
    assert ada.send("/login/again", password=PASSWORD).status_code == 200
    (factor,) = ada.browser("GET", "/account/factors").json()["factors"]
    refused = ada.send("/factors/remove", factor=factor["factor"])
    assert (refused.status_code, refused.json()["code"]) == (403, "recent-factor-required")
    led = submit(ada.browser, "/factors/remove", factor=factor["factor"])
    assert led.headers["location"] == "/account/factors/confirm?next=/account/factors"
    assert "app" in ada.browser("GET", led.headers["location"], headers={"accept": "text/html"}).text
    assert ada.send("/factors/confirm", kind="totp", code=code()).status_code == 200
    assert ada.send("/factors/recovery").status_code == 200
    ticking.move(301)
    assert ada.send("/factors/remove", factor=factor["factor"]).status_code == 403
    assert ada.send("/factors/confirm", kind="totp", code=code()).status_code == 200
    assert ada.send("/factors/remove", factor=factor["factor"]).status_code == 200
    listed = ada.browser("GET", "/account/factors").json()
    assert listed == {"factors": [], "recovery_codes_left": 0}
    assert ada.subjects() == ["You have new recovery codes", "A second factor was removed"]


def test_a_change_ends_every_other_session(ada: Member, browse: Any) -> None:
    other = browse(ada.app)
    other.cookies = ada.kit.log_in_as(ada.account)
    assert other("GET", "/me").status_code == 200
    assert ada.send("/factors/email").status_code == 200
    assert other("GET", "/me").status_code == 401
    assert ada.browser("GET", "/me").status_code == 200


def test_mail_as_a_factor_is_chosen_and_confirmed(ada: Member) -> None:
    assert ada.send("/factors/email").status_code == 200
    assert ada.send("/factors/recovery").status_code == 403
    assert ada.send("/factors/code").status_code == 200
    assert ada.send("/factors/confirm", kind="email", code=ada.kit.last_code()).status_code == 200
    assert ada.send("/factors/recovery").status_code == 200
    page = ada.browser("GET", "/account/factors/confirm", headers={"accept": "text/html"})
    assert "Send me a code" in page.text


def test_nobody_removes_anothers_factor(ada: Member, browse: Any, send: Any) -> None:
    bob = ada.kit.add_account("bob@example.org")
    browser = browse(ada.app)
    browser.cookies = ada.kit.log_in_as(bob, with_factor=True)
    ada.kit.add_app(ada.account)
    (factor,) = ada.browser("GET", "/account/factors").json()["factors"]
    assert send(browser, "/factors/remove", factor=factor["factor"]).status_code == 404
    assert ada.browser("GET", "/account/factors").json()["factors"] == [factor]


def test_a_token_changes_no_factor(ada: Member, browse: Any) -> None:
    pair = ada.send("/token/session").json()
    bearer = {"authorization": f"Bearer {pair['access_token']}"}
    stranger = browse(ada.app)
    for path in ("/factors/totp", "/factors/recovery", "/factors/email", "/factors/confirm", "/close", "/export"):
        answer = stranger("POST", f"/account{path}", json={"kind": "totp", "code": "1"}, headers=bearer)
        assert answer.status_code in {401, 403}, path


def test_a_token_confirms_nothing_and_uses_no_code_up(ada: Member, browse: Any) -> None:
    bearer = {"authorization": f"Bearer {ada.send('/token/session').json()['access_token']}"}
    code = ada.kit.add_app(ada.account)
    stranger, fields = browse(ada.app), {"kind": "totp", "code": code()}
    assert stranger("POST", "/account/factors/confirm", json=fields, headers=bearer).status_code == 401
    assert ada.send("/factors/confirm", **fields).status_code == 200


def test_an_origin_that_is_an_address_has_no_passkeys(build: Any, browse: Any, send: Any) -> None:
    app, kit = build(origins=("http://127.0.0.1:8000",))
    assert send(browse(app), "/login/passkey/options").status_code == 404
    assert "data-passkey" not in browse(app)("GET", "/account/login", headers={"accept": "text/html"}).text
    assert kit.parts.factors.passkeys is None


@pytest.mark.parametrize("answer", ["", "{}", "[]", "x", '{"response": {}}', '{"response": {"clientDataJSON": "e30"}}'])
def test_a_passkey_that_is_none_is_refused(ada: Member, browse: Any, send: Any, answer: str) -> None:
    stranger = browse(ada.app)
    assert send(stranger, "/login/passkey", code=answer).status_code in {400, 401}
    assert send(stranger, "/login/passkey/options").status_code == 200
    assert "__Host-passkey" in stranger.cookies
    assert send(stranger, "/login/passkey", code=answer).status_code == 401
    assert ada.send("/factors/passkeys/options").json()["options"]["rp"]["id"] == "localhost"
    assert ada.send("/factors/passkeys", code=answer).status_code == 400
    script = stranger("GET", "/account/passkeys.js")
    assert script.headers["content-type"].startswith("text/javascript")
