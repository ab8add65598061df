"""Between the password and the second factor nobody is signed in, and no factor of another or of yesterday counts."""

from typing import Any

import pytest

from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.http.rate_limit import RateLimitedError
from vallum.guard.oauth.identity_links import IdentityLinks, LinkIdentityError
from vallum.stores.memory.links import MemoryLinks

CLIENT = "203.0.113.9"
KINDS = ("totp", "recovery", "email", "passkey")


@pytest.mark.parametrize("seconds", [0, 5], ids=["no-cache", "cache"])
@pytest.mark.parametrize("database", ["", "sqlite"])
def test_bug_02_ghsa_xg6x_h9c9_2m83_half_a_login_opens_no_route(
    open_site: Any, tmp_path: Any, seconds: float, database: str
) -> None:
    url = f"sqlite:///{tmp_path}/site.sqlite" if database else ""
    site = open_site(needs_factor=lambda _: True, standing_seconds=seconds, database=url)
    ada, browser = site.add(roles=("editor",)), site.visit()
    assert site.log_in(browser).json()["second_factor"] == "required"
    (half,) = [value for name, value in browser.cookies.items() if "half" in name]
    forged = {"insecure-session": half, "__Host-session": half}
    for cookies in (browser.cookies, forged, browser.cookies | forged):
        for method, path in [*site.closed_routes(), ("GET", "/strict")]:
            visitor = site.visit()
            visitor.cookies = dict(cookies)
            token = visitor("GET", "/account/session").json()["csrf_token"]
            body: dict[str, Any] = {} if method == "GET" else {"json": {"second_factor": "done"}}
            answer = visitor(method, path, headers={"x-csrf-token": token}, **body)
            assert answer.status_code == 401, (method, path)
    assert browser("GET", "/maybe").json() == "nobody"
    for bearer in (half, f"Bearer {half}"):
        assert site.visit()("GET", "/me", headers={"authorization": bearer}).status_code == 401
    asked = {"login": ada.login, "password": site.password}
    assert site.visit()("POST", "/account/token", json=asked).status_code == 401
    assert site.kit.parts.sessions.list_actor(ada.id, 0) == []


@pytest.mark.parametrize("kind", KINDS)
def test_bug_03_ghsa_f66q_9rf6_8795_a_step_up_takes_the_factor_of_no_other(everybody: Any, kind: str) -> None:
    ann, browser = everybody.accounts["ann"], "the session of ann"
    for _ in range(2):
        with pytest.raises(LoginFailedError):
            everybody.second.confirm(ann, kind, everybody.answer("bob", kind, browser), browser=browser, client=CLIENT)
    browser = "another session of ann"
    everybody.second.confirm(ann, kind, everybody.answer("ann", kind, browser), browser=browser, client=CLIENT)
    with pytest.raises(LoginFailedError):
        everybody.second.complete(everybody.half("ann"), kind, everybody.answer("bob", kind, browser), client=CLIENT)


def test_bug_03_ghsa_97r5_pg8x_p63p_a_step_up_takes_the_identity_of_no_other(kit: Any) -> None:
    links = IdentityLinks(store=MemoryLinks(), clock=kit.clock)
    arrival = kit.arrive()
    assert links.admit(arrival, lambda _: "bob") == "bob"
    links.confirm(arrival, account_id="bob")
    for account_id in ("ann", "", "Bob"):
        with pytest.raises(LinkIdentityError):
            links.confirm(arrival, account_id=account_id)


def test_bug_15_cve_2026_7507_a_prepared_session_is_not_the_one_after_the_login(site: Any) -> None:
    site.add("eve"), site.add("ada")
    eve, ada = site.visit(), site.visit()
    eve("GET", "/account/session")
    assert site.log_in(eve, "eve").status_code == 200
    planted = dict(eve.cookies)
    ada.cookies = dict(planted)
    token = ada("GET", "/account/session").json()["csrf_token"]
    fields = {"login": "ada@example.org", "password": site.password}
    assert ada("POST", "/account/login", json=fields, headers={"x-csrf-token": token}).status_code == 200
    assert ada.cookies != planted
    eve.cookies = planted
    assert eve("GET", "/me").status_code == 401


def test_bug_15_cve_2026_7507_a_visitors_cookie_that_was_planted_is_no_session(site: Any) -> None:
    site.add()
    ada = site.visit()
    planted = {
        "__Host-csrf": "A" * 43,
        "insecure-csrf": "A" * 43,
        "insecure-session": "B" * 43,
        "__Host-session": "B" * 43,
    }
    ada.cookies = dict(planted)
    assert site.log_in(ada).status_code == 200
    for name, value in planted.items():
        eve = site.visit()
        eve.cookies = {name: value, "__Host-session": value}
        assert eve("GET", "/me").status_code == 401


@pytest.mark.parametrize("kind", ["email", "passkey"])
def test_bug_15_cve_2026_7507_a_challenge_is_finished_in_the_browser_that_began_it(everybody: Any, kind: str) -> None:
    eves, anns = everybody.half("ann"), everybody.half("ann")
    answer = everybody.answer("ann", kind, anns)
    with pytest.raises(LoginFailedError):
        everybody.second.complete(eves, kind, answer, client=CLIENT)
    assert everybody.second.complete(anns, kind, answer, client=CLIENT).id == "id-ann"


@pytest.mark.parametrize("kind", KINDS)
def test_bug_21_cve_2024_0227_an_answer_counts_once(everybody: Any, kind: str) -> None:
    half = everybody.half("ann")
    answer = everybody.answer("ann", kind, half)
    assert everybody.second.complete(half, kind, answer, client=CLIENT).id == "id-ann"
    for again in (half, everybody.half("ann")):
        with pytest.raises(LoginFailedError):
            everybody.second.complete(again, kind, answer, client=CLIENT)


def test_bug_21_cve_2022_42731_a_passkey_challenge_counts_once_even_for_another_signature(everybody: Any) -> None:
    challenge = everybody.passkeys.challenge(browser="visitor")["challenge"]
    device = everybody.codes["ann"]["passkey"]
    first, second = device.answer(challenge), device.answer(challenge)
    assert everybody.passkeys.authenticate(first, browser="visitor", client=CLIENT).id == "id-ann"
    for answer in (first, second):
        with pytest.raises(LoginFailedError):
            everybody.passkeys.authenticate(answer, browser="visitor", client=CLIENT)


@pytest.mark.parametrize("kind", KINDS)
def test_bug_21_cve_2015_7225_guesses_are_counted_whatever_they_are_sent_as(everybody: Any, kind: str) -> None:
    """One path counts for pages and programs: it knows neither, and a new password buys no more tries."""
    right = everybody.answer("ann", kind, half := everybody.half("ann"))
    tried = 0
    for _ in range(4):
        for _ in range(5):
            with pytest.raises((LoginFailedError, RateLimitedError)) as caught:
                everybody.second.complete(half, kind, "000000", client=f"203.0.113.{tried}")
            tried += caught.type is LoginFailedError
        half = everybody.half("ann")
    assert tried == 10
    with pytest.raises(RateLimitedError):
        everybody.second.complete(half, kind, right, client="198.51.100.1")
