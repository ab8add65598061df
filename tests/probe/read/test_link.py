"""A link is followed only within the app."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.probe.read.link import resolve_link, split_link


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/a?b=1#c", "/a?b=1"),
        ("next", "/folder/next"),
        ("?q=1", "/folder/page?q=1"),
        ("https://shop.example", "/"),
        ("https://shop.example/x", "/x"),
        ("http://shop.example/x", ""),
        ("https://evil.example/x", ""),
        ("//evil.example", ""),
        ("mailto:a@b.example", ""),
        ("javascript:alert(1)", ""),
        ("http://[broken", ""),
    ],
)
def test_where_a_link_leads(link, target):
    assert resolve_link(link, "/folder/page", "https://shop.example") == target


def test_address_that_cannot_be_split():
    assert split_link("http://[broken") is None
    assert split_link("//evil.example").netloc == "evil.example"


@given(st.text())
def test_any_link_can_be_resolved(link):
    target = resolve_link(link, "/page")
    assert target == "" or target[0] == "/" or not target.startswith("http")
