"""What the guard adds to a request: bare Starlette, guarded Starlette, bare and guarded FastAPI, in one run.

usage: python benchmarks/request_cost.py [ROUNDS] [REQUESTS]

In process, without sockets: the same JSON endpoint, a browser's headers, a session where there is a guard. The rows
take turns in short blocks, so that a busy machine slows all alike: trust the ratios and differences of one run, not
the microseconds. Each row is checked before it is timed: 200 with credentials, 401 without, 403 without a CSRF token.
"""

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vallum.guard import Guard, GuardPolicy, RateLimitPolicy, current, public, sign_in, signed_in
from vallum.guard.http.cors import CorsPolicy

HOST, PARTNER = "localhost", "https://app.example"
HEADERS = [
    (b"host", HOST.encode()),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"application/json"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"origin", PARTNER.encode()),
    (b"referer", b"https://app.example/"),
    (b"sec-fetch-site", b"same-site"),
    (b"sec-fetch-mode", b"cors"),
    (b"connection", b"keep-alive"),
]
BODY = b'{"username": "alice@example.org", "password": "correct horse", "remember": true}'
App = Callable[..., Awaitable[None]]


async def hello(_: Request) -> JSONResponse:
    """The endpoint of the Starlette rows."""
    return JSONResponse({"hello": "world"})


def starlette_bare() -> App:
    """No security at all."""
    return Starlette(routes=[Route("/json", hello, methods=["GET", "POST"])])


def starlette_guarded() -> App:
    """Every layer of the guard, with a session."""

    @signed_in
    async def mine(_: Request) -> JSONResponse:
        return JSONResponse({"hello": "world"})

    @public
    async def enter(_: Request) -> JSONResponse:
        sign_in("alice")
        return JSONResponse({"csrf": current().csrf_token})

    app = Starlette(routes=[Route("/json", mine, methods=["GET", "POST"]), Route("/enter", enter, methods=["POST"])])
    Guard(app, policy=POLICY)
    return app


def fastapi_bare() -> App:
    """No security at all."""
    app = FastAPI(openapi_url=None)

    @app.api_route("/json", methods=["GET", "POST"])
    async def mine() -> dict[str, str]:
        return {"hello": "world"}

    return app


def fastapi_guarded() -> App:
    """Every layer of the guard, with a session."""
    app = FastAPI(openapi_url=None)

    @app.api_route("/json", methods=["GET", "POST"])
    @signed_in
    async def mine() -> dict[str, str]:
        return {"hello": "world"}

    @app.post("/enter")
    @public
    async def enter() -> dict[str, str]:
        sign_in("alice")
        return {"csrf": current().csrf_token}

    Guard(app, policy=POLICY)
    return app


POLICY = GuardPolicy(
    cors=CorsPolicy(origins=(PARTNER,), credentials=True),
    rate_limits=RateLimitPolicy(account="1000000/second", address="1000000/second"),
    sink=lambda _: None,
)
ROWS = {
    "Starlette": starlette_bare,
    "Starlette + guard": starlette_guarded,
    "FastAPI": fastapi_bare,
    "FastAPI + guard": fastapi_guarded,
}


class Row:
    """One app with its prepared requests and the times of its blocks."""

    def __init__(self, app: App) -> None:
        """Nothing measured yet."""
        self.app = app
        self.blocks: dict[str, list[float]] = {"GET": [], "POST": []}
        self.extra: list[tuple[bytes, bytes]] = []
        self.sent: list[Any] = []

    async def call(self, method: str, path: str, extra: list[tuple[bytes, bytes]]) -> list[Any]:
        """One request; returns the messages of the answer."""
        body = BODY if method == "POST" else b""
        headers = [*HEADERS, *extra]
        if body:
            headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
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

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent

    async def prepare(self, *, guarded: bool) -> None:
        """Sign in where there is a guard, and check that every layer is really on; bare rows get as many headers."""
        self.extra = [(b"cookie", b"__Host-session=" + b"A" * 43), (b"x-csrf-token", b"A" * 86)]
        if guarded:
            start, body = await self.call("POST", "/enter", [])
            cookie = dict(start["headers"])[b"set-cookie"].partition(b";")[0]
            token = body["body"].split(b'"')[3]
            await self.expect("GET", [], 401)
            await self.expect("POST", [(b"cookie", cookie)], 403)
            self.extra = [(b"cookie", cookie), (b"x-csrf-token", token)]
        await self.expect("GET", self.extra, 200)
        await self.expect("POST", self.extra, 200)

    async def expect(self, method: str, extra: list[tuple[bytes, bytes]], status: int) -> None:
        """Stop if a layer is not on."""
        got = (await self.call(method, "/json", extra))[0]["status"]
        if got != status:
            sys.exit(f"{method} answered {got}, not {status}: this row does not do what it says")

    async def block(self, method: str, requests: int) -> None:
        """Time one block, in microseconds per request."""
        extra = self.extra
        start = time.perf_counter()
        for _ in range(requests):
            await self.call(method, "/json", extra)
        self.blocks[method].append((time.perf_counter() - start) / requests * 1e6)


async def measure(rounds: int, requests: int) -> dict[str, Row]:
    """Run all rows in turns."""
    rows = {name: Row(build()) for name, build in ROWS.items()}
    for name, row in rows.items():
        await row.prepare(guarded="guard" in name)
        await row.block("GET", requests)
        row.blocks["GET"].clear()
    gc.freeze()
    for _ in range(rounds):
        for method in ("GET", "POST"):
            for row in rows.values():
                await row.block(method, requests)
    return rows


def show(rows: dict[str, Row]) -> None:
    """Print medians, what the guard adds, and each row beside bare FastAPI."""
    for method in ("GET", "POST"):
        print(f"\n{method:22} {'us':>8} {'added':>8} {'x FastAPI':>10}")
        plain = {name: statistics.median(row.blocks[method]) for name, row in rows.items()}
        for name, row in rows.items():
            bare = rows[name.removesuffix(" + guard")].blocks[method]
            added = statistics.median(a - b for a, b in zip(row.blocks[method], bare, strict=True))
            print(f"{name:22} {plain[name]:8.1f} {added:8.1f} {plain[name] / plain['FastAPI']:10.2f}")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:3]]
    show(asyncio.run(measure(*(numbers + [21, 300][len(numbers) :]))))
