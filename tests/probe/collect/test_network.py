"""An app at a URL: targets go out as they are given."""

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from vallum.probe.collect.network import NetworkTransport
from vallum.probe.collect.wire import BODY_KEPT, Wire


class Echo(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = f"{self.path} {self.headers['X-Own']} ".encode() + self.rfile.read(length)
        self.send_response(302)
        self.send_header("Location", "/next")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.send_response(200)
        if self.path == "/events":
            self.send_header("Content-Type", "text/event-stream")
        size = 3 * BODY_KEPT if self.path == "/big" else 4
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"x" * size)

    def log_message(self, *args):
        return


@pytest.fixture
def server():
    """A server on loopback."""
    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_raw_target_and_every_header(server):
    transport = NetworkTransport(server, time.monotonic)
    headers = (("Host", "127.0.0.1"), ("X-Own", "é"), ("Content-Length", "2"))
    answer = transport.send(Wire(method="POST", target="/%2e%2e%2f..//x?q=%00", headers=headers, body=b"ab"), 5)
    assert answer.status == 302
    assert answer.text.startswith("/%2e%2e%2f..//x?q=%00")
    assert answer.text.endswith(" ab")
    assert [cookie.name for cookie in answer.cookies] == ["a", "b"]
    transport.close()


def test_big_body_is_capped_and_its_length_is_known(server):
    answer = NetworkTransport(server, time.monotonic).send(Wire(method="GET", target="/big"), 5)
    assert len(answer.body) == BODY_KEPT
    assert answer.length >= BODY_KEPT


def test_event_stream_is_left_early(server):
    answer = NetworkTransport(server, time.monotonic).send(Wire(method="GET", target="/events"), 5)
    assert answer.text.startswith("x")


def test_nobody_at_home_is_a_fault():
    answer = NetworkTransport("http://127.0.0.1:9", time.monotonic).send(Wire(method="GET", target="/"), 1)
    assert answer.status == 0
    assert "refused" in answer.fault.lower()


def test_target_that_cannot_be_sent_is_a_fault(server):
    answer = NetworkTransport(server, time.monotonic).send(Wire(method="GET", target="/a b"), 1)
    assert answer.status == 0
    assert answer.fault


def test_tls_is_verified():
    transport = NetworkTransport("https://127.0.0.1:9", time.monotonic)
    assert transport.base == "https://127.0.0.1:9"
    assert transport.send(Wire(method="GET", target="/"), 1).status == 0
