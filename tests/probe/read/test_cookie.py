"""Set-Cookie lines are read as a browser reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.probe.read.cookie import read_cookie, read_cookies

NAMES = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=1, max_size=20)
VALUES = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789+/=%._-", max_size=60)


def test_all_attributes():
    cookie = read_cookie("__Host-sid=v1=a; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=60")
    assert cookie.name == "__Host-sid"
    assert cookie.value.reveal() == "v1=a"
    assert (cookie.secure, cookie.http_only, cookie.same_site, cookie.path) == (True, True, "strict", "/")
    assert not cookie.deletes
    assert cookie.is_session


def test_description_has_no_value():
    cookie = read_cookie("sid=very-secret-value; Secure; Path=/x")
    assert cookie.describe() == "sid=<value>; secure; path=/x"
    assert "very-secret" not in repr(cookie)


@pytest.mark.parametrize(
    "line",
    [
        "no equals sign",
        "=nameless",
        "a=b\r\nInjected: yes",
        "__Host-a=1; Path=/",
        "__Host-a=1; Secure; Path=/; Domain=example.com",
        "__Host-a=1; Secure; Path=/deep",
        "__Secure-a=1",
    ],
)
def test_what_a_browser_ignores(line):
    assert read_cookie(line) is None


@pytest.mark.parametrize(
    ("line", "deletes"),
    [
        ("a=; Max-Age=0", True),
        ("a=b; Max-Age=-1", True),
        ("a=; expires=Thu, 01 Jan 1970 00:00:00 GMT", True),
        ("a=b; expires=Thu, 01 Jan 2970 00:00:00 GMT", False),
        ("a=b; Max-Age=soon", False),
        ("a=", False),
    ],
)
def test_deletion(line, deletes):
    assert read_cookie(line).deletes is deletes


@pytest.mark.parametrize(
    ("line", "session"),
    [("sid=1", True), ("x=1; HttpOnly", True), ("theme=dark", False), ("csrftoken=1; HttpOnly", False)],
)
def test_what_carries_a_login(line, session):
    assert read_cookie(line).is_session is session


def test_domain_loses_its_dot():
    assert read_cookie("a=b; Domain=.Example.com").domain == "example.com"


def test_lines_of_an_answer():
    headers = [("Set-Cookie", "a=1"), ("Date", "x"), ("set-cookie", "b=2"), ("set-cookie", "bad")]
    assert [cookie.name for cookie in read_cookies(headers)] == ["a", "b"]


@given(NAMES.filter(lambda name: not name.lower().startswith("__")), VALUES)
def test_name_and_value_survive(name, value):
    cookie = read_cookie(f"{name}={value}; Path=/")
    assert (cookie.name, cookie.value.reveal()) == (name, value)


@given(st.text())
def test_any_line_can_be_read(line):
    cookie = read_cookie(line)
    assert cookie is None or cookie.name == cookie.name.strip()
