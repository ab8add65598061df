"""The Host header against an exact set."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.guard.core import read_headers
from vallum.guard.exchange import Exchange
from vallum.guard.http.hosts import check_host
from vallum.guard.http.origins import hosts_of


def refused(
    host: bytes | None, *, development: bool = False, hosts: Any = ("notes.example", "notes.example:443")
) -> bool:
    exchange = Exchange()
    read_headers(exchange, [] if host is None else [(b"host", host)])
    answer = check_host(hosts, development=development)(exchange)
    assert (answer is None) == bool(exchange.host)
    return answer is not None


@pytest.mark.parametrize("host", [b"notes.example", b"NOTES.example", b"notes.example:443"])
def test_its_own_hosts(host: bytes) -> None:
    assert not refused(host)


@pytest.mark.parametrize(
    "host",
    [
        None,
        b"",
        b"evil.example",
        b"notes.example.evil.example",
        b"evilnotes.example",
        b"notesXexample",
        b"notes.example:80",
        b"notes.example.",
        b"notes.example@evil.example",
        b"notes.example, evil.example",
        b"a.notes.example",
        b"localhost",
        b"notes.example/",
        b"notes.example#",
        b"notes.example\t",
        b"\xff",
    ],
)
def test_other_hosts(host: bytes | None) -> None:
    assert refused(host)


@pytest.mark.parametrize("host", [b"localhost", b"localhost:8000", b"127.0.0.1:8000", b"[::1]:8000", b"testserver"])
def test_development_answers_to_this_machine(host: bytes) -> None:
    assert not refused(host, development=True, hosts=())


@pytest.mark.parametrize(
    "host",
    [b"notes.example", b"localhost.evil.example", b"localhost:x", b"localhost:8000:1", b"192.168.1.5", b"0.0.0.0"],
)
def test_development_answers_to_nobody_else(host: bytes) -> None:
    assert refused(host, development=True, hosts=())


@given(st.binary(max_size=40))
def test_nothing_but_the_listed_hosts(host: bytes) -> None:
    assert refused(host) is (host.lower() not in {b"notes.example", b"notes.example:443"})


@pytest.mark.parametrize(
    ("origin", "hosts"),
    [
        ("https://a.example", ("a.example", "a.example:443")),
        ("https://a.example:8443", ("a.example:8443",)),
        ("http://[::1]", ("[::1]", "[::1]:80")),
        ("http://[::1]:8000", ("[::1]:8000",)),
    ],
)
def test_the_hosts_of_an_origin(origin: str, hosts: tuple[str, ...]) -> None:
    assert hosts_of(origin) == hosts
