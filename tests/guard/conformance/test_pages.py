"""Pages for people: the way to the login page, and error pages in the app's own look, in every framework."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.guard.conformance.contract import RAN
from vallum.guard import current
from vallum.guard.authentication.bearer import BearerPolicy, Caller
from vallum.guard.errors.refusal import ErrorView
from vallum.guard.output.html import SafeHtml, fill_html

Browser = Callable[..., Any]
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NAVIGATION = HTML | {"sec-fetch-mode": "navigate", "sec-fetch-site": "none", "sec-fetch-dest": "document"}
BEARER = BearerPolicy(verify=lambda _: Caller("ada", ()))


def show(view: ErrorView) -> SafeHtml:
    return fill_html(
        "<title>{title}</title><p data-nonce='{nonce}'>{status} {text} {identity} {token}</p>",
        title=view.title,
        status=view.status,
        text=view.text,
        identity=view.request_id,
        nonce=current().csp_nonce,
        token=current().csrf_token,
    )


@pytest.mark.parametrize("headers", [HTML, NAVIGATION])
@pytest.mark.parametrize("path", ["/mine", "/bare"])
def test_a_stranger_is_led_to_the_login_page(browser: Browser, headers: dict[str, str], path: str) -> None:
    answer = browser(login="/login", bearer=BEARER)("GET", f"{path}?sort=title&x=a%20b", headers=headers)
    assert answer.status_code == 303
    assert answer.headers.get_list("location") == [f"/login?next={path}%3Fsort%3Dtitle%26x%3Da%2520b"]
    assert answer.headers["cache-control"] == "no-store"
    assert "content-security-policy" in answer.headers
    assert "set-cookie" not in answer.headers
    assert RAN == []


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"accept": "application/json"}),
        ("GET", NAVIGATION | {"sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"}),
        ("GET", HTML | {"sec-fetch-site": "same-origin"}),
        ("GET", HTML | {"authorization": "Bearer expired"}),
        ("HEAD", NAVIGATION),
        ("POST", NAVIGATION),
    ],
)
def test_calls_get_the_uniform_answer(browser: Browser, method: str, headers: dict[str, str]) -> None:
    answer = browser(login="/login")(method, "/leave" if method == "POST" else "/mine", headers=headers)
    assert answer.status_code in ({401} if method != "HEAD" else {401, 405})
    assert "location" not in answer.headers


def test_the_login_page_itself_is_never_a_loop(browser: Browser) -> None:
    assert browser(login="/mine")("GET", "/mine", headers=NAVIGATION).status_code == 401


def test_who_is_signed_in_is_led_nowhere(browser: Browser) -> None:
    user = browser(login="/login")
    assert user("POST", "/enter").status_code < 400
    assert user("GET", "/mine", headers=NAVIGATION).text == "ada"
    assert user("GET", "/bare", headers=NAVIGATION).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/nope", 404, ""),
        ("GET", "/boom", 500, "An internal error occurred."),
        ("GET", "/own500", 500, "An internal error occurred."),
        ("GET", "/mine", 401, "Sign in to see this."),
        ("POST", "/declined", 402, "Payment declined."),
    ],
)
def test_the_error_page_is_the_apps_own(browser: Browser, method: str, path: str, status: int, text: str) -> None:
    answer = browser(error_page=show)(method, path, headers=HTML)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    nonce = answer.text.split("data-nonce='")[1].split("'")[0]
    assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"] in answer.text
    assert f"{status} {text}" in answer.text
    assert "hidden detail" not in answer.text
    assert "set-cookie" not in answer.headers


def test_a_request_refused_before_all_else_gets_the_page_too(browser: Browser) -> None:
    answer = browser(error_page=show)("GET", "/open", headers=HTML | {"host": "evil.example"})
    assert answer.status_code == 400
    assert answer.text.startswith("<title>Bad Request</title>")


def test_programs_get_problem_documents_all_the_same(browser: Browser) -> None:
    answer = browser(error_page=show)("GET", "/nope", headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"


def fail(_: ErrorView) -> SafeHtml:
    raise ValueError("hidden detail")


def forget_to_escape(view: ErrorView) -> str:
    return f"<title>{view.title} own</title>"


@pytest.mark.parametrize("page", [fail, forget_to_escape])
def test_when_the_page_fails_the_built_in_one_is_sent(
    browser: Browser, events: list[Any], page: Callable[[ErrorView], object]
) -> None:
    answer = browser(error_page=page)("GET", "/boom", headers=HTML)
    assert (answer.status_code, "<h1>Internal Server Error</h1>" in answer.text) == (500, True)
    assert "hidden detail" not in answer.text
    assert "own" not in answer.text
    assert [event.name for event in events].count("error-page-failed") == 1
