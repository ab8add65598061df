"""What the guard adds to a request, in one run: bare, with every layer, with the usual peers, and by number of routes.

usage: python benchmarks/request_cost.py [ROUNDS] [REQUESTS]

In process, without sockets: the same JSON endpoint, a browser's headers, a session where there is a guard. The rows
take turns in short blocks, so that a busy machine slows all alike: trust the ratios and differences of one run, not
the microseconds. Each row is checked before it is timed: 200 with credentials, 401 without (403 by the peers), 403
without a CSRF token. The rows of the peers need the packages that benchmarks/apps/peer_stack.py names.
"""

import asyncio
import gc
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.apps import fastapi_all_layers, starlette_all_layers
from benchmarks.apps.layers import HELLO, App

HOST, PARTNER = "api.example", "https://app.example"
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
ROUTES = (1, 100, 1000)
LAYERS, PEERS = ", all layers", ", peers"
LEAN = ", lean peers"
TARGETS = {"Starlette, all layers": 0.75, "FastAPI, all layers": 1.5}


async def hello(_: Request) -> JSONResponse:
    """The endpoint of bare Starlette."""
    return JSONResponse(HELLO)


def starlette_bare(more: int = 0) -> App:
    """No security at all; `more` routes are matched before the timed one."""
    crowd = [Route(f"/other/{number}", hello) for number in range(more)]
    return Starlette(routes=[*crowd, Route("/json", hello, methods=["GET", "POST"])])


def fastapi_bare() -> App:
    """No security at all."""
    app = FastAPI(openapi_url=None)

    @app.api_route("/json", methods=["GET", "POST"])
    async def mine() -> dict[str, str]:
        return HELLO

    return app


class Row:
    """One app with its prepared requests and the times of its blocks."""

    def __init__(self, app: App) -> None:
        """Nothing measured yet."""
        self.app = app
        self.blocks: dict[str, list[float]] = {"GET": [], "POST": []}
        self.extra: list[tuple[bytes, bytes]] = []
        self.last = 0.0

    async def call(self, method: str, path: str, extra: list[tuple[bytes, bytes]]) -> list[Any]:
        """One request; returns the messages of the answer. Only the app itself is timed."""
        body = BODY if method == "POST" else b""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = build_scope(method, path, extra)
        start = time.perf_counter()
        await self.app(scope, receive, send)
        self.last = (time.perf_counter() - start) * 1e6
        return sent

    async def prepare(self, *, guarded: bool) -> None:
        """Sign in where there is a guard, and check that every layer is really on; bare rows get as many headers."""
        self.extra = [(b"cookie", b"__Host-session=" + b"A" * 43), (b"x-csrf-token", b"A" * 86)]
        if guarded:
            start, *parts = await self.call("GET", "/prime", [])
            told = json.loads(b"".join(part["body"] for part in parts))
            named = [(b"authorization", f"Bearer {told['bearer']}".encode())] if "bearer" in told else []
            cookies = _read_cookies(start)
            if "bearer" in told:
                cookies |= _read_cookies((await self.call("GET", "/json", [(b"cookie", _join(cookies)), *named]))[0])
            token = told["csrf"].encode() if "csrf" in told else cookies[b"csrftoken"]
            await self.expect("GET", [], 403 if named else 401)
            await self.expect("POST", [(b"cookie", _join(cookies)), *named], 403)
            self.extra = [(b"cookie", _join(cookies)), (b"x-csrf-token", token), *named]
        await self.expect("GET", self.extra, 200)
        await self.expect("POST", self.extra, 200)

    async def expect(self, method: str, extra: list[tuple[bytes, bytes]], status: int) -> None:
        """Stop if a layer is not on."""
        got = (await self.call(method, "/json", extra))[0]["status"]
        if got != status:
            sys.exit(f"{method} answered {got}, not {status}: this row does not do what it says")

    async def block(self, method: str, requests: int) -> None:
        """Time one block: the median of its requests, in microseconds."""
        times = []
        for _ in range(requests):
            await self.call(method, "/json", self.extra)
            times.append(self.last)
        self.blocks[method].append(statistics.median(times))


