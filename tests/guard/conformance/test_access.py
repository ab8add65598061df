"""Deny by default: nothing runs that nobody declared, wherever a framework lets one put it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.guard.conformance.contract import RAN

CLOSED = ["/bare", "/group/bare", "/async/bare", "/late"]
Browser = Callable[..., Any]


@pytest.mark.parametrize("path", CLOSED)
def test_what_is_undeclared_is_closed_to_everybody(browser: Browser, path: str, events: list[Any]) -> None:
    user = browser()
    assert user("GET", path).status_code == 401
    user("POST", "/enter")
    answer = user("GET", path)
    assert answer.status_code == 403
    assert "secret" not in answer.text
    assert RAN == []
    assert (events[-1].name, events[-1].actor) == ("route-undeclared", "ada")


@pytest.mark.parametrize("path", ["/open", "/group/open", "/async/open"])
def test_what_is_public_is_open(browser: Browser, path: str) -> None:
    answer = browser()("GET", path)
    assert (answer.status_code, answer.text) == (200, "open")


def test_a_class_declares_each_of_its_methods(browser: Browser) -> None:
    user = browser()
    assert user("GET", "/class").text == "listed"
    assert user("POST", "/class").status_code == 401
    assert RAN == []


def test_permissions(browser: Browser, events: list[Any]) -> None:
    user = browser()
    assert user("GET", "/mine").status_code == 401
    assert user("GET", "/write").status_code == 401
    user("POST", "/enter")
    assert user("GET", "/mine").text == "ada"
    assert user("GET", "/write").status_code == 403
    assert (events[-1].name, events[-1].path) == ("authorization-failed", "/write")
    writer = browser()
    writer("POST", "/enter-writer")
    assert writer("GET", "/write").text == "written"


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # Django's static files under ASGI
def test_files_need_an_entry_in_the_table(browser: Browser) -> None:
    assert browser()("GET", "/static/x.txt").text == "asset"
    assert browser(paths={})("GET", "/static/x.txt").status_code == 401


def test_head_asks_like_get(browser: Browser, kind: str) -> None:
    user = browser()
    assert user("HEAD", "/mine").status_code == (405 if kind == "litestar" else 401)
    assert user("HEAD", "/bare").status_code == (405 if kind == "litestar" else 401)
    assert RAN == []


@pytest.mark.parametrize("path", ["/mine", "/bare", "/class"])
def test_options_tells_strangers_nothing(browser: Browser, path: str) -> None:
    answer = browser()("OPTIONS", path)
    assert answer.status_code in {401, 405}
    assert RAN == []


def test_undeclared_routes_are_named(open_kit: Browser) -> None:
    named = " ".join(open_kit(paths={}).undeclared())
    for path in ("/bare", "/group/bare", "/async/bare", "/static"):
        assert path in named
    for path in ("/open", "/mine", "/write", "/stream"):
        assert path not in named


def test_the_table_of_paths_names_files(open_kit: Browser) -> None:
    assert "/static" not in " ".join(open_kit().undeclared())
