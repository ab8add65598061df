"""Finding the token in a form body."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.guard.sessions.form_token import find_token, is_form

FORM = b"application/x-www-form-urlencoded"
MULTI = b'multipart/form-data; boundary="b0"'


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b'--b0\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n"


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (b"csrf_token=abc", b"abc"),
        (b"a=1&csrf_token=abc&b=2", b"abc"),
        (b"a=csrf_token=abc", None),
        (b"", None),
        (b"xcsrf_token=abc", None),
        (b"csrf_token=a&csrf_token=b", b""),
        (b"csrf_token=", b""),
    ],
)
def test_urlencoded(body: bytes, token: bytes | None) -> None:
    assert find_token(FORM, body, whole=True) == token
    assert find_token(FORM, body, whole=False) is None


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (part(b"csrf_token", b"abc") + b"--b0--", b"abc"),
        (part(b"a", b"1") + part(b"csrf_token", b"abc") + b"--b0", b"abc"),
        (part(b"a", b"csrf_token=abc") + b"--b0--", None),
        (part(b"csrf_token", b"abc", b'; filename="x"') + b"--b0--", None),
        (part(b"csrf_token", b"a") + part(b"csrf_token", b"b") + b"--b0--", b""),
        (b'--b0\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\nab', None),
        (b"", None),
    ],
)
def test_multipart(body: bytes, token: bytes | None) -> None:
    assert find_token(MULTI, body, whole=False) == token


def test_types() -> None:
    assert is_form(FORM + b"; charset=utf-8")
    assert is_form(b"Multipart/Form-Data; boundary=x")
    assert not is_form(b"application/json")
    assert not is_form(None)
    assert find_token(b"multipart/form-data", part(b"csrf_token", b"abc") + b"--b0--", whole=True) is None
    assert (
        find_token(b"multipart/form-data; boundary=b0", part(b"csrf_token", b"abc") + b"--b0--", whole=True) == b"abc"
    )


@given(st.sampled_from([FORM, MULTI]), st.binary(max_size=300), st.booleans())
def test_no_body_raises(kind: bytes, body: bytes, whole: bool) -> None:
    token = find_token(kind, body, whole=whole)
    assert token is None or token in body
