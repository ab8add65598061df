"""The guard under a real server: HTTP/1.1 over loopback, split writes and all."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Request

from vallum.guard import Guard, current, public, sign_in, signed_in


@pytest.fixture
def server(policy: Callable[..., Any]) -> Iterator[str]:
    app = FastAPI(openapi_url=None)
    Guard(app, policy=policy())

    @app.post("/enter")
    @public
    async def enter() -> str:
        sign_in("ada")
        return current().csrf_token

    @app.post("/size")
    @signed_in
    async def size(request: Request) -> int:
        return len(await request.body())

    @app.get("/boom")
    @public
    async def boom() -> None:
        raise ValueError("secret")

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = uvicorn.Config(app, log_level="critical", server_header=False, proxy_headers=False, ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    running.should_exit = True
    thread.join()
    listener.close()


def raw(server: str, request: str) -> str:
    host, _, port = server.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request.encode("latin-1"))
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    return answer.decode("latin-1")


def test_a_session_over_the_wire(server: str) -> None:
    base = f"http://{server}"
    with httpx2.Client(base_url=base, headers={"origin": base}) as client:
        assert client.post("/size").status_code == 401
        token = client.post("/enter").json()
        assert client.post("/size", content=b"x" * 1000).status_code == 403
        assert client.post("/size", content=b"x" * 1000, headers={"x-csrf-token": token}).json() == 1000
        form = client.post("/size", data={"a": "1", "csrf_token": token})
        assert form.json() == len(f"a=1&csrf_token={token}")
        chunks = (b"x" * 65_536 for _ in range(20))
        assert client.post("/size", content=chunks, headers={"x-csrf-token": token}).status_code == 413


def test_errors_and_banners_over_the_wire(server: str) -> None:
    answer = raw(server, f"GET /boom HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 500")
    assert json.loads(body)["code"] == "internal-error"
    assert "secret" not in answer
    assert "uvicorn" not in answer.lower()
    assert "content-security-policy:" in head


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_over_the_wire(server: str, host: str) -> None:
    answer = raw(server, f"GET /boom HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 400")


def test_a_head_request_over_the_wire(server: str) -> None:
    answer = raw(server, f"HEAD /nope HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 404")
    assert answer.endswith("\r\n\r\n")
