"""The same apps behind real servers on loopback: wsgiref and Werkzeug's for WSGI, uvicorn for ASGI."""

import gc
import http.client
import socket
import threading
import wsgiref.simple_server
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import uvicorn
from werkzeug.serving import make_server

from tests.guard.conformance.contract import Kit


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def run_wsgiref(app: Any) -> Iterator[int]:
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, app, handler_class=Quiet)
    yield from run(server, server.server_port)


def run_werkzeug(app: Any) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    yield from run(server, server.server_port)


def run(server: Any, port: int) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield port
    server.shutdown()
    thread.join()
    server.server_close()


def run_uvicorn(app: Any) -> Iterator[int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    options = {"log_level": "critical", "server_header": False, "proxy_headers": False, "ws": "none", "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()
    listener.close()


SERVERS: list[tuple[str, Callable[[Any], Iterator[int]]]] = [
    ("flask", run_wsgiref),
    ("flask", run_werkzeug),
    ("django-wsgi", run_wsgiref),
    ("django-wsgi-wrapped", run_werkzeug),
    ("django-asgi", run_uvicorn),
    ("django-asgi-wrapped", run_uvicorn),
    ("litestar", run_uvicorn),
    ("starlette", run_uvicorn),
]


@pytest.fixture(params=SERVERS, ids=lambda pair: f"{pair[0]}-{pair[1].__name__}")
def case(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def kind(case: Any) -> str:
    return str(case[0])


@pytest.fixture
def port(case: Any, open_kit: Callable[..., Kit]) -> Iterator[int]:
    yield from case[1](open_kit(debug=True).app)


def test_a_whole_visit(port: int, kind: str) -> None:
    base = f"http://127.0.0.1:{port}"
    with httpx2.Client(base_url=base, headers={"origin": base}) as client:
        assert client.get("/mine").status_code == 401
        token = client.post("/enter").text
        assert client.get("/mine").text == "ada"
        assert client.post("/put").status_code == 403
        assert client.post("/put", headers={"x-csrf-token": token}).text == "put"
        form = {"data": {"csrf_token": token}, "files": {"file": ("a.bin", b"x" * 200_000)}}
        assert client.post("/upload", **form).text == "200000"
        assert client.post("/size", content=b"x" * 1_048_577, headers={"x-csrf-token": token}).status_code == 413
        boom = client.get("/boom")
        assert (boom.status_code, boom.json()["code"]) == (500, "internal-error")
        assert "content-security-policy" in boom.headers
        assert client.head("/open").headers["x-content-type-options"] == "nosniff" or kind == "litestar"
        nonce = client.get("/stream")
        assert nonce.text.removeprefix("<p nonce=").removesuffix(">") in nonce.headers["content-security-policy"]
        assert client.post("/leave", headers={"x-csrf-token": token}).text == "out"
        assert client.get("/mine").status_code == 401


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Django leaves its body file open
def test_a_failing_stream_never_looks_whole(port: int) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        try:
            whole = client.get("/cut")
        except (httpx2.RemoteProtocolError, httpx2.ReadError):
            return
        finally:
            gc.collect()
    # HTTP/1.0 servers end every body by closing: what matters is that none of the error is in it.
    assert whole.text == "<p>half"
    assert whole.http_version == "HTTP/1.0"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example"])
def test_foreign_hosts(port: int, host: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/open", headers={"host": host})
    answer = connection.getresponse()
    assert (answer.status, b"unknown-host" in answer.read()) == (400, True)
    connection.close()
