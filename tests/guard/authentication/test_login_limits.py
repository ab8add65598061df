"""Attempts per account and per address, with the defaults of the catalogue."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from vallum.base.errors import ConfigError, VallumError
from vallum.guard import Guard, RateLimitPolicy, public
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.http.rate_limit import LimiterDownError, RateLimitedError
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.limits_sqlite import SqliteLimits

LOGIN = LoginLimits()
HASHED: list[str] = []


@public
async def log_in(request: Request) -> PlainTextResponse:
    await LOGIN.take(request.query_params["name"])
    HASHED.append(request.query_params["name"])
    return PlainTextResponse("no", status_code=401)


@pytest.fixture
def build(policy: Callable[..., Any]) -> Callable[..., Starlette]:
    HASHED.clear()

    def make(**settings: Any) -> Starlette:
        app = Starlette(routes=[Route("/login", log_in, methods=["POST"])])
        Guard(app, policy=policy(**settings))
        return app

    return make


def attempt(user: Any, name: str, **headers: str) -> Any:
    return user("POST", f"/login?name={name}", headers=headers)


def test_the_sixth_attempt_on_an_account_is_refused_before_hashing(build: Any, browse: Any, events: list[Any]) -> None:
    user = browse(build())
    answers = [attempt(user, name) for name in ("ada", "Ada", "ADA", " ada", "ada", "ada")]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "180"
    assert len(HASHED) == 5
    assert (events[-1].name, events[-1].detail["cause"]) == ("rate-limited", "login-account")


def test_the_twenty_first_attempt_from_an_address_is_refused(build: Any, browse: Any, events: list[Any]) -> None:
    app = build()
    user = browse(app)
    spoofed = [{"x-forwarded-for": f"198.51.100.{n}"} for n in range(21)]
    answers = [attempt(user, f"user{n}", **spoofed[n]).status_code for n in range(21)]
    assert answers == [401] * 20 + [429]
    assert events[-1].detail["cause"] == "login-address"
    assert attempt(browse(app, client=("198.51.100.7", 1)), "user1").status_code == 401


def test_addresses_of_one_network_are_one(build: Any, browse: Any) -> None:
    app = build()
    answers = [attempt(browse(app, client=(f"2001:db8::{n:x}", 1)), f"user{n}").status_code for n in range(21)]
    assert answers == [401] * 20 + [429]


def test_counts_in_the_store_of_the_guard(build: Any, browse: Any, tmp_path: Path) -> None:
    store = SqliteLimits(tmp_path / "limits.sqlite")
    users = [browse(build(rate_limits=RateLimitPolicy(store=store))) for _ in range(2)]
    assert [attempt(users[n % 2], "ada").status_code for n in range(6)] == [401] * 5 + [429]
    store.close()


def test_attempts_come_back_with_time_or_by_a_reset(clock: Any) -> None:
    codes = LoginLimits("codes", account="2/hour", store=MemoryLimits(), clock=clock)
    codes.take_now("ada", client="203.0.113.9")
    asyncio.run(codes.take("ada", client="203.0.113.9"))
    with pytest.raises(RateLimitedError):
        asyncio.run(codes.take("ada", client="203.0.113.9"))
    clock.now += 1800
    codes.take_now("ada", client="203.0.113.9")
    with pytest.raises(RateLimitedError):
        codes.take_now("ada", client="203.0.113.9")
    asyncio.run(codes.reset("ADA"))
    codes.take_now("ada", client="203.0.113.9")


def test_a_reset_frees_no_address(clock: Any) -> None:
    login = LoginLimits(address="1/hour", store=MemoryLimits(), clock=clock)
    login.take_now("ada", client="203.0.113.9")
    asyncio.run(login.reset("ada"))
    with pytest.raises(RateLimitedError):
        login.take_now("ada", client="203.0.113.9")


def test_a_store_that_is_down_lets_nobody_try(clock: Any, events: list[Any]) -> None:
    class Dead(MemoryLimits):
        def take(self, *_: Any) -> Any:
            raise ConnectionError("no store")

    login = LoginLimits(store=Dead(), clock=clock, sink=events.append)
    with pytest.raises(LimiterDownError):
        login.take_now("ada", client="203.0.113.9")


def test_needs_an_address_and_rates() -> None:
    with pytest.raises(VallumError, match="no guarded request"):
        LoginLimits(store=MemoryLimits()).take_now("ada")
    with pytest.raises(ConfigError):
        LoginLimits(account="never")
