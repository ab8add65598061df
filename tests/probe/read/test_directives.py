"""Security headers fall into their parts."""

from hypothesis import given
from hypothesis import strategies as st

from vallum.probe.read.directives import read_csp, read_hsts, read_permissions


def test_first_directive_of_a_name_counts():
    assert read_csp("default-src 'self'; SCRIPT-SRC 'none' a.example ;; default-src *") == {
        "default-src": ("'self'",),
        "script-src": ("'none'", "a.example"),
    }


def test_hsts():
    assert read_hsts('Max-Age="31536000"; includeSubDomains;; max-age=0') == {
        "max-age": "31536000",
        "includesubdomains": "",
    }


def test_permissions():
    assert read_permissions('camera=(), geolocation=(self "https://a.example"), broken') == {
        "camera": (),
        "geolocation": ("self", '"https://a.example"'),
    }


@given(st.text())
def test_any_value_can_be_read(text):
    assert all(name == name.lower() for name in (*read_csp(text), *read_hsts(text), *read_permissions(text)))
