"""The redirect to https: to the origin of the policy, with the target of the client, whatever that holds."""

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.guard.asgi.redirect import aim_scope
from vallum.guard.exchange import Exchange
from vallum.guard.http.transport import HTTPS_REQUIRED, TO_HTTPS, aim_redirect, demand_https
from vallum.guard.wsgi.redirect import aim_environ

HOME = b"https://notes.example"


def asked(host: str = "notes.example") -> Exchange:
    exchange = Exchange()
    exchange.found, exchange.host, exchange.home = [None] * 15, host, HOME
    return exchange


@given(target=st.binary(max_size=40))
def test_any_target_stays_on_the_own_host(target: bytes) -> None:
    exchange = asked()
    aim_redirect(exchange, target)
    ((name, location),) = exchange.extra
    assert name == b"location"
    assert location.startswith(HOME + b"/")
    assert all(0x21 <= byte <= 0x7E for byte in location)
    rooted = target if target.startswith(b"/") else b"/" + target
    assert unquote_to_bytes(location.removeprefix(HOME)) == unquote_to_bytes(rooted)


@given(target=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40))
def test_what_may_stand_in_a_url_is_kept_byte_by_byte(target: str) -> None:
    exchange = asked()
    aim_redirect(exchange, b"/" + target.encode())
    assert exchange.extra == ((b"location", HOME + b"/" + target.encode()),)


@pytest.mark.parametrize(
    ("environ", "target"),
    [
        ({"REQUEST_URI": "/app/a%2Fb?x=%20", "SCRIPT_NAME": "/app", "PATH_INFO": "/a/b"}, b"/app/a%2Fb?x=%20"),
        ({"RAW_URI": "//x/y?z", "PATH_INFO": "/y"}, b"//x/y?z"),
        ({"REQUEST_URI": "http://evil.example/y", "PATH_INFO": "/y", "QUERY_STRING": "a=1"}, b"/y?a=1"),
        ({"SCRIPT_NAME": "/app", "PATH_INFO": "/\xc3\xa9 \r\n?"}, b"/app/%C3%A9%20%0D%0A%3F"),
        ({}, b"/"),
    ],
)
def test_the_target_of_an_environ(environ: dict[str, str], target: bytes) -> None:
    exchange = asked()
    aim_environ(exchange, environ)
    assert exchange.extra == ((b"location", HOME + target),)


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        (
            {"path": "/app/a/b", "root_path": "/app", "raw_path": b"/app/a%2Fb", "query_string": b"x=1"},
            b"/app/a%2Fb?x=1",
        ),
        ({"path": "/\u00e9?", "raw_path": None}, b"/%C3%A9%3F"),
        ({"path": "/a", "raw_path": b"/a?x=1", "query_string": b"x=1"}, b"/a?x=1"),
    ],
)
def test_the_target_of_a_scope(scope: dict[str, object], target: bytes) -> None:
    exchange = asked()
    aim_scope(exchange, scope)
    assert exchange.extra == ((b"location", HOME + target),)


def test_each_name_goes_to_its_own_origin() -> None:
    step = demand_https(
        ["http://localhost:8000", "https://a.example:8443", "https://[2001:db8::1]", "https://a.example"]
    )
    for host, home in {
        "a.example": b"https://a.example:8443",
        "a.example:80": b"https://a.example:8443",
        "[2001:db8::1]": b"https://[2001:db8::1]",
        "localhost:8000": b"https://a.example:8443",
    }.items():
        exchange = asked(host)
        assert step(exchange) is TO_HTTPS
        assert exchange.home == home


def test_without_an_https_origin_nothing_passes() -> None:
    exchange = asked()
    assert demand_https(["http://localhost"])(exchange) is HTTPS_REQUIRED
    exchange.secure = True
    assert demand_https(["http://localhost"])(exchange) is None
