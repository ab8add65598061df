from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.output.urls import LinkError, build_url, check_link, encode_component

VALUES = st.text(st.characters(exclude_categories=("Cs",)))
SEGMENTS = VALUES.filter(lambda text: text not in {"", ".", ".."})


@given(VALUES)
def test_a_component_reads_back_and_holds_no_delimiter(text):
    encoded = encode_component(text)
    assert unquote(encoded) == text
    assert not set(encoded) & set("/?#[]@!$&'()*+,;=:<>\"\\ ")


@given(st.lists(SEGMENTS, max_size=4), st.lists(st.tuples(VALUES, VALUES), max_size=4, unique_by=lambda pair: pair[0]))
def test_every_part_stays_where_it_was_put(segments, pairs):
    parts = urlsplit(build_url("https://a.example/base", *segments, query=dict(pairs)))
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "a.example", "")
    assert [unquote(segment) for segment in parts.path.split("/")[2:]] == segments
    assert parse_qsl(parts.query, keep_blank_values=True) == pairs


def test_numbers_lists_and_fragments():
    built = build_url("/search", 7, query={"tag": ["a&b", "c"], "all": True, "page": 2}, fragment="x#y")
    assert built == "/search/7?tag=a%26b&tag=c&all=true&page=2#x%23y"


@pytest.mark.parametrize("dots", ["", ".", ".."])
def test_dots_are_no_segment(dots):
    with pytest.raises(LinkError, match="segment"):
        build_url("https://a.example", "files", dots)


def test_a_lone_surrogate_is_refused():
    with pytest.raises(LinkError, match="Unicode"):
        encode_component("\ud800")


@pytest.mark.parametrize(
    "base", ["", "//evil.example", "javascript:alert(1)", "/a?b", "/a#b", "https://u@host/", "ftp://x"]
)
def test_a_base_is_an_origin_or_a_path(base):
    with pytest.raises(ConfigError, match="base"):
        build_url(base)


@pytest.mark.parametrize(
    "link",
    ["https://example.org", "HTTPS://Example.org/a?b=c&d=%20#e", "https://[::1]:8080/", "https://example.org:443/x"],
)
def test_a_full_https_address_is_a_link(link):
    assert check_link(link).lower() == link.lower()


@pytest.mark.parametrize(
    "link",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        " https://example.org",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "blob:https://example.org/1",
        "//example.org",
        "/local",
        "https:example.org",
        "https:///example.org",
        "https://",
        "https://user@example.org",
        "https://example.org@evil.example",
        "https://example.org\\@evil.example",
        "https://exa mple.org",
        "https://example.org/\u202e",
        "https://exam\u0440le.org",
        "https://example.org/<script>",
        'https://example.org/"onclick=',
        "https://example.org:99999999",
        "https://[::1",
        "http://example.org",
        "mailto:a@example.org",
        "https://example.org/" + "a" * 2048,
    ],
)
def test_anything_else_is_none(link):
    with pytest.raises(LinkError, match="not an absolute address"):
        check_link(link)


def test_other_schemes_are_named():
    assert check_link("http://example.org/", schemes=("http", "https")) == "http://example.org/"
    assert check_link("mailto:a@example.org", schemes=("mailto",)) == "mailto:a@example.org"
    with pytest.raises(LinkError):
        check_link("mailto:a@example.org?cc=b@example.org&x", schemes=("https",))
    with pytest.raises(LinkError):
        check_link("mailto://a@example.org", schemes=("mailto",))
    with pytest.raises(ConfigError, match="schemes"):
        check_link("javascript:1", schemes=("javascript",))
    with pytest.raises(ConfigError, match="schemes"):
        check_link("https://x", schemes="https")
