"""Headers, errors and streams: every answer of every framework goes out through the same head."""

import gc
from collections.abc import Callable
from typing import Any

import pytest

from tests.guard.conformance.contract import RAN
from vallum.guard.http.cors import CorsPolicy

Browser = Callable[..., Any]
ALWAYS = (
    "content-security-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-request-id",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
)
ANSWERS = [
    ("GET", "/open", 200),
    ("GET", "/nope", 404),
    ("DELETE", "/open", 405),
    ("GET", "/boom", 500),
    ("GET", "/own500", 500),
    ("GET", "/away", 302),
    ("GET", "/bare", 401),
    ("POST", "/declined", 402),
    ("GET", "/static/x.txt", 200),
    ("GET", "/static/nope.txt", 404),
    ("GET", "/stream", 200),
]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # Django's static files under ASGI
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_carries_the_headers(
    *, browser: Browser, method: str, path: str, status: int, debug: bool
) -> None:
    answer = browser(debug=debug)(method, path)
    assert answer.status_code == status, answer.text
    for name in ALWAYS:
        assert len(answer.headers.get_list(name)) == 1, name
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert not {"server", "x-powered-by"} & set(answer.headers)
    assert "hidden detail" not in answer.text
    assert "Traceback" not in answer.text
    if path == "/away":
        assert answer.headers["location"] == "/open"
    if status == 405:
        assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("debug", [False, True])
def test_failures_are_generic_and_logged_once(*, browser: Browser, events: list[Any], debug: bool) -> None:
    answer = browser(debug=debug)("GET", "/boom")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    failed = [event for event in events if event.name == "unhandled-exception"]
    assert [event.request_id for event in failed] == [answer.headers["x-request-id"]]
    assert "ValueError: hidden detail" in failed[0].detail["stack"]


def test_a_browser_gets_a_page(browser: Browser) -> None:
    answer = browser()("GET", "/nope", headers={"accept": "text/html"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-request-id"] in answer.text


def test_a_public_error_says_its_sentence_and_begins_nothing(browser: Browser, events: list[Any]) -> None:
    user = browser()
    answer = user("POST", "/declined")
    assert (answer.status_code, answer.json()["detail"]) == (402, "Payment declined.")
    assert "set-cookie" not in answer.headers
    assert "4111" not in answer.text
    assert user("GET", "/mine").status_code == 401
    told = [event for event in events if event.name == "payment-declined"]
    assert [event.detail["cause"] for event in told] == ["card 4111"]
    assert "unhandled-exception" not in [event.name for event in events]


def test_templates_show_the_nonce_of_their_answer(browser: Browser) -> None:
    user = browser()
    answers = [user("GET", "/page") for _ in range(2)]
    nonces = [answer.text.split('"')[1] for answer in answers]
    assert nonces[0] != nonces[1]
    for nonce, answer in zip(nonces, answers, strict=True):
        assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_a_stream_knows_its_request(browser: Browser) -> None:
    answer = browser()("GET", "/stream")
    nonce = answer.text.removeprefix("<p nonce=").removesuffix(">")
    assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Django leaves its body file open
def test_a_failing_stream_is_cut_and_logged(browser: Browser, events: list[Any]) -> None:
    with pytest.raises(Exception, match=r"hidden detail|after response started"):
        browser()("GET", "/cut")
    assert [event.name for event in events].count("unhandled-exception") == 1
    gc.collect()


def test_cors(browser: Browser) -> None:
    partner = "https://app.partner.example"
    user = browser(cors=CorsPolicy(origins=(partner,), credentials=True))
    asked = {"access-control-request-method": "GET"}
    preflight = user("OPTIONS", "/mine", headers={"origin": partner, **asked})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == partner
    assert preflight.headers["access-control-allow-credentials"] == "true"
    stranger = user("OPTIONS", "/mine", headers={"origin": "https://evil.example", **asked})
    assert stranger.status_code == 403
    assert "access-control-allow-origin" not in stranger.headers
    shared = user("GET", "/open", headers={"origin": partner})
    assert shared.headers["access-control-allow-origin"] == partner
    assert "Origin" in shared.headers["vary"]
    assert "access-control-allow-origin" not in user("GET", "/open", headers={"origin": "null"}).headers


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "localhost,evil.example"])
def test_foreign_hosts_are_refused(browser: Browser, host: str, events: list[Any]) -> None:
    answer = browser()("GET", "/open", headers={"host": host})
    assert answer.status_code == 400
    assert "content-security-policy" in answer.headers
    assert events[-1].name == "request-refused"


def test_a_listed_host_is_served(browser: Browser) -> None:
    user = browser(origins=("https://notes.example",))
    assert user("GET", "/open", headers={"host": "notes.example"}).text == "open"


def test_unknown_methods_are_refused(browser: Browser) -> None:
    assert browser()("PROPFIND", "/open").status_code == 405
    assert RAN == []
