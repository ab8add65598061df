"""Requests to addresses of users: what is not public is never connected to, on the first hop and on every other."""

import asyncio
import gzip
import itertools
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from vallum.base.errors import ConfigError
from vallum.guard.input.egress.client import safe_async_client, safe_client
from vallum.guard.input.egress.policy import EgressPolicy, EgressRefusedError

LOOPBACK = "127.0.0.1/32"
Ask = Callable[..., httpx2.Response]


def say(text: bytes = b"hello", status: int = 200, **headers: str) -> Callable[[Any], None]:
    def answer(request: Any) -> None:
        request.send_response(status)
        for name, value in {"content-length": str(len(text)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(text)

    return answer


def redirect_to(place: Callable[[], str]) -> Callable[[Any], None]:
    def answer(request: Any) -> None:
        say(b"", 302, location=place())(request)

    return answer


def policy(port: int, **settings: Any) -> EgressPolicy:
    base = {"unsafe_plain_http": True, "unsafe_networks": (LOOPBACK,), "ports": (port,), "seconds": 5.0}
    return EgressPolicy(**{**base, **settings})


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    def get(url: str, chosen: EgressPolicy, method: str = "GET", **given: Any) -> httpx2.Response:
        if request.param == "sync":
            with safe_client(chosen) as client:
                return client.request(method, url, **given)

        async def run() -> httpx2.Response:
            async with safe_async_client(chosen) as client:
                return await client.request(method, url, **given)

        return asyncio.run(run())

    return get


def test_an_allowed_place_is_asked(serve: Any, ask: Ask) -> None:
    server = serve(say())
    answer = ask(f"http://127.0.0.1:{server.port}/hook?a=1", policy(server.port), "POST", json={"event": "paid"})
    assert (answer.status_code, answer.content) == (200, b"hello")
    path, headers = server.asked[0]
    assert path == "/hook?a=1"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["accept-encoding"] == "identity"


def test_without_leave_the_same_place_is_refused_and_not_asked(serve: Any, ask: Ask) -> None:
    server = serve(say())
    with pytest.raises(EgressRefusedError) as caught:
        ask(f"http://127.0.0.1:{server.port}/", policy(server.port, unsafe_networks=()))
    assert caught.value.status == 400
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://example.com:8443/",
        "https://example.com:22/",
        "ftp://example.com/",
        "http://example.com/",
        "https://other.example/",
        "https://example.com.evil.example/",
        "https://notexample.com/",
    ],
)
def test_urls_outside_of_the_policy_are_refused_before_anything_is_resolved(ask: Ask, url: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host}:{port} was looked up")

    with pytest.raises((EgressRefusedError, httpx2.UnsupportedProtocol)):
        ask(url, EgressPolicy(hosts=("example.com", "*.example.com"), resolve=resolve))


def test_one_private_address_among_public_ones_refuses_all(serve: Any, ask: Ask) -> None:
    server = serve(say())
    mixed = policy(server.port, resolve=lambda *_: ["127.0.0.1", "10.0.0.7"])
    with pytest.raises(EgressRefusedError):
        ask(f"http://both.example:{server.port}/", mixed)
    assert server.asked == []


@pytest.mark.parametrize("found", [[], ["not-an-address"], ["fe80::1%eth0"]])
def test_a_name_that_leads_nowhere_is_refused_alike(ask: Ask, found: list[str]) -> None:
    with pytest.raises(EgressRefusedError, match="was not found, or is not public"):
        ask("https://nowhere.example/", EgressPolicy(resolve=lambda *_: found))


def test_a_name_that_changes_between_check_and_use_is_asked_for_once(serve: Any, name_server: Any, ask: Ask) -> None:
    first = serve(say(b"checked"), "127.0.0.2")
    second = serve(say(b"internal"), "127.0.0.3", first.port)
    names = name_server("127.0.0.2", "127.0.0.3")
    allowed = policy(first.port, unsafe_networks=("127.0.0.2/32",), resolve=names.resolve)
    assert ask(f"http://rebind.example:{first.port}/", allowed).content == b"checked"
    assert names.asked == 1
    with pytest.raises(EgressRefusedError):
        ask(f"http://rebind.example:{first.port}/", allowed)  # by now the name means the other one
    assert second.asked == []


