"""The cookie builder refuses what is not safe, and reads cookies strictly."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.sessions.cookies import CookiePolicy, check_cookie, find_cookie
from vallum.guard.sessions.life import SessionPolicy


def test_all_flags() -> None:
    cookie = CookiePolicy(name="__Host-a", same_site="Lax")
    assert cookie.set("v") == b"__Host-a=v; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert cookie.expire() == b"__Host-a=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    "settings",
    [
        {"domain": "example.com"},
        {"same_site": "None"},
        {"same_site": ""},
        {"same_site": "strict"},
        {"unsafe_plain_http": True},
        {"name": "session"},
        {"name": "__Secure-session"},
        {"name": "__Host-a;b"},
        {"name": ""},
    ],
)
def test_weak_cookies_cannot_be_built(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="cookie"):
        CookiePolicy(**{"name": "__Host-session", **settings})


@pytest.mark.parametrize("value", ["a;b", "a b", "a\r\nset-cookie: x", 'a"', "é", "a,b"])
def test_a_value_cannot_write_attributes(value: str) -> None:
    with pytest.raises(ConfigError):
        CookiePolicy(name="__Host-a").set(value)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"a=1", "1"),
        (b"b=2; a=1", "1"),
        (b"a=1;b=2", "1"),
        (b"xa=1", None),
        (b"a=1; a=1", None),
        (b"a=1; b=2; a=2", None),
        (b"b=a=1", None),
        (b"a", ""),
        (b"", None),
        (None, None),
    ],
)
def test_reading(header: bytes | None, value: str | None) -> None:
    assert find_cookie(header, b"a") == value


@given(st.binary(max_size=60))
def test_reading_never_raises(header: bytes) -> None:
    value = find_cookie(header, b"a")
    assert value is None or value.encode("latin-1") in header


@pytest.mark.parametrize(
    "settings",
    [
        {"idle_seconds": 0},
        {"idle_seconds": 1801},
        {"absolute_seconds": 86_401},
        {"idle_seconds": 600, "absolute_seconds": 300},
        {"note_use_every": 1800},
        {"note_use_every": -1},
    ],
)
def test_limits_that_never_strike(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="session"):
        SessionPolicy(**settings)


def test_a_longer_life_must_be_called_unsafe() -> None:
    assert SessionPolicy(idle_seconds=7200, absolute_seconds=604_800, unsafe_longer_life=True).idle_seconds == 7200


FLAGS = b"; Path=/; Secure; HttpOnly; SameSite=Lax"
NAMES = [b"sessionid", b"PHPSESSID", b"connect.sid", b"access_token", b"authToken", b"auth", b"remember_me", b"my-sess"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (b"", "HttpOnly and lacks SameSite=Strict or Lax and lacks Secure"),
        (b"; secure; httponly", "SameSite"),
        (b"; Secure; SameSite=Strict", "HttpOnly"),
        (b"; HttpOnly; SameSite=Strict", "Secure"),
        (b"; HttpOnly; Secure; SameSite=None", "SameSite"),
        (b"; HttpOnly; Secure; SameSite=Lax; SameSite=None", "SameSite"),
        (b"; HttpOnly; Secure; SameSite=Lax; Domain=example.com", "Domain"),
    ],
)
def test_a_session_in_a_cookie_without_its_flags_is_refused(name: bytes, flags: bytes, named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        check_cookie(name + b"=s3cr3t" + flags, secure=True)
    assert name.decode() in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_session_with_all_flags_passes(name: bytes) -> None:
    check_cookie(name + b"=v" + FLAGS, secure=True)
    check_cookie(name + b"=v;HTTPONLY ; samesite = strict;secure", secure=True)
    check_cookie(name + b"=v; HttpOnly; SameSite=Lax", secure=False)
    check_cookie(name + b"=; Max-Age=0", secure=True)
    check_cookie(name + b'=""; expires=Thu, 01 Jan 1970 00:00:00 GMT', secure=True)


@pytest.mark.parametrize("name", [b"taste", b"author", b"assessment", b"csrftoken", b"XSRF-TOKEN", b"sidebar", b""])
def test_the_flags_of_other_cookies_are_for_whoever_sets_them(name: bytes) -> None:
    check_cookie(name + b"=v", secure=True)


@given(st.binary(max_size=60))
def test_a_check_of_any_bytes_refuses_or_passes(line: bytes) -> None:
    with suppress(ConfigError):
        check_cookie(line, secure=True)
