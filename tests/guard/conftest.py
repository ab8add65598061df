"""An in-process browser, a clock that is moved by hand, and a policy that collects its events."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest

from vallum.guard import GuardPolicy
from vallum.guard.logging.events import Event

START = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Browser:
    """Sends what a browser would: the cookies of the host, and Origin on unsafe methods unless told otherwise."""

    def __init__(self, app: Any, base: str, client: tuple[str, int] | None) -> None:
        self.base = base
        self.cookies: dict[str, str] = {}
        self._app = app
        self._client = client

    def __call__(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, own: bool = True, **body: Any
    ) -> httpx2.Response:
        sent = dict(headers or {})
        if own and method not in {"GET", "HEAD", "OPTIONS"}:
            sent.setdefault("origin", self.base)
        if self.cookies and "cookie" not in sent:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = asyncio.run(self._send(method, path, sent, body))
        for line in response.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return response

    async def _send(self, method: str, path: str, headers: dict[str, str], body: dict[str, Any]) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self._app, client=self._client)
        async with httpx2.AsyncClient(transport=transport, base_url=self.base) as client:
            return await client.request(method, path, headers=headers, **body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def policy(clock: Clock, events: list[Event]) -> Callable[..., GuardPolicy]:
    def build(**settings: Any) -> GuardPolicy:
        return GuardPolicy(**{"clock": clock, "sink": events.append, **settings})

    return build


@pytest.fixture
def browse() -> Callable[..., Browser]:
    def build(app: Any, base: str = "https://localhost", client: Any = ("203.0.113.9", 4711)) -> Browser:
        return Browser(app, base, client)

    return build


def raw_scope(kind: str, path: str, **extra: Any) -> dict[str, Any]:
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": {"http": "https", "websocket": "wss"}[kind],
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("203.0.113.9", 4711),
        "server": ("localhost", 443),
    }
    if kind == "websocket":
        del scope["method"]
        scope |= {"subprotocols": [], "extensions": {"websocket.http.response": {}}}
    return scope | extra


@pytest.fixture
def talk() -> Callable[..., list[dict[str, Any]]]:
    """Run an app on a raw scope with the given incoming messages; returns what it sent."""

    def run(app: Any, kind: str, path: str, *incoming: dict[str, Any], **extra: Any) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        waiting = list(incoming)

        async def receive() -> dict[str, Any]:
            end = "http.disconnect" if kind == "http" else "websocket.disconnect"
            return waiting.pop(0) if waiting else {"type": end, "code": 1000}

        async def send(message: dict[str, Any]) -> None:
            sent.append(dict(message))

        asyncio.run(app(raw_scope(kind, path, **extra), receive, send))
        return sent

    return run