def test_redirects_are_left_alone_by_default(serve: Any, ask: Ask) -> None:
    server = serve(say(b"", 302, location="http://10.0.0.1/"))
    assert ask(f"http://127.0.0.1:{server.port}/", policy(server.port)).status_code == 302


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.9:{port}/",
        "http://[::1]:{port}/",
        "http://2130706433:{port}/",
        "http://127.0.0.1:1/",
        "//x@127.0.0.1:{port}/",
    ],
)
def test_every_redirect_is_checked(serve: Any, ask: Ask, location: str) -> None:
    ports: list[int] = []
    server = serve(redirect_to(lambda: location.format(port=ports[0])))
    ports.append(server.port)
    with pytest.raises(EgressRefusedError):
        ask(f"http://127.0.0.1:{server.port}/", policy(server.port, redirects=3))
    assert len(server.asked) == 1


def test_redirects_that_are_allowed_end_and_forward_no_credentials(serve: Any, ask: Ask) -> None:
    other = serve(say(b"there"), "127.0.0.2")
    ports: list[int] = []
    server = serve(redirect_to(lambda: f"http://127.0.0.2:{ports[0]}/"))
    ports.append(other.port)
    allowed = policy(server.port, ports=(server.port, other.port), redirects=2, unsafe_networks=("127.0.0.0/30",))
    answer = ask(f"http://127.0.0.1:{server.port}/", allowed, headers={"authorization": "Bearer x"})
    assert answer.content == b"there"
    assert "authorization" in server.asked[0][1]
    assert "authorization" not in other.asked[0][1]


def test_redirects_in_a_circle_end(serve: Any, ask: Ask) -> None:
    server = serve(say(b"", 302, location="/"))
    with pytest.raises(httpx2.TooManyRedirects):
        ask(f"http://127.0.0.1:{server.port}/", policy(server.port, redirects=3))
    assert len(server.asked) == 4


def test_bodies_over_the_limit_are_refused_announced_or_not(serve: Any, ask: Ask) -> None:
    def stream(request: Any) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(64):
            request.wfile.write(b"x" * 1024)

    for answer in (say(b"x" * 5000), stream):
        server = serve(answer)
        with pytest.raises(EgressRefusedError, match="more than 4096 bytes"):
            ask(f"http://127.0.0.1:{server.port}/", policy(server.port, most_bytes=4096))


def test_a_body_as_large_as_the_limit_passes(serve: Any, ask: Ask) -> None:
    server = serve(say(b"x" * 4096))
    assert len(ask(f"http://127.0.0.1:{server.port}/", policy(server.port, most_bytes=4096)).content) == 4096


def test_compressed_bodies_are_refused(serve: Any, ask: Ask) -> None:
    server = serve(say(gzip.compress(b"0" * 100_000), content_encoding="gzip"))
    with pytest.raises(EgressRefusedError, match="compressed"):
        ask(f"http://127.0.0.1:{server.port}/", policy(server.port))


def test_a_server_that_drips_is_cut_off_by_one_deadline_for_all(serve: Any, ask: Ask) -> None:
    times = itertools.count()

    def drip(request: Any) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b"a")

    server = serve(drip)
    slow = policy(
        server.port, seconds=8.0, most_bytes=10**9, clock=lambda: float(next(times))
    )  # each step takes a second
    with pytest.raises(httpx2.TimeoutException):
        ask(f"http://127.0.0.1:{server.port}/", slow)


def test_a_server_that_says_nothing_is_given_up(serve: Any, ask: Ask) -> None:
    server = serve(lambda request: request.rfile.read(1))
    with pytest.raises(httpx2.ReadTimeout):
        ask(f"http://127.0.0.1:{server.port}/", policy(server.port, seconds=0.2))


def test_nobody_there_is_an_error_that_users_of_httpx_know(serve: Any, ask: Ask) -> None:
    server = serve(say())
    server.http.server_close()
    with pytest.raises(httpx2.ConnectError):
        ask(f"http://127.0.0.1:{server.port}/", policy(server.port))


def test_no_proxy_of_the_environment_takes_part(serve: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = serve(say(b"proxied")), serve(say())
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert ask(f"http://127.0.0.1:{server.port}/", policy(server.port)).content == b"hello"
    assert proxy.asked == []


@pytest.mark.parametrize(
    "settings",
    [
        {"hosts": "example.com"},
        {"hosts": ("Example.com",)},
        {"hosts": ("*",)},
        {"hosts": ("a.*.com",)},
        {"hosts": ("ex ample.com",)},
        {"ports": ()},
        {"ports": (0,)},
        {"ports": (70_000,)},
        {"redirects": -1},
        {"most_bytes": 0},
        {"seconds": 0},
        {"unsafe_networks": ("10.0.0.1/8",)},
        {"unsafe_networks": ("localhost",)},
    ],
)
def test_policies_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="egress"):
        EgressPolicy(**settings)
