"""Sessions, CSRF tokens and bodies: what a browser sends, and what is kept from a handler."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.guard.conformance.contract import BIG, RAN
from vallum.guard.http.limits import MIB

Browser = Callable[..., Any]
COOKIE = "__Host-session"


def test_sign_in_rotates_and_sign_out_ends(browser: Browser) -> None:
    user = browser()
    answer = user("POST", "/enter")
    first = user.cookies[COOKIE]
    flags = answer.headers["set-cookie"]
    assert all(flag in flags for flag in ("Path=/", "Secure", "HttpOnly", "SameSite=Strict"))
    assert answer.headers["cache-control"] == "no-store"
    again = user("POST", "/enter", headers={"x-csrf-token": answer.text})
    assert again.status_code == 200
    assert user.cookies[COOKIE] != first
    assert user("GET", "/mine", headers={"cookie": f"{COOKIE}={first}"}).status_code == 401
    second = user.cookies[COOKIE]
    left = user("POST", "/leave", headers={"x-csrf-token": again.text})
    assert left.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert user.cookies == {}
    assert user("GET", "/mine", headers={"cookie": f"{COOKIE}={second}"}).status_code == 401


def test_a_planted_session_id_is_never_taken_over(browser: Browser) -> None:
    user = browser()
    user.cookies[COOKIE] = planted = "A" * 43
    assert user("GET", "/mine").status_code == 401
    user("POST", "/enter")
    assert user.cookies[COOKIE] != planted


def test_session_data_is_saved_before_the_answer(browser: Browser) -> None:
    user = browser()
    token = user("POST", "/enter").text
    assert user("GET", "/get").text == "None"
    assert user("POST", "/put", headers={"x-csrf-token": token}).text == "put"
    assert user("GET", "/get").text == "1"


def test_an_unsafe_request_needs_the_token(browser: Browser) -> None:
    user = browser()
    token = user("POST", "/enter").text
    assert user("POST", "/put").status_code == 403
    assert user("POST", "/put", headers={"x-csrf-token": "A" * 86}).status_code == 403
    assert user("POST", "/put", headers={"x-csrf-token": token, "origin": "https://evil.example"}).status_code == 403
    assert user("POST", "/put", headers={"x-csrf-token": token}, own=False).status_code == 403
    assert (
        user("POST", "/put", headers={"x-csrf-token": token, "sec-fetch-site": "same-site"}, own=False).status_code
        == 403
    )
    assert user("GET", "/get").text == "None"


def test_the_token_may_come_under_djangos_header_name(browser: Browser) -> None:
    user = browser()
    token = user("POST", "/enter").text
    assert user("POST", "/put", headers={"x-csrftoken": token}).text == "put"
    assert user("POST", "/put", headers={"x-csrftoken": "A" * 86}).status_code == 403
    assert user("POST", "/put", headers={"x-csrftoken": token, "x-csrf-token": token}).text == "put"
    assert user("POST", "/put", headers={"x-csrftoken": token, "x-csrf-token": "A" * 86}).status_code == 400


def test_the_token_may_come_in_the_form(browser: Browser) -> None:
    user = browser()
    page = user("GET", "/page").text
    found = re.search(r'value="([^"]+)"', page)
    assert found
    assert user("POST", "/note", data={"text": "milk"}).status_code == 403
    twice = {"text": "milk", "csrf_token": [found[1], found[1]]}
    assert user("POST", "/note", data=twice).status_code == 403
    assert RAN == []
    assert user("POST", "/note", data={"text": "milk & more", "csrf_token": found[1]}).text == "milk & more"
    django_field = {"text": "milk", "csrfmiddlewaretoken": found[1]}
    assert user("POST", "/note", data=django_field).text == "milk"


@pytest.mark.parametrize("size", [10, 400_000])
def test_the_token_may_come_before_a_file(browser: Browser, size: int) -> None:
    user = browser()
    token = user("POST", "/enter").text
    files = {"file": ("a.bin", b"x" * size)}
    assert user("POST", "/upload", files=files).status_code == 403
    answer = user("POST", "/upload", files=files, data={"csrf_token": token})
    assert (answer.status_code, answer.text) == (200, str(size))


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/size", MIB, 200),
        ("/size", MIB + 1, 413),
        ("/big", BIG, 200),
        ("/big", BIG + 1, 413),
        ("/size", 11 * MIB, 413),
    ],
)
def test_a_body_with_a_length(browser: Browser, path: str, size: int, status: int) -> None:
    answer = browser()("POST", path, content=b"x" * size)
    assert answer.status_code == status
    if status == 200:
        assert answer.text == str(size)


@pytest.mark.parametrize(("path", "size", "status"), [("/size", MIB, 200), ("/size", MIB + 1, 413), ("/big", BIG, 200)])
def test_a_body_without_a_length(browser: Browser, kind: str, path: str, size: int, status: int) -> None:
    if kind == "django-asgi-wrapped" and size > MIB:
        status = 413  # Django reads the body before it knows the view, so that the policy's own limit holds
    answer = browser()("POST", path, content=chunks(size))
    if kind.startswith("django-wsgi"):  # takes a body without a length for none
        assert (answer.status_code, answer.text) == (200, "0")
        return
    assert answer.status_code == status
    if status == 200:
        assert answer.text == str(size)


async def chunks(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 65_536):
        yield b"x" * min(65_536, size - start)


@pytest.mark.parametrize("headers", [{"content-length": "-1"}, {"content-length": "1,1"}, {"content-length": "x"}])
def test_doubtful_lengths_are_refused(browser: Browser, headers: dict[str, str]) -> None:
    assert browser()("POST", "/size", headers=headers, content=b"x").status_code == 400


class Broken:
    """A session store that is down."""

    shared = reads_at_once = writes_at_once = True

    def read(self, *_: Any, **__: Any) -> Any:
        raise ConnectionError("no store")

    create = read


@pytest.mark.parametrize("at_once", [True, False])
def test_a_store_that_is_down_lets_nobody_in(*, browser: Browser, events: list[Any], at_once: bool) -> None:
    store = Broken()
    store.reads_at_once = store.writes_at_once = at_once
    user = browser(store=store)
    answer = user("POST", "/enter")
    assert (answer.status_code, "set-cookie" in answer.headers) == (503, False)
    assert user("GET", "/mine", headers={"cookie": f"{COOKIE}={'A' * 43}"}).status_code == 503
    assert user("GET", "/open").status_code == 200
    assert {event.name for event in events} >= {"session-store-failed"}
    assert RAN == []
