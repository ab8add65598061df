"""What the guard adds in each framework: bare, guarded, and with the framework's own layers, in one run.

usage: python -m benchmarks.frameworks [ROUNDS] [REQUESTS]

In process, without sockets: the same JSON endpoint, a browser's headers, a session where there is a guard. All rows
take turns in short blocks in one process, so trust the ratios and differences of one run, not the microseconds. Each
row is checked before it is timed: 200 with credentials; with a guard 401 without them, and 403 for a POST without a
CSRF token. "+ own layers" is what the framework itself brings for part of the same: Django's seven default
middlewares, Litestar's CORS, CSRF, rate limit, session and allowed hosts.
"""

import asyncio
import gc
import io
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.framework_apps import APPS, BODY, HEADERS, HOST

Answer = tuple[int, list[tuple[str, str]], bytes]
GUARD, OWN = " + guard", " + own layers"


class Row:
    """One app with the headers that its requests need, and the times of its blocks."""

    def __init__(self, name: str, app: Any) -> None:
        """Nothing measured yet."""
        self.name, self.app = name, app
        self.guarded, self.own = name.endswith(GUARD), name.endswith(OWN)
        self.path = "/json-async" if name.startswith("Django ASGI") else "/json"
        self.extra: list[tuple[str, str]] = []
        self.blocks: dict[str, list[float]] = {"GET": [], "POST": []}

    def call(self, method: str, path: str, extra: Iterable[tuple[str, str]]) -> Answer:
        """One request."""
        raise NotImplementedError

    def repeat(self, method: str, requests: int) -> float:
        """The seconds that so many requests take."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Sign in where there is a guard, and check that every layer is really on; bare rows get as many headers."""
        self.extra = [("cookie", "__Host-session=" + "A" * 43), ("x-csrf-token", "A" * 86)]
        if self.guarded:
            _, head, issued = self.call("POST", "/enter", [])
            cookie = _cookie(head, "__Host-session")
            self.expect("GET", [], 401)
            self.expect("POST", [("cookie", cookie)], 403)
            self.extra = [("cookie", cookie), ("x-csrf-token", issued.decode())]
        elif self.own:
            head = self.call("GET", "/token", [])[1]
            session, token = (_cookie(head, name) for name in ("session", "csrftoken"))
            self.extra = [("cookie", f"{session}; {token}"), ("x-csrftoken", token.partition("=")[2])]
            self.expect("POST", [], 403)
        self.expect("GET", self.extra, 200)
        self.expect("POST", self.extra, 200)

    def expect(self, method: str, extra: list[tuple[str, str]], status: int) -> None:
        """Stop if a layer is not on."""
        got = self.call(method, self.path, extra)
        if got[0] != status:
            sys.exit(f"{self.name}: {method} answered {got[0]}, not {status}: this row does not do what it says")

    def block(self, method: str, requests: int) -> None:
        """Time one block, in microseconds per request."""
        self.blocks[method].append(self.repeat(method, requests) / requests * 1e6)


class AsgiRow(Row):
    """An app for an event loop."""

    def call(self, method: str, path: str, extra: Iterable[tuple[str, str]]) -> Answer:
        """One request."""
        sent = LOOP.run_until_complete(self._send(method, path, _encode(method, extra)))
        head = [(name.decode().lower(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        return sent[0]["status"], head, b"".join(message.get("body", b"") for message in sent[1:])

    def repeat(self, method: str, requests: int) -> float:
        """The seconds that so many requests take."""
        return LOOP.run_until_complete(self._repeat(method, requests))

    async def _repeat(self, method: str, requests: int) -> float:
        headers = _encode(method, self.extra)
        start = time.perf_counter()
        for _ in range(requests):
            await self._send(method, self.path, headers)
        return time.perf_counter() - start

    async def _send(self, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> list[Any]:
        body = BODY if method == "POST" else b""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("203.0.113.9", 4711),
            "server": (HOST, 443),
        }
        sent: list[Any] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await asyncio.sleep(3600)  # Django listens for a client that leaves, and is told when it may stop
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent


class WsgiRow(Row):
    """An app for a thread."""

    def call(self, method: str, path: str, extra: Iterable[tuple[str, str]]) -> Answer:
        """One request."""
        return self._send(path, _environ(method, extra))

    def repeat(self, method: str, requests: int) -> float:
        """The seconds that so many requests take."""
        environ = _environ(method, self.extra)
        start = time.perf_counter()
        for _ in range(requests):
            self._send(self.path, environ)
        return time.perf_counter() - start

    def _send(self, path: str, environ: dict[str, Any]) -> Answer:
        heads: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
            heads.append((status, headers))
            return lambda _: None

        body = io.BytesIO(BODY if environ["REQUEST_METHOD"] == "POST" else b"")
        parts = self.app({**environ, "PATH_INFO": path, "wsgi.input": body}, start_response)
        content = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        return int(heads[0][0][:3]), [(name.lower(), value) for name, value in heads[0][1]], content


def _cookie(head: list[tuple[str, str]], name: str) -> str:
    cookies = [value.partition(";")[0].strip() for key, value in head if key == "set-cookie"]
    return next(cookie for cookie in cookies if cookie.startswith(name))


def _encode(method: str, extra: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    sized = [("content-type", "application/json"), ("content-length", str(len(BODY)))] if method == "POST" else []
    return [(name.encode(), value.encode()) for name, value in (*HEADERS, *extra, *sized)]


def _environ(method: str, extra: Iterable[tuple[str, str]]) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.9",
        "wsgi.url_scheme": "https",
        "wsgi.errors": sys.stderr,
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (*HEADERS, *extra)}
    if method == "POST":
        environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(BODY))}
    return environ


LOOP = asyncio.new_event_loop()


def measure(rounds: int, requests: int) -> dict[str, Row]:
    """Run all rows in turns."""
    rows: dict[str, Row] = {}
    for name, (is_wsgi, build) in APPS.items():
        rows[name] = (WsgiRow if is_wsgi else AsgiRow)(name, build())
        rows[name].prepare()
        rows[name].repeat("GET", requests)
    gc.freeze()
    for _ in range(rounds):
        for method in ("GET", "POST"):
            for row in rows.values():
                row.block(method, requests)
    return rows


def show(rows: dict[str, Row]) -> None:
    """Print medians, what each row adds to its bare framework, and the guard's part of what the own layers add."""
    for method in ("GET", "POST"):
        print(f"\n{method:26} {'us':>8} {'added':>8} {'x bare':>7} {'of own':>7}")
        added = {name: _added(rows, name, method) for name in rows}
        for name, row in rows.items():
            bare = statistics.median(rows[_base(name)].blocks[method])
            own = added.get(_base(name) + OWN)
            part = f"1/{own / added[name]:.1f}" if own and row.guarded and added[name] > 0 else ""
            median = statistics.median(row.blocks[method])
            print(f"{name:26} {median:8.1f} {added[name]:8.1f} {median / bare:7.2f} {part:>7}")


def _base(name: str) -> str:
    return name.removesuffix(GUARD).removesuffix(OWN)


def _added(rows: dict[str, Row], name: str, method: str) -> float:
    pairs = zip(rows[name].blocks[method], rows[_base(name)].blocks[method], strict=True)
    return statistics.median(guarded - bare for guarded, bare in pairs)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:3]]
    show(measure(*(numbers + [21, 200][len(numbers) :])))
