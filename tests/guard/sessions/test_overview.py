"""The list of a user's sessions, the end of each, and the signal of a session that moved."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from vallum.guard import Guard, current, public, sign_in, signed_in
from vallum.guard.sessions.overview import SessionOverview, handle_of
from vallum.stores.memory import MemorySessions
from vallum.stores.sessions import SessionRecord

Build = Callable[..., Any]
SCRIPT = "<script>alert(1)</script>" + "x" * 400


def record(name: str, actor: str = "ada", created: float = 0.0) -> SessionRecord:
    return SessionRecord(
        digest=name.encode(),
        actor_id=actor,
        created=created,
        seen=created,
        idle_seconds=1800,
        deadline=created + 86_400,
        address="203.0.113.9",
        agent=f"browser {name}",
    )


@pytest.fixture
def store() -> MemorySessions:
    store = MemorySessions()
    for place, (name, actor) in enumerate([("a", "ada"), ("b", "ada"), ("c", "bob")]):
        store.create(record(name, actor, float(place)))
    return store


def test_a_user_sees_her_sessions_and_which_is_this(store: MemorySessions) -> None:
    seen = SessionOverview(store, clock=lambda: 10.0).list("ada", current=record("b"))
    assert [(view.agent, view.address, view.created, view.is_current) for view in seen] == [
        ("browser a", "203.0.113.9", 0.0, False),
        ("browser b", "203.0.113.9", 1.0, True),
    ]
    assert len({view.handle for view in seen}) == 2
    assert "61" not in {view.handle for view in seen}


def test_she_ends_hers_and_nobody_elses(store: MemorySessions) -> None:
    ended: list[bytes] = []
    overview = SessionOverview(store, revoke=lambda gone, _all: ended.append(gone.digest), clock=lambda: 10.0)
    assert not overview.end("ada", handle_of(record("c")))
    assert not overview.end("ada", "unknown")
    assert overview.end("ada", handle_of(record("a")))
    assert ended == [b"a"]
    assert store.read(b"a", 10.0) is None
    assert store.read(b"c", 10.0) is not None


def test_she_ends_all_others(store: MemorySessions) -> None:
    store.create(record("d"))
    assert SessionOverview(store, clock=lambda: 10.0).end_others("ada", record("b", created=1.0)) == 2
    assert [one.digest for one in store.list_actor("ada", 10.0)] == [b"b"]


@public
async def enter(_request: Request) -> Response:
    sign_in("ada")
    return PlainTextResponse("in")


@signed_in
async def mine(_request: Request) -> Response:
    exchange = current()
    views = SessionOverview(exchange.core.store, clock=exchange.core.clock).list("ada", current=exchange.record)
    return JSONResponse([[view.address, view.agent, view.is_current] for view in views])


@pytest.fixture
def app(policy: Build) -> Starlette:
    built = Starlette(routes=[Route("/in", enter, methods=["POST"]), Route("/", mine)])
    Guard(built, policy=policy())
    return built


def changes(events: list[Any]) -> list[str]:
    return [event.detail["changed"] for event in events if event.name == "session-context-changed"]


def test_the_address_is_the_true_one_and_the_agent_is_cut(app: Starlette, browse: Build) -> None:
    user = browse(app)
    forged = {"user-agent": SCRIPT, "x-forwarded-for": "198.51.100.1"}
    assert user("POST", "/in", headers=forged).status_code == 200
    assert user("GET", "/", headers=forged).json() == [["203.0.113.9", SCRIPT[:256], True]]


def test_a_moved_session_is_told_once_and_goes_on(app: Starlette, browse: Build, events: list[Any]) -> None:
    user = browse(app)
    user("POST", "/in", headers={"user-agent": "Firefox"})
    user("GET", "/", headers={"user-agent": "Firefox"})
    assert changes(events) == []
    moved = browse(app, client=("198.51.100.7", 1))
    moved.cookies = user.cookies
    for _ in range(2):
        assert moved("GET", "/", headers={"user-agent": "curl"}).status_code == 200
    assert changes(events) == ["address agent"]
    user("GET", "/", headers={"user-agent": "Chrome"})
    assert changes(events) == ["address agent", "agent"]


def test_one_ipv6_subscriber_is_one_place(app: Starlette, browse: Build, events: list[Any]) -> None:
    user = browse(app, client=("2001:db8::1", 1))
    user("POST", "/in")
    moved = browse(app, client=("2001:db8::ffff", 1))
    moved.cookies = user.cookies
    moved("GET", "/")
    assert changes(events) == []
