"""Requests to providers: what is refused before it is sent, and answers that are too long, too slow or elsewhere."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.oauth.refusals import ProviderDownError
from vallum.guard.oauth.transport import HttpReply, HttpRequest, HttpxSender, check_address


class Answers(BaseHTTPRequestHandler):
    heard: ClassVar[list[tuple[str, str, str]]] = []

    def do_GET(self) -> None:
        self.heard.append((self.command, self.path, self.headers.get("accept-encoding", "")))
        size = int(self.path.partition("size=")[2] or 2)
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("content-type", "application/json")
        self.send_header("location", "/elsewhere")
        if self.path == "/packed":
            self.send_header("content-encoding", "gzip")
        self.end_headers()
        self.wfile.write(b"{}".ljust(size))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def log_message(self, *arguments: Any) -> None:
        """Be quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    Answers.heard.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def sender() -> Iterator[HttpxSender]:
    with HttpxSender(most_bytes=1000, unsafe_loopback_http=True) as sender:
        yield sender


def test_sends_and_follows_nothing(sender: HttpxSender, address: str):
    assert sender.send(HttpRequest(url=f"{address}/moved")).status == 302
    assert sender.send(HttpRequest(url=f"{address}/token", form={"code": "x"})).read_json() == {}
    assert Answers.heard == [("GET", "/moved", "identity"), ("POST", "/token", "identity")]


def test_long_and_packed_answers_are_refused(sender: HttpxSender, address: str):
    assert len(sender.send(HttpRequest(url=f"{address}/?size=1000")).body) == 1000
    for path, cause in (("/?size=1001", "more than 1000 bytes"), ("/packed", "compressed")):
        with pytest.raises(ProviderDownError) as caught:
            sender.send(HttpRequest(url=address + path))
        assert cause in caught.value.cause


def test_slow_and_missing_answers_are_refused(address: str):
    times = iter([0.0, 11.0])
    with HttpxSender(clock=lambda: next(times), unsafe_loopback_http=True) as sender:
        with pytest.raises(ProviderDownError) as caught:
            sender.send(HttpRequest(url=address))
        assert "too slow" in caught.value.cause
        with pytest.raises(ProviderDownError) as caught:
            sender.send(HttpRequest(url="http://127.0.0.1:1/secret?code=x"))
    assert caught.value.cause == "provider-unreachable: 127.0.0.1: ConnectError"


def test_plain_http_is_never_sent(address: str):
    with HttpxSender() as sender, pytest.raises(ConfigError, match="https"):
        sender.send(HttpRequest(url=address))
    assert Answers.heard == []


@pytest.mark.parametrize("settings", [{"seconds": 0}, {"most_bytes": 0}])
def test_limits_are_limits(settings: dict[str, Any]):
    with pytest.raises(ConfigError, match="above 0"):
        HttpxSender(**settings)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "id.example",
        "https://",
        "https://user@id.example",
        "https://id.example/#x",
        "https://id.example\\@evil.example",
        "https://id.example /",
        "https://id.ex\u0430mple",
        "https://id.example:port",
        "https://[::1",
        "ftp://id.example",
        "file:///etc/passwd",
        "http://id.example",
        "http://localhost.evil.example",
    ],
)
def test_other_addresses_are_refused(address: str):
    with pytest.raises(ConfigError):
        check_address(address, unsafe_loopback_http=True)


@pytest.mark.parametrize(
    "address", ["http://localhost:1", "http://127.0.0.1/x", "http://[::1]:8000", "https://x.example"]
)
def test_loopback_is_for_development(address: str):
    assert check_address(address, unsafe_loopback_http=True) == address
    if address.startswith("http:"):
        with pytest.raises(ConfigError, match="https"):
            check_address(address)


@pytest.mark.parametrize("kind", ["application/json", "application/jwk-set+json; charset=utf-8", "Application/JSON"])
def test_json_is_read_by_its_type(kind: str):
    assert HttpReply(status=200, content_type=kind, body=b'{"a":1}').read_json() == {"a": 1}


@pytest.mark.parametrize(("kind", "body"), [("text/html", b"{}"), ("", b"{}"), ("application/json", b"[]")])
def test_anything_else_is_no_json(kind: str, body: bytes):
    with pytest.raises(ProviderDownError):
        HttpReply(status=200, content_type=kind, body=body).read_json()
