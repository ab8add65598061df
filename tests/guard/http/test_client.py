"""Whose request is it: the spoof matrix of forwarded headers."""

from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.core import read_headers
from vallum.guard.exchange import Exchange
from vallum.guard.http.client import find_client

PROXY = "10.0.0.5"


def seen(proxies: tuple[str, ...], peer: str | None, *headers: tuple[bytes, bytes], **fields: Any) -> tuple[str, bool]:
    exchange = Exchange()
    exchange.peer = peer
    for name, value in fields.items():
        setattr(exchange, name, value)
    read_headers(exchange, headers)
    assert find_client(proxies)(exchange) is None
    return exchange.client, exchange.secure


def chain(value: str) -> tuple[bytes, bytes]:
    return b"x-forwarded-for", value.encode()


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        ((), "203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ((PROXY,), "203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ((PROXY,), PROXY, "203.0.113.9", "203.0.113.9"),
        ((PROXY,), PROXY, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (("10.0.0.0/24",), PROXY, "1.1.1.1, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        (("10.0.0.0/24",), PROXY, "10.0.0.9", "10.0.0.9"),
        ((PROXY,), PROXY, "", PROXY),
        ((PROXY,), PROXY, "unknown", PROXY),
        ((PROXY,), PROXY, "203.0.113.9, <script>", PROXY),
        ((PROXY,), PROXY, "2001:db8::0:1", "2001:db8::1"),
        (("2001:db8::/32",), "2001:db8::5", "1.1.1.1", "1.1.1.1"),
        ((PROXY,), "not-an-address", "1.1.1.1", "not-an-address"),
    ],
)
def test_the_client_is_the_first_hop_that_is_not_ours(
    proxies: tuple[str, ...], peer: str, forwarded: str, client: str
) -> None:
    assert seen(proxies, peer, chain(forwarded))[0] == client


def test_repeated_fields_are_one_chain() -> None:
    assert seen((PROXY,), PROXY, chain("203.0.113.9"), chain("10.0.0.5"))[0] == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "said", "secure"),
    [
        (PROXY, "https", True),
        (PROXY, "http", False),
        (PROXY, "http, https", True),
        (PROXY, "https, http", False),
        (PROXY, "wss", True),
        (PROXY, "ws", False),
        (PROXY, "https, ws", False),
        (PROXY, "gopher", False),
        ("203.0.113.9", "https", False),
    ],
)
def test_the_scheme_is_the_nearest_proxys_word(peer: str, said: str, secure: bool) -> None:
    assert seen((PROXY,), peer, (b"x-forwarded-proto", said.encode()))[1] is secure


def test_a_unix_socket_is_trusted_only_if_listed() -> None:
    assert seen(("unix",), None, chain("203.0.113.9"), is_socket=True)[0] == "203.0.113.9"
    assert seen((PROXY,), None, chain("203.0.113.9"), is_socket=True)[0] == ""
    assert seen((), None, chain("203.0.113.9"), is_socket=True)[0] == ""


@pytest.mark.parametrize("proxy", ["*", "0.0.0.0/0", "::/0", "proxy.internal", "", "10.0.0.1/24"])
def test_everybody_is_not_a_proxy(proxy: str) -> None:
    with pytest.raises(ConfigError, match="proxies"):
        find_client((proxy,))
