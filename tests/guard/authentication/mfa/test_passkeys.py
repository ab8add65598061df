"""Passkeys in Chromium with its virtual authenticator, and what a tampered answer gets."""

import json
import re
import socket
import sys
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from vallum.base.errors import ConfigError
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.mfa.passkeys import PasskeyRefusedError, Passkeys
from vallum.guard.authentication.mfa.relying_party import RelyingParty
from vallum.guard.authentication.mfa.second_factor import SecondFactor
from vallum.guard.authentication.mfa.step_up import FactorRequiredError, LoginRequiredError
from vallum.stores.factors import FactorRecord

pytestmark = pytest.mark.parametrize("factors", ["sqlite"], indirect=True)
CLIENT = "203.0.113.9"
CREATE = """async options => JSON.stringify((await navigator.credentials.create(
  {publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})).toJSON())"""
GET = """async options => JSON.stringify((await navigator.credentials.get(
  {publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})).toJSON())"""
AUTOFILL = """async options => JSON.stringify((await navigator.credentials.get({mediation: 'conditional',
  publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})).toJSON())"""


async def blank(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    page = b'<!doctype html><input autocomplete="username webauthn">'
    await send({"type": "http.response.body", "body": page})


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(blank, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://localhost:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


class Authenticator:
    """A page of the app with a virtual authenticator that verifies its user and consents at once."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable", {"enableUI": False})
        self.id = self.add()

    def add(self) -> str:
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        return self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def replace(self) -> None:
        """Another authenticator, as on another device."""
        self.devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})
        self.id = self.add()

    def keys(self) -> list[dict[str, Any]]:
        return self.devtools.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def put(self, key: dict[str, Any]) -> None:
        known = {"authenticatorId": self.id, "credentialId": key["credentialId"]}
        self.devtools.send("WebAuthn.removeCredential", known)
        self.devtools.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": key})

    def create(self, options: dict[str, Any]) -> str:
        return self.page.evaluate(CREATE, options)

    def get(self, options: dict[str, Any], script: str = GET) -> str:
        return self.page.evaluate(script, options)


@pytest.fixture
def device(browser: Browser, origin: str) -> Iterator[Authenticator]:
    with browser.new_context() as context:
        context.set_default_timeout(8000)
        page = context.new_page()
        page.goto(origin)
        yield Authenticator(page)


@pytest.fixture
def passkeys(factors: Any, origin: str) -> Passkeys:
    return Passkeys(desk=factors.desk, party=RelyingParty(origin), limits=factors.world.limits("passkey"))


def register(factors: Any, passkeys: Passkeys, device: Authenticator, name: str = "phone") -> str:
    options = passkeys.offer(factors.ann, factors.proved(), browser="cookie")
    answer = device.create(options)
    return passkeys.register(factors.ann, factors.proved(), answer, browser="cookie", name=name).id


def tamper(answer: str, **changes: Any) -> str:
    """The answer with other words in its client data."""
    read = json.loads(answer)
    raw = read["response"]["clientDataJSON"]
    told = {**json.loads(urlsafe_b64decode(raw + "==")), **changes}
    read["response"]["clientDataJSON"] = urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()
    return json.dumps(read)


@pytest.mark.browser
def test_a_passkey_logs_in_alone_and_each_answer_once(factors: Any, passkeys: Passkeys, device: Authenticator) -> None:
    register(factors, passkeys, device)
    assert factors.world.letters()[-1] == ("ann@example.org", "A second factor was added")
    for script in (GET, AUTOFILL):
        options = passkeys.challenge(browser="visitor")
        assert options["allowCredentials"] == []
        answer = device.get(options, script)
        with pytest.raises(LoginFailedError):
            passkeys.authenticate(answer, browser="another browser", client=CLIENT)
        assert passkeys.authenticate(answer, browser="visitor", client=CLIENT).id == "id-ann"
        with pytest.raises(LoginFailedError):
            passkeys.authenticate(answer, browser="visitor", client=CLIENT)


@pytest.mark.browser
def test_it_is_a_second_factor_bound_to_the_half_login(factors: Any, passkeys: Passkeys, device: Authenticator) -> None:
    register(factors, passkeys, device)
    second = SecondFactor(
        desk=factors.world.desk,
        checks={"passkey": passkeys},
        limits=factors.world.limits("second-factor"),
        account_limit=factors.second.account_limit,
    )
    half, other = factors.half(), factors.half()
    options = passkeys.challenge(browser=half, account=factors.ann)
    (shown,) = options["allowCredentials"]
    assert shown["id"] == factors.desk.list("id-ann")[0].id
    with pytest.raises(LoginFailedError):
        second.complete(other, "passkey", device.get(options), client=CLIENT)
    with pytest.raises(LoginFailedError):
        second.complete(half, "passkey", device.get(passkeys.challenge(browser=half)), client=CLIENT)
    assert second.complete(half, "passkey", device.get(options), client=CLIENT).id == "id-ann"


@pytest.mark.browser
def test_several_passkeys_for_an_account_and_none_twice(
    factors: Any, passkeys: Passkeys, device: Authenticator
) -> None:
    first = register(factors, passkeys, device)
    options = passkeys.offer(factors.ann, factors.proved(), browser="cookie")
    assert [one["id"] for one in options["excludeCredentials"]] == [first]
    with pytest.raises(Exception, match="InvalidStateError"):
        device.create(options)
    device.replace()
    second = register(factors, passkeys, device, name="key\n" + "x" * 99)
    assert {one.id for one in factors.desk.list("id-ann")} == {first, second}
    assert sorted(len(one.name) for one in factors.desk.list("id-ann")) == [5, 64]
    factors.desk.remove(factors.ann, factors.proved(), second)
    answer = device.get(passkeys.challenge(browser="visitor"))
    with pytest.raises(LoginFailedError):
        passkeys.authenticate(answer, browser="visitor", client=CLIENT)


@pytest.mark.browser
def test_a_credential_is_kept_once(factors: Any, passkeys: Passkeys, device: Authenticator) -> None:
    answer = device.create(passkeys.offer(factors.ann, factors.session, browser="cookie"))
    taken = FactorRecord(id=json.loads(answer)["id"], account_id="id-eve", kind="passkey", created=1.0)
    assert factors.store.add(taken)
    with pytest.raises(PasskeyRefusedError):
        passkeys.register(factors.ann, factors.session, answer, browser="cookie")
    assert factors.store.find(taken.id) == taken


@pytest.mark.browser
def test_a_counter_that_stays_at_zero_is_accepted_and_one_that_goes_back_is_not(
    factors: Any, passkeys: Passkeys, device: Authenticator
) -> None:
    register(factors, passkeys, device)
    answer = device.get(passkeys.challenge(browser="visitor"))
    assert passkeys.authenticate(answer, browser="visitor", client=CLIENT)
    (key,) = device.keys()
    assert key["signCount"] > 1
    device.put({**key, "signCount": 0})
    with pytest.raises(LoginFailedError):
        passkeys.authenticate(device.get(passkeys.challenge(browser="visitor")), browser="visitor", client=CLIENT)


@pytest.mark.browser
def test_of_two_answers_that_race_the_counter_lets_one_in(
    factors: Any, passkeys: Passkeys, device: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = factors.store.find(register(factors, passkeys, device))
    first, second = (device.get(passkeys.challenge(browser="visitor")) for _ in range(2))
    assert passkeys.authenticate(second, browser="visitor", client=CLIENT)
    monkeypatch.setattr(type(factors.store), "find", lambda *_: before)
    with pytest.raises(LoginFailedError):
        passkeys.authenticate(first, browser="visitor", client=CLIENT)


@pytest.mark.browser
def test_a_disabled_account_and_a_late_answer_stay_out(factors: Any, passkeys: Passkeys, device: Authenticator) -> None:
    register(factors, passkeys, device)
    answer = device.get(passkeys.challenge(browser="visitor"))
    factors.clock.now += 301
    with pytest.raises(LoginFailedError):
        passkeys.authenticate(answer, browser="visitor", client=CLIENT)
    accounts = factors.world.plain_accounts
    assert accounts.change("id-ann", accounts.find("id-ann").version, is_active=False)
    answer = device.get(passkeys.challenge(browser="visitor"))
    with pytest.raises(LoginFailedError):
        passkeys.authenticate(answer, browser="visitor", client=CLIENT)


@pytest.mark.browser
@pytest.mark.parametrize(
    "changes", [{"origin": "https://attacker.example"}, {"type": "webauthn.create"}, {"crossOrigin": True}], ids=str
)
def test_a_changed_answer_is_refused(
    factors: Any, passkeys: Passkeys, device: Authenticator, changes: dict[str, Any]
) -> None:
    register(factors, passkeys, device)
    answer = tamper(device.get(passkeys.challenge(browser="visitor")), **changes)
    with pytest.raises(LoginFailedError):
        passkeys.authenticate(answer, browser="visitor", client=CLIENT)


@pytest.mark.browser
def test_an_answer_from_a_frame_of_another_site_is_not_even_looked_up(
    factors: Any, passkeys: Passkeys, device: Authenticator
) -> None:
    register(factors, passkeys, device)
    answer = device.get(passkeys.challenge(browser="visitor"))
    for changes in ({"crossOrigin": True}, {"topOrigin": "https://attacker.example"}):
        with pytest.raises(LoginFailedError):
            passkeys.authenticate(tamper(answer, **changes), browser="visitor", client=CLIENT)
    assert passkeys.authenticate(answer, browser="visitor", client=CLIENT).id == "id-ann"


@pytest.mark.browser
def test_registration_takes_its_own_challenge_account_and_origin_only(
    factors: Any, passkeys: Passkeys, device: Authenticator
) -> None:
    eve, session = factors.world.add("eve"), factors.begin_session(b"eve", "id-eve")
    for number, (account, own, browser, changes) in enumerate(
        [
            (eve, session, "cookie", {}),
            (factors.ann, factors.session, "another", {}),
            (factors.ann, factors.session, "cookie", {"origin": "https://attacker.example"}),
            (factors.ann, factors.session, "cookie", {"challenge": "AAAA"}),
        ]
    ):
        device.replace()
        answer = device.create(passkeys.offer(factors.ann, factors.session, browser="cookie"))
        with pytest.raises(PasskeyRefusedError):
            passkeys.register(account, own, tamper(answer, **changes) if changes else answer, browser=browser)
        assert not factors.store.list_account("id-ann"), number
    with pytest.raises(LoginRequiredError):
        passkeys.offer(factors.ann, session, browser="cookie")


def test_a_challenge_needs_a_browser_and_a_fresh_proof(factors: Any, passkeys: Passkeys) -> None:
    with pytest.raises(ConfigError):
        passkeys.challenge(browser="")
    factors.enrol()
    with pytest.raises(FactorRequiredError):
        passkeys.offer(factors.ann, factors.session, browser="cookie")


@pytest.mark.parametrize(
    "answer", ["", "[]", "{}", "null", '{"response": 1}', '{"response": {"clientDataJSON": 7}}', "{" * 70_000, "\ud800"]
)
def test_what_is_no_answer_is_refused(factors: Any, passkeys: Passkeys, answer: str) -> None:
    with pytest.raises(LoginFailedError):
        passkeys.authenticate(answer, browser="visitor", client=CLIENT)
    assert not passkeys.verify(factors.ann, answer, browser="visitor")
    with pytest.raises(PasskeyRefusedError):
        passkeys.register(factors.ann, factors.session, answer, browser="visitor")


def test_a_challenge_is_never_issued_twice(factors: Any, passkeys: Passkeys) -> None:
    object.__setattr__(factors.world.desk, "randomness", bytes)
    passkeys.challenge(browser="visitor")
    with pytest.raises(PasskeyRefusedError):
        passkeys.challenge(browser="visitor")


def test_without_the_library_the_error_names_it(
    factors: Any, passkeys: Passkeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "webauthn", None)
    with pytest.raises(ConfigError, match="webauthn"):
        passkeys.register(factors.ann, factors.session, "{}", browser="visitor")


def test_the_user_handle_tells_nothing(factors: Any, passkeys: Passkeys) -> None:
    user = passkeys.offer(factors.ann, factors.session, browser="cookie")["user"]
    assert re.fullmatch(r"[\w-]{43}", user["id"])
    assert "ann" not in user["id"]
