"""The response head by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard import Environment
from vallum.guard.exchange import Exchange
from vallum.guard.http.cors import CorsPolicy, SharedOrigins
from vallum.guard.http.headers import HeaderPolicy
from vallum.guard.response import ResponseHead

Build = Callable[..., Any]


@pytest.mark.parametrize(
    ("environment", "scheme", "line", "sent"),
    [
        ("development", "https", b"sessionid=a", False),
        ("development", "https", b"sessionid=a; HttpOnly; SameSite=Lax", False),
        ("development", "http", b"sessionid=a; HttpOnly; SameSite=Lax", True),
        ("development", "http", b"sessionid=a; SameSite=Lax", False),
        ("test", "http", b"sessionid=a; HttpOnly; SameSite=Lax", True),
        ("production", "http", b"sessionid=a; HttpOnly; SameSite=Lax", False),
        ("production", "http", b"sessionid=a; HttpOnly; SameSite=Lax; Secure", True),
        ("production", "http", b"taste=sweet", True),
    ],
)
def test_a_handlers_session_cookie_needs_its_flags(
    policy: Build, environment: str, scheme: str, line: bytes, sent: bool
) -> None:
    made = ResponseHead(policy(environment=Environment(environment)), SharedOrigins(CorsPolicy()))
    for name in (b"set-cookie", b"Set-Cookie"):
        exchange = Exchange()
        exchange.secure = scheme == "https"
        given = [(b"content-type", b"text/plain"), (name, line)]
        if sent:
            assert (b"set-cookie", line) in made.build(exchange, given)
        else:
            with pytest.raises(ConfigError, match="sessionid"):
                made.build(exchange, given)


def test_the_policys_embedder_header_is_sent_once(policy: Build) -> None:
    name = b"cross-origin-embedder-policy"
    for asked, sent in (("require-corp", b"require-corp"), ("", b"credentialless")):
        made = ResponseHead(policy(headers=HeaderPolicy(embedder=asked)), SharedOrigins(CorsPolicy()))
        assert [value for key, value in made.build(Exchange(), [(name, b"credentialless")]) if key == name] == [sent]
