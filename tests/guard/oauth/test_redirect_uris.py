"""Redirect URIs come from the configuration and are compared character by character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.oauth.redirect_uris import RedirectRefusedError, RedirectRegistry, build_redirect

URI = "https://app.example/callback"
REGISTRY = RedirectRegistry({"notes": [URI], "native": ["http://127.0.0.1:8000/cb"], "other": ["https://x.example/cb"]})


def test_origin_and_path_make_the_uri():
    assert (
        build_redirect("https://app.example:8443", "/login/x/callback") == "https://app.example:8443/login/x/callback"
    )
    assert build_redirect("http://localhost:1", "/cb", unsafe_loopback_http=True) == "http://localhost:1/cb"


@pytest.mark.parametrize(
    ("origin", "path"),
    [
        ("https://app.example/", "/cb"),
        ("https://app.example?x", "/cb"),
        ("http://app.example", "/cb"),
        ("http://localhost", "/cb"),
        ("https://app.example", "cb"),
        ("https://app.example", "/cb?x=1"),
        ("https://app.example", "/../cb"),
        ("https://app.example", "//evil.example"),
        ("https://app.example", "/c%62"),
        ("https://app.example", ""),
    ],
)
def test_what_is_not_exact_is_refused(origin: str, path: str):
    with pytest.raises(ConfigError):
        build_redirect(origin, path)


def test_the_registered_uri_is_accepted():
    assert REGISTRY.check("notes", URI) == URI


@pytest.mark.parametrize(
    ("client", "uri"),
    [
        ("notes", URI + "/"),
        ("notes", URI + "?x=1"),
        ("notes", URI + "/evil"),
        ("notes", URI + "#x"),
        ("notes", "https://app.example.evil.example/callback"),
        ("notes", "https://evil.app.example/callback"),
        ("notes", "https://APP.example/callback"),
        ("notes", "https://app.example:443/callback"),
        ("notes", "https://app.example/%63allback"),
        ("notes", "https://x.example/cb"),
        ("native", "http://127.0.0.1:8001/cb"),
        ("unknown", URI),
        ("notes", ""),
    ],
)
def test_no_other_uri_is_accepted(client: str, uri: str):
    with pytest.raises(RedirectRefusedError) as caught:
        REGISTRY.check(client, uri)
    assert caught.value.status == 400


@given(st.text(max_size=60))
def test_nothing_appended_is_accepted(tail: str):
    for uri in {tail, URI + tail, tail + URI} - {URI}:
        with pytest.raises(RedirectRefusedError):
            REGISTRY.check("notes", uri)


@pytest.mark.parametrize(
    "uri",
    [
        "https://*.app.example/cb",
        "https://app.example/cb?x",
        "https://app.example/../cb",
        "https://app.example/%2e",
        "http://app.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "/cb",
        "",
    ],
)
def test_a_registry_holds_exact_addresses(uri: str):
    with pytest.raises(ConfigError):
        RedirectRegistry({"notes": [uri]})
