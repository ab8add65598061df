"""Limits of routes, declared on Starlette's handlers, and what the guard counts by."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard import (
    BearerPolicy,
    Caller,
    Environment,
    Guard,
    GuardPolicy,
    RateLimitPolicy,
    limited,
    public,
    read_environment,
    requires,
    sign_in,
    signed_in,
)
from vallum.guard.authorization.access import PUBLIC
from vallum.guard.core import Core, read_headers
from vallum.guard.exchange import Exchange
from vallum.guard.http.rate_limit import Limiter
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.limits_sqlite import SqliteLimits
from vallum.stores.limits_valkey import ValkeyLimits
from vallum.stores.memory import MemorySessions
from vallum.stores.sqlite import SqliteSessions

LOGIN = Limiter("2/15 minutes", name="login")
MAILS = Limiter("1/hour", name="mails", unsafe_fail_open=True)


def tenant(exchange: Exchange) -> str:
    return exchange.path.rpartition("/")[2].strip("-")


@public
async def enter(request: Request) -> PlainTextResponse:
    await LOGIN.take(request.query_params["name"])
    sign_in(request.query_params["name"])
    return PlainTextResponse("in")


@signed_in
@limited("2/minute")
async def search(_: Request) -> PlainTextResponse:
    return PlainTextResponse("found")


@limited("3/minute", cost=2, name="export")
@signed_in
def export(_: Request) -> PlainTextResponse:
    return PlainTextResponse("file")


@public
@limited("2/second")
@limited("3/hour")
@limited("1/day", by=tenant, name="tenant")
async def tenants(_: Request) -> PlainTextResponse:
    return PlainTextResponse("tenant")


@signed_in
@limited("1/minute", by="key")
async def keyed(_: Request) -> PlainTextResponse:
    return PlainTextResponse("keyed")


@requires("notes:write")
@limited("1/minute")
async def closed(_: Request) -> PlainTextResponse:
    return PlainTextResponse("written")


@public
@limited("1/minute", by="address")
async def socket(ws: WebSocket) -> None:
    await ws.accept()
    await ws.close()


@signed_in
async def inner(_: Request) -> PlainTextResponse:
    return PlainTextResponse("inner")


INNER = Starlette(routes=[Route("/page", inner)])


@signed_in
async def outer(scope: Any, receive: Any, send: Any) -> None:
    await INNER(scope, receive, send)


def verify(header: str) -> Caller:
    return Caller(header.removeprefix("Bearer ").rstrip("0123456789"))


@pytest.fixture
def build(policy: Callable[..., GuardPolicy]) -> Callable[..., Starlette]:
    def make(**settings: Any) -> Starlette:
        routes = [
            Route("/enter", enter, methods=["POST"]),
            Route("/search", search),
            Route("/export", export),
            Route("/tenants/{name}", tenants),
            Route("/keyed", keyed),
            Route("/closed", closed),
            WebSocketRoute("/socket", socket),
            Mount("/inner", routes=[Route("/page", inner)]),
            Mount("/outer", app=outer),
        ]
        app = Starlette(routes=routes)
        Guard(app, policy=policy(**settings))
        return app

    return make


def statuses(user: Any, path: str, times: int, **headers: str) -> list[int]:
    return [user("GET", path, headers=headers).status_code for _ in range(times)]


def enter_as(user: Any, name: str) -> Any:
    user.cookies.clear()
    return user("POST", f"/enter?name={name}")


def test_a_route_is_limited_for_each_account(build: Any, browse: Any, events: list[Any]) -> None:
    user = browse(build())
    assert statuses(user, "/search", 3) == [401, 401, 401]
    enter_as(user, "ada")
    assert statuses(user, "/search", 3) == [200, 200, 429]
    assert statuses(user, "/export", 2) == [200, 429]
    assert events[-1].detail["limit"] == "export"
    assert events[-2].detail["limit"].endswith("test_rate_desk.search")
    assert events[-1].actor == "ada"
    enter_as(user, "bob")
    assert user("GET", "/search").headers["ratelimit-policy"] == '"search";q=2;w=60'


def test_several_limits_are_told_and_hold_together(build: Any, browse: Any, clock: Any, events: list[Any]) -> None:
    user = browse(build())
    told = user("GET", "/tenants/a").headers["ratelimit"]
    assert told == '"tenant";r=0;t=86400, "tenants-2";r=2;t=1200, "tenants-3";r=1;t=1'
    assert statuses(user, "/tenants/a", 1) == [429]
    assert statuses(user, "/tenants/b", 2) == [200, 429]
    assert statuses(user, "/tenants/c", 1) == [429]
    clock.now += 1
    assert statuses(user, "/tenants/d", 2) == [200, 429]
    clock.now += 1
    assert statuses(user, "/tenants/e", 1) == [429], "the hour is used up, the second is not"
    assert events[-1].detail["limit"].endswith("tenants-2")


def test_an_empty_text_counts_by_address(build: Any, browse: Any) -> None:
    app = build()
    here, there = browse(app), browse(app, client=("198.51.100.7", 1))
    assert statuses(here, "/tenants/-", 2) == [200, 429]
    assert statuses(there, "/tenants/-", 2) == [200, 429]


def test_a_key_is_counted_apart_from_its_owner(build: Any, browse: Any) -> None:
    user = browse(
        build(bearer=BearerPolicy(verify=verify, waits=False), rate_limits=RateLimitPolicy(account="5/minute"))
    )
    assert statuses(user, "/keyed", 2, authorization="Bearer ada1") == [200, 429]
    assert statuses(user, "/keyed", 2, authorization="Bearer ada2") == [200, 429]
    assert statuses(user, "/keyed", 2, authorization="Bearer ada3") == [200, 429], "the account has five, each key one"
    assert statuses(user, "/keyed", 1, authorization="Bearer bob1") == [200]


def test_a_key_falls_back_to_the_account(build: Any, browse: Any) -> None:
    user = browse(build())
    enter_as(user, "ada")
    assert statuses(user, "/keyed", 2) == [200, 429]


def test_who_may_not_come_in_uses_nothing_up(build: Any, browse: Any) -> None:
    user = browse(build(rate_limits=RateLimitPolicy(account="1/minute")))
    enter_as(user, "ada")
    assert statuses(user, "/closed", 3) == [403, 403, 403]
    assert statuses(user, "/search", 1) == [200]


def test_gates_behind_one_another_count_once(build: Any, browse: Any) -> None:
    user = browse(build(rate_limits=RateLimitPolicy(account="2/minute")))
    enter_as(user, "ada")
    assert statuses(user, "/outer/page", 3) == [200, 200, 429]


def test_a_handler_limits_what_only_it_knows(build: Any, browse: Any, events: list[Any], clock: Any) -> None:
    user = browse(build())
    assert [enter_as(user, name).status_code for name in ("ada", "ADA", " Ada")] == [200, 200, 429]
    refused = enter_as(user, "ada")
    assert refused.headers["retry-after"] == "450"
    assert refused.json()["type"].endswith("#quota-exceeded")
    assert "ada" not in refused.text
    assert user.cookies == {}
    assert [event.name for event in events if event.name.startswith("rate-limit")] == ["rate-limited"] * 2
    assert enter_as(user, "bob").status_code == 200
    clock.now += 450
    assert enter_as(user, "ada").status_code == 200


def test_a_handler_uses_the_store_of_its_guard(build: Any, browse: Any, tmp_path: Path) -> None:
    store = SqliteLimits(tmp_path / "limits.sqlite")
    first, second = (browse(build(rate_limits=RateLimitPolicy(store=store))) for _ in range(2))
    assert [enter_as(user, "ada").status_code for user in (first, second, first)] == [200, 200, 429]
    store.close()


def test_a_socket_is_refused_before_it_opens(build: Any, talk: Any) -> None:
    app = build()
    connect = {"type": "websocket.connect"}
    origin = [(b"host", b"localhost"), (b"origin", b"https://localhost")]
    assert talk(app, "websocket", "/socket", connect, headers=origin)[0]["type"] == "websocket.accept"
    refused = talk(app, "websocket", "/socket", connect, headers=origin)[0]
    assert (refused["type"], refused["status"]) == ("websocket.http.response.start", 429)
    assert b"retry-after" in dict(refused["headers"])


def test_nothing_is_announced_when_it_shall_not_be(build: Any, browse: Any) -> None:
    user = browse(build(rate_limits=RateLimitPolicy(address="1/minute", announced=False)))
    answers = [user("GET", "/search") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    assert not any({"ratelimit", "ratelimit-policy"} & set(answer.headers) for answer in answers)
    assert answers[1].headers["retry-after"] == "60"


def test_ten_thousand_addresses_of_one_network_are_one_client(policy: Any) -> None:
    core = Core(policy(rate_limits=RateLimitPolicy(address="100/minute")))
    allowed = 0
    for number in range(10_000):
        exchange = Exchange()
        read_headers(exchange, [])
        exchange.core, exchange.client = core, f"2001:db8:1:2::{number:x}"
        allowed += core.rates.check_address(exchange) is None
    assert allowed == 100


@pytest.mark.parametrize(
    "declare",
    [
        lambda: limited("often"),
        lambda: limited("1/minute", cost=2)(lambda: None),
        lambda: limited("1/minute", cost=0)(lambda: None),
        lambda: limited("1/minute", by="cookie")(lambda: None),  # type: ignore[arg-type] # what is refused
        lambda: limited("1/minute", name='"')(lambda: None),
        lambda: limited("1/minute", name="a")(limited("2/hour", name="a")(lambda: None)),
        lambda: PUBLIC.limited("1/eon", name="a"),
        lambda: RateLimitPolicy(account="many"),
        lambda: RateLimitPolicy(address=""),
    ],
)
def test_refuses_what_cannot_be_counted(declare: Callable[[], object]) -> None:
    with pytest.raises(ConfigError):
        declare()


def core_of(**settings: Any) -> Core:
    return Core(GuardPolicy(secrets=(Secret("x" * 40),), **settings))


def test_production_limits_by_itself_where_the_sessions_are(tmp_path: Path) -> None:
    sessions = SqliteSessions(tmp_path / "sessions.sqlite")
    core = core_of(environment=Environment.PRODUCTION, store=sessions)
    assert isinstance(core.rates.meter.store, SqliteLimits)
    assert core.rates.address_waits
    one_process = core_of(
        environment=Environment.PRODUCTION, store=sessions, rate_limits=RateLimitPolicy(unsafe_per_process=True)
    )
    assert isinstance(one_process.rates.meter.store, MemoryLimits)
    sessions.close()
    assert not core_of(environment=Environment.TEST).rates.address_step
    assert core_of(store=MemorySessions(), rate_limits=RateLimitPolicy()).rates.address_step


def test_the_environment_names_the_store(tmp_path: Path) -> None:
    assert read_environment({}).rate_limits is None
    sqlite = read_environment({"VALLUM_LIMITS": str(tmp_path / "limits.sqlite")}).rate_limits
    assert sqlite is not None
    assert isinstance(sqlite.store, SqliteLimits)
    sqlite.store.close()
    valkey = read_environment({"VALLUM_LIMITS": "valkey://127.0.0.1:6379"}).rate_limits
    assert valkey is not None
    assert isinstance(valkey.store, ValkeyLimits)
