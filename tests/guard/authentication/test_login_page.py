"""The way to the login page: only there, and back only to a local page."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.authentication.login_page import lead_in
from vallum.guard.exchange import ACCEPT, INDEX, Exchange
from vallum.guard.output.redirects import Redirects


def ask(path: str, query: bytes = b"") -> Exchange:
    exchange = Exchange()
    exchange.method, exchange.path, exchange.query = "GET", path, query
    exchange.found = [None] * len(INDEX)
    exchange.found[ACCEPT] = b"text/html"
    return exchange


def location(path: str, query: bytes = b"", login: str = "/login") -> str:
    refusal = lead_in(login)(ask(path, query))
    assert refusal is not None
    return dict(refusal.headers)[b"location"].decode("ascii")


@pytest.mark.parametrize(
    "login", ["login", "//evil.example", "https://notes.example/login", "/login#x", "javascript:1"]
)
def test_a_login_page_elsewhere_is_refused(login: str) -> None:
    with pytest.raises(ConfigError) as caught:
        lead_in(login)
    assert caught.value.code == "login-page"


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/notes", b"", "/login?next=/notes"),
        ("/notes/1", b"a=1&b=2", "/login?next=/notes/1%3Fa%3D1%26b%3D2"),
        ("/käse", b"", "/login?next=/k%25C3%25A4se"),
        ("//evil.example", b"", "/login"),
        ("/\\evil.example", b"", "/login"),
        ("/a/../b", b"", "/login"),
        ("/notes", b"a=\r\nSet-Cookie: x", "/login"),
        ("/" + "x" * 3000, b"", "/login"),
    ],
)
def test_what_was_asked_for_goes_along_when_it_is_local(path: str, query: bytes, expected: str) -> None:
    assert location(path, query) == expected


def test_a_login_page_with_a_query_keeps_it() -> None:
    assert location("/notes", login="/account?view=login") == "/account?view=login&next=/notes"


def test_a_socket_is_led_nowhere() -> None:
    exchange = ask("/live")
    exchange.scheme = "wss"
    assert lead_in("/login")(exchange) is None


@given(st.text(), st.binary())
def test_the_way_back_is_always_local(path: str, query: bytes) -> None:
    if path == "/login":
        return
    found = location(path, query)
    assert found.split("?")[0] == "/login"
    for target in parse_qs(urlsplit(found).query).get("next", []):
        assert Redirects(fallback="/fallback").resolve(target) == target
        assert urlsplit(target).netloc == ""
