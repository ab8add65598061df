"""Who is refused often is out for a while, and told; everybody else stays."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.guard import Guard, public, requires, sign_in, signed_in
from vallum.guard.http.blocking import BlockPolicy
from vallum.guard.logging.events import Event, Level

Build = Callable[..., Any]


@public
async def enter(_request: Request) -> Response:
    sign_in("7")
    return PlainTextResponse("in")


@signed_in
async def home(_request: Request) -> Response:
    return PlainTextResponse("home")


@requires("secrets:read")
async def secret(_request: Request) -> Response:
    return PlainTextResponse("secret")


@pytest.fixture
def app(policy: Build) -> Starlette:
    built = Starlette(routes=[Route("/in", enter, methods=["POST"]), Route("/", home), Route("/secret", secret)])
    Guard(built, policy=policy(blocking=BlockPolicy(threshold=3, window=60, block_seconds=900, never=("192.0.2.1",))))
    return built


def signed(app: Starlette, browse: Build, client: str) -> Any:
    user = browse(app, client=(client, 1))
    assert user("POST", "/in").status_code == 200
    return user


def blocked(events: list[Event]) -> list[str]:
    return [event.detail["blocked"] for event in events if event.name == "actor-blocked"]


def test_the_third_refusal_blocks_the_address_and_the_account(
    app: Starlette, browse: Build, events: list[Event], clock: Any
) -> None:
    user = signed(app, browse, "203.0.113.9")
    elsewhere = signed(app, browse, "198.51.100.7")
    for _ in range(2):
        assert user("GET", "/secret").status_code == 403
    assert user("GET", "/").status_code == 200
    user("GET", "/secret")
    assert blocked(events) == ["address", "account"]
    assert user("GET", "/").status_code == 403
    assert elsewhere("GET", "/").status_code == 403, "the account is out wherever it is"
    stranger = browse(app, client=("203.0.113.9", 2))
    assert stranger("POST", "/in").status_code == 403, "the address is out whoever calls"
    assert browse(app, client=("203.0.113.10", 1))("GET", "/").status_code == 401
    clock.now += 900
    assert user("GET", "/").status_code == 200
    assert blocked(events) == ["address", "account"]


def test_rare_refusals_block_nobody(app: Starlette, browse: Build, events: list[Event], clock: Any) -> None:
    user = signed(app, browse, "203.0.113.9")
    for _ in range(6):
        user("GET", "/secret")
        clock.now += 31
    assert blocked(events) == []


def test_an_address_that_is_never_blocked(app: Starlette, browse: Build, events: list[Event]) -> None:
    user = signed(app, browse, "192.0.2.1")
    for _ in range(3):
        user("GET", "/secret")
    assert blocked(events) == ["account"]


def test_a_canary_is_enough_and_a_block_can_be_ended(app: Starlette, browse: Build, clock: Any) -> None:
    core = app.vallum_guard._core  # type: ignore[attr-defined]  # set by the guard
    canary = Event(name="canary-used", level=Level.ERROR, at=clock(), client="203.0.113.9")
    assert [event.name for event in core.blocks.note(canary)] == ["actor-blocked"]
    assert core.blocks.note(canary) == []
    user = browse(app)
    assert user("GET", "/").status_code == 403
    core.blocks.release(client="203.0.113.9")
    assert user("GET", "/").status_code == 401


@pytest.mark.parametrize("settings", [{"threshold": 1}, {"window": 0}, {"block_seconds": 0}, {"never": "192.0.2.1"}])
def test_numbers_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="blocking"):
        BlockPolicy(**settings)