def _read_cookies(start: Any) -> dict[bytes, bytes]:
    lines = [value.partition(b";")[0] for name, value in start["headers"] if name == b"set-cookie"]
    return {key: value for key, _, value in (line.partition(b"=") for line in lines)}


def _join(cookies: dict[bytes, bytes]) -> bytes:
    return b"; ".join(key + b"=" + value for key, value in cookies.items())


def build_scope(method: str, path: str, extra: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """The ASGI scope of a browser's request."""
    headers = [*HEADERS, *extra]
    if method == "POST":
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    return {
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


async def measure(apps: dict[str, App], rounds: int, requests: int) -> dict[str, Row]:
    """Run all rows in turns."""
    rows = {name: Row(app) for name, app in apps.items()}
    for name, row in rows.items():
        await row.prepare(guarded="," in name)
        for method in row.blocks:
            await row.block(method, requests)
            row.blocks[method].clear()
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for method in ("GET", "POST"):
            for row in rows.values():
                await row.block(method, requests)
    return rows


def added(rows: dict[str, Row], name: str, method: str) -> float:
    """The median of the differences to the row's own bare framework, block by block."""
    pairs = zip(rows[name].blocks[method], rows[name.partition(",")[0]].blocks[method], strict=True)
    return statistics.median(whole - bare for whole, bare in pairs)


def show(rows: dict[str, Row]) -> None:
    """Print medians, what the guard adds, and each row beside bare FastAPI."""
    for method in ("GET", "POST"):
        print(f"\n{method:24} {'us':>8} {'added':>8} {'x FastAPI':>10} {'target':>8}")
        for name, row in rows.items():
            pairs = zip(row.blocks[method], rows["FastAPI"].blocks[method], strict=True)
            ratio = statistics.median(own / fastapi for own, fastapi in pairs)
            middle = statistics.median(row.blocks[method])
            print(f"{name:24} {middle:8.1f} {added(rows, name, method):8.1f} {ratio:10.2f} {TARGETS.get(name, ''):>8}")
        for peers in (PEERS, LEAN):
            if f"Starlette{peers}" in rows:
                times = added(rows, f"Starlette{peers}", method) / added(rows, f"Starlette{LAYERS}", method)
                print(f"the guard adds 1/{times:.1f} of what the{peers.removeprefix(',')} add")


def show_routes(rows: dict[str, Row]) -> None:
    """Print what the guard adds to an app of so many routes, the timed one being matched last."""
    print(f"\n{'routes':24} {'us':>8} {'added':>8}")
    for count in ROUTES:
        name = f"{count}{LAYERS}"
        print(f"{count:<24} {statistics.median(rows[name].blocks['GET']):8.1f} {added(rows, name, 'GET'):8.1f}")


def add_peers(rows: dict[str, App]) -> None:
    """Put the peers beside the guard, if they are installed."""
    try:
        from benchmarks.apps import peer_stack  # noqa: PLC0415 - its packages are no dependencies of the project
    except ModuleNotFoundError as missing:
        print(f"without the rows of the peers: {missing.name} is not installed, see benchmarks/apps/peer_stack.py")
        return
    rows[f"Starlette{PEERS}"] = peer_stack.build(lean=False)
    rows[f"Starlette{LEAN}"] = peer_stack.build(lean=True)


def main(rounds: int, requests: int) -> None:
    """Measure the frameworks, then the numbers of routes."""
    frameworks: dict[str, App] = {
        "Starlette": starlette_bare(),
        f"Starlette{LAYERS}": starlette_all_layers.build(),
        "FastAPI": fastapi_bare(),
        f"FastAPI{LAYERS}": fastapi_all_layers.build(),
    }
    add_peers(frameworks)
    show(asyncio.run(measure(frameworks, rounds, requests)))
    crowds: dict[str, App] = {}
    for count in ROUTES:
        crowds[str(count)] = starlette_bare(count - 1)
        crowds[f"{count}{LAYERS}"] = starlette_all_layers.build(count - 1)
    show_routes(asyncio.run(measure(crowds, rounds, max(requests // 4, 1))))


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:3]]
    main(*(numbers + [21, 300][len(numbers) :]))
