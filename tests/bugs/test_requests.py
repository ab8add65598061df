"""Addresses, hosts, origins and targets that a client states: believed from one place, compared as exact values."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard import Environment, Guard, GuardPolicy, public
from vallum.guard.http.rate_policy import RateLimitPolicy
from vallum.guard.http.rate_subjects import subject_of
from vallum.guard.identity.settings import Identity
from vallum.guard.identity.testing import IdentityKit
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.memory import MemorySessions

KNOWN = (
    "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET_VALUE",
    "thisISaSECRET_1234thisISaSECRET_1234",
    "\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h",
    "changeme" * 5,
    "x" * 48,
)


class Kept(MemorySessions):
    """As a store that several workers share."""

    shared = True


def production(**settings: Any) -> GuardPolicy:
    settings = {"origins": ("https://notes.example",), "store": Kept(), **settings}
    return GuardPolicy(
        environment=Environment.PRODUCTION, rate_limits=RateLimitPolicy(unsafe_per_process=True), **settings
    )


@pytest.mark.parametrize("secrets", [(), *[(Secret(value),) for value in KNOWN]], ids=range(len(KNOWN) + 1))
def test_bug_16_cve_2023_27524_production_does_not_start_on_a_secret_that_others_know(secrets: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Guard(FastAPI(openapi_url=None), policy=production(secrets=secrets))
    assert "secret" in str(caught.value).lower()
    assert not any(value in str(caught.value) for value in KNOWN)


def test_bug_16_cve_2023_27524_without_a_secret_each_process_of_a_developer_has_its_own() -> None:
    guards = [Guard(FastAPI(openapi_url=None), policy=GuardPolicy(), identity=Identity()) for _ in range(2)]
    first, second = (guard.identity.tokens for guard in guards)
    assert first.export_keys() != second.export_keys()
    assert all(guard.policy.secrets for guard in guards)


FORGED = ("x-forwarded-for", "x-real-ip", "forwarded", "client-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip")


def count_app(policy: Any, **settings: Any) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/open")
    @public
    async def opened() -> bool:
        return True

    limits = RateLimitPolicy(address="3/minute", store=MemoryLimits())
    Guard(app, policy=policy(rate_limits=limits, **settings))
    return app


@pytest.mark.parametrize("header", FORGED)
def test_bug_17_cve_2023_36456_a_forged_address_dodges_no_limit(policy: Any, browse: Any, header: str) -> None:
    app = count_app(policy)
    told = [f"for=192.0.2.{n}" if header == "forwarded" else f"192.0.2.{n}" for n in range(4)]
    assert [browse(app)("GET", "/open", headers={header: value}).status_code for value in told] == [200, 200, 200, 429]


def test_bug_17_allauth_65_14_2_behind_a_proxy_only_what_it_wrote_itself_counts(policy: Any, browse: Any) -> None:
    app = count_app(policy, proxies=("203.0.113.9",))
    chains = [f"192.0.2.{n}, 198.51.100.7" for n in range(4)]
    statuses = [browse(app)("GET", "/open", headers={"x-forwarded-for": chain}).status_code for chain in chains]
    assert statuses == [200, 200, 200, 429]
    headers = {"x-forwarded-for": "198.51.100.8"}
    assert browse(app)("GET", "/open", headers=headers).status_code == 200
    stranger = browse(app, client=("203.0.113.10", 1))
    assert [stranger("GET", "/open", headers={"x-forwarded-for": f"192.0.2.{n}"}).status_code for n in range(4)][
        -1
    ] == 429


def test_bug_17_ghsa_hm36_ffrh_c77c_a_subscriber_is_one_subject_with_all_her_addresses(
    policy: Any, browse: Any
) -> None:
    assert len({subject_of(f"2001:db8:1:2:{n % 7:x}::{n:x}") for n in range(10_000)}) == 1
    assert len({subject_of(text) for text in ("192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201")}) == 1
    assert subject_of("2001:db8:1:3::1") != subject_of("2001:db8:1:2::1")
    app = count_app(policy)
    visits = [browse(app, client=(f"2001:db8::{n:x}", 1))("GET", "/open").status_code for n in range(4)]
    assert visits == [200, 200, 200, 429]


HOSTS = (
    "evil.example",
    "notesxexample",
    "notes.example.evil.example",
    "evil.example/notes.example",
    "notes.example@e.x",
)


def build_notes(ticking: Any, cheap: Any) -> tuple[FastAPI, IdentityKit]:
    app = FastAPI(openapi_url=None)
    policy = GuardPolicy(environment=Environment.TEST, clock=ticking, origins=("https://notes.example",))
    return app, IdentityKit(Guard(app, policy=policy, identity=Identity(passwords=cheap)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(
    host=st.sampled_from(HOSTS)
    | st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30),
    forwarded=st.sampled_from(HOSTS),
)
@example(host="notes.example", forwarded="evil.example")
@example(host="notes\\.example", forwarded="evil.example")
def test_bug_18_cve_2026_25479_and_cve_2026_48061_a_reset_link_leads_to_the_configured_origin(
    ticking: Any, cheap: Any, browse: Any, host: str, forwarded: str
) -> None:
    app, kit = build_notes(ticking, cheap)
    kit.add_account("ada@example.org")
    browser = browse(app, "https://notes.example")
    sent = {"x-forwarded-host": forwarded, "forwarded": f"host={forwarded}", "x-host": forwarded, "host": host}
    answer = browser("POST", "/account/password/reset", json={"email": "ada@example.org"}, headers=sent)
    assert (answer.status_code == 200) is (host.lower() in {"notes.example", "notes.example:443"})
    for mail in kit.mails:
        for link in re.findall(r"https?://\S+", mail.text):
            assert urlsplit(link).netloc == "notes.example"


@pytest.mark.parametrize("host", ["localhost/me#", "localhost?x=", "localhost#", "localhost/public/..", "localhost\\"])
def test_bug_18_cve_2026_48710_a_host_never_changes_which_route_is_judged(site: Any, host: str) -> None:
    for path in ("/me", "/maybe", "/maybe/../me", "//me", "/me/", "/%6de", "/maybe;/me", "/maybe%2f..%2fme"):
        assert site.visit()("GET", path, headers={"host": host}).status_code == 400, path
        answer = site.visit()("GET", path)
        assert (answer.status_code == 200) is (path == "/maybe"), path


def forge_targets() -> list[str]:
    corpus = Path(__file__).parents[1] / "guard" / "output" / "redirect_payloads.json"
    return list(json.loads(corpus.read_text(encoding="utf-8"))["refused"])


def test_bug_19_cve_2021_32618_a_login_leads_to_no_foreign_place(site: Any, ticking: Any) -> None:
    """By a form, as a page sends it: the header is what the browser follows."""
    site.add()
    targets = [target for target in forge_targets() if target.isprintable() and target.isascii()]
    assert len(targets) >= 100
    for target in targets[::9]:
        browser = site.visit()
        ticking.move(1000)
        form = {"login": "ada@example.org", "password": site.password, "next": target}
        answer = browser("POST", "/account/login", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), target


@pytest.mark.parametrize("number", range(0, 200, 40))
def test_bug_19_cve_2023_49438_ghsa_w2j7_f3c6_g8cw_and_cve_2021_23401_the_page_of_a_login_hands_no_target_on(
    site: Any, number: int
) -> None:
    for target in forge_targets()[number : number + 3]:
        page = site.visit()("GET", "/account/login", params={"next": target}, headers={"accept": "text/html"})
        assert page.status_code in {200, 400}
        assert "location" not in page.headers
        assert "refresh" not in page.headers


SITES = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "referer": "https://localhost/"},
    {"origin": "https://evil.example"},
    {"origin": "https://sub.localhost"},
    {"origin": "null"},
    {"origin": "https://localhost.evil.example"},
    {"origin": "http://localhost"},
    {"referer": "https://localhost/account"},
    {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    {},
]


@pytest.mark.parametrize("headers", SITES, ids=range(len(SITES)))
def test_bug_20_cve_2025_46721_and_cve_2025_24358_a_cookie_without_evidence_of_this_site_does_nothing(
    site: Any, headers: dict[str, str]
) -> None:
    ada, browser = site.add(), site.visit()
    site.log_in(browser)
    token = browser("GET", "/account/session").json()["csrf_token"]
    answer = browser("POST", "/account/logout/everywhere", headers={"x-csrf-token": token, **headers}, own=False)
    assert answer.status_code == 403
    assert browser("GET", "/me").json()["id"] == ada.id


@pytest.mark.parametrize("path", ["/account/session", "/account/login", "/me", "/account/password"])
def test_bug_20_cve_2021_21241_no_other_site_reads_what_a_get_answers(site: Any, path: str) -> None:
    site.add()
    browser = site.visit()
    site.log_in(browser)
    for origin in ("https://evil.example", "null", "https://sub.localhost"):
        answer = browser("GET", path, headers={"origin": origin, "sec-fetch-site": "cross-site"})
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not {"access_token", "refresh_token", "session_id", "authentication_token"} & set(answer.text.split('"'))
        assert not [value for value in browser.cookies.values() if value in answer.text]
