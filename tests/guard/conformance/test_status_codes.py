"""Statuses are the same everywhere, and an answer never tells more than its status: problem+json with a fixed text."""

from collections.abc import Callable
from typing import Any

import pytest

Browser = Callable[..., Any]


def problem(answer: Any) -> dict[str, Any]:
    """The body but for the request id, which differs."""
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document.pop("request_id") == answer.headers["x-request-id"]
    return document


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/mine", 401, "sign-in-required"),
        ("GET", "/bare", 401, "sign-in-required"),
        ("GET", "/nope", 404, "not-found"),
        ("PROPFIND", "/open", 405, "method-not-allowed"),
        ("GET", "/boom", 500, "internal-error"),
        ("GET", "/own500", 500, "internal-error"),
        ("POST", "/declined", 402, "payment-declined"),
    ],
)
def test_a_stranger_gets_the_status_of_the_cause(
    *, browser: Browser, method: str, path: str, status: int, code: str
) -> None:
    answer = browser()(method, path)
    document = problem(answer)
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code)


def test_missing_rights_are_told_from_a_missing_sign_in(browser: Browser) -> None:
    user = browser()
    user("POST", "/enter")
    answer = user("GET", "/write")
    assert (answer.status_code, problem(answer)["code"]) == (403, "forbidden")


def test_not_there_and_not_yours_look_the_same(browser: Browser) -> None:
    user = browser()
    user("POST", "/enter")
    answers = [user("GET", f"/things/{key}") for key in ("missing", "of-somebody-else", "ada")]
    assert [answer.status_code for answer in answers] == [404, 404, 200]
    missing, foreign, _ = answers
    assert problem(missing) == problem(foreign)
    assert set(missing.headers) == set(foreign.headers)
    assert len(missing.content) == len(foreign.content)
