"""Fresh roles, recent proofs, networks and the record of administrative actions."""

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from vallum.base.errors import ConfigError, VallumError
from vallum.guard import BearerPolicy, Caller, Guard, public, sign_in
from vallum.guard.authorization.demands import administers, administration, note_proof, requires_fresh
from vallum.stores.memory import MemorySessions

Build = Callable[..., Any]
ROLES = {"admin": {"users:manage"}, "clerk": {"notes:write"}}


@public
async def enter(_request: Request) -> Response:
    sign_in("7", roles=["admin"])
    return PlainTextResponse("in")


@public
async def prove_nobody(_request: Request) -> Response:
    with pytest.raises(VallumError, match="no session"):
        note_proof()
    return PlainTextResponse("nobody")


@requires_fresh("users:manage")
async def fresh(_request: Request) -> Response:
    return PlainTextResponse("fresh")


@administers("users:manage", networks=("203.0.113.0/24", "2001:db8::/32"))
async def disable(_request: Request) -> Response:
    return PlainTextResponse("disabled")


class WaitingSessions(MemorySessions):
    """As if on another machine."""

    reads_at_once = False  # type: ignore[misc]  # the memory's is final


@pytest.fixture
def stored() -> dict[str, Iterable[str]]:
    return {"7": ("admin",)}


@pytest.fixture(params=["at once", "waits"])
def app(request: pytest.FixtureRequest, policy: Build, stored: dict[str, Any]) -> Starlette:
    async def panel(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("panel")(scope, receive, send)

    built = Starlette(
        routes=[
            Route("/in", enter, methods=["POST"]),
            Route("/nobody", prove_nobody),
            Route("/fresh", fresh),
            Route("/users/disable", disable, methods=["GET", "POST"]),
            Mount("/admin", app=panel),
        ]
    )
    store = MemorySessions() if request.param == "at once" else WaitingSessions()
    paths = {"/admin/*": administration("users:manage")}
    verify = {"strong": {"amr": ["pwd", "otp"], "auth_time": 1_800_000_000}, "weak": {"amr": ["pwd"]}}

    def bearer(header: str) -> Caller:
        claims = verify[header.removeprefix("Bearer ")]
        return Caller("7", roles=("admin",), claims=SimpleNamespace(extra=claims))

    Guard(
        built,
        policy=policy(
            roles=ROLES, fresh_roles=stored.get, store=store, paths=paths, bearer=BearerPolicy(verify=bearer)
        ),
    )
    return built


def signed(app: Starlette, browse: Build, **settings: Any) -> Any:
    user = browse(app, **settings)
    assert user("POST", "/in").status_code == 200
    return user


def test_a_withdrawn_role_stops_working_at_once(app: Starlette, browse: Build, stored: dict[str, Any]) -> None:
    user = signed(app, browse)
    assert user("GET", "/fresh").text == "fresh"
    stored["7"] = ("clerk",)
    assert user("GET", "/fresh").status_code == 403
    stored["7"] = ["admin"]
    assert user("GET", "/fresh").status_code == 200
    del stored["7"]
    assert user("GET", "/fresh").status_code == 403
    assert browse(app)("GET", "/fresh").status_code == 401


def test_nothing_that_the_client_sends_makes_a_role(app: Starlette, browse: Build, stored: dict[str, Any]) -> None:
    user = signed(app, browse)
    stored["7"] = ("clerk",)
    forged = {"x-role": "admin", "x-user-id": "1"}
    assert user("GET", "/fresh?role=admin&isAdmin=true", headers=forged).status_code == 403


def test_without_an_answer_nobody_is_let_in(policy: Build, browse: Build, events: list[Any]) -> None:
    def broken(_account: str) -> None:
        raise OSError("the store is away")

    for roles in (broken, None):
        app = Starlette(routes=[Route("/in", enter, methods=["POST"]), Route("/fresh", fresh)])
        Guard(app, policy=policy(roles=ROLES, fresh_roles=roles))
        assert signed(app, browse)("GET", "/fresh").status_code == 503
    assert [event.name for event in events if event.name == "check-failed"] == ["check-failed"] * 2


def test_administration_needs_a_recent_proof(app: Starlette, browse: Build, clock: Any) -> None:
    user = signed(app, browse)
    for path in ("/users/disable", "/admin/x"):
        answer = user("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (403, "step-up-required")
    assert user("GET", "/nobody", headers={"cookie": ""}).status_code == 200


def test_a_proof_grows_old_and_each_action_is_told(policy: Build, browse: Build, clock: Any, events: list[Any]) -> None:
    @public
    async def enter_strongly(_request: Request) -> Response:
        sign_in("7", roles=["admin"])
        note_proof()
        return PlainTextResponse("in")

    app = Starlette(routes=[Route("/in", enter_strongly, methods=["POST"]), Route("/users/disable", disable)])
    Guard(app, policy=policy(roles=ROLES, fresh_roles=lambda _account: ("admin",)))
    user = signed(app, browse)
    assert user("GET", "/users/disable").text == "disabled"
    acted = [event for event in events if event.name == "admin-acted"]
    assert [(event.actor, event.detail["action"]) for event in acted] == [("7", "GET /users/disable")]
    clock.now += 600
    assert user("GET", "/users/disable").status_code == 200
    clock.now += 1
    assert user("GET", "/users/disable").json()["code"] == "step-up-required"
    assert sum(event.name == "admin-acted" for event in events) == 2


@pytest.mark.parametrize(
    ("client", "status"),
    [("203.0.113.9", 200), ("198.51.100.7", 403), ("2001:db8::1", 200), ("::ffff:203.0.113.9", 200), ("unknown", 403)],
)
def test_only_its_network_reaches_it(app: Starlette, browse: Build, client: str, status: int) -> None:
    user = browse(app, client=(client, 1))
    assert user("GET", "/users/disable", headers={"authorization": "Bearer strong"}).status_code == status


def test_a_token_tells_when_and_how_it_was_proved(app: Starlette, browse: Build, clock: Any) -> None:
    user = browse(app)
    assert user("GET", "/admin/x", headers={"authorization": "Bearer strong"}).text == "panel"
    assert user("GET", "/admin/x", headers={"authorization": "Bearer weak"}).status_code == 403
    clock.now += 601
    assert user("GET", "/admin/x", headers={"authorization": "Bearer strong"}).status_code == 403


def test_a_proof_that_comes_from_the_future_is_none(app: Starlette, browse: Build, clock: Any) -> None:
    clock.now -= 60
    assert browse(app)("GET", "/admin/x", headers={"authorization": "Bearer strong"}).status_code == 403


@pytest.mark.parametrize("settings", [{"networks": ("everywhere",)}, {"networks": ("10.0.0.1/8",)}, {"proof_age": 0}])
def test_what_protects_nothing_cannot_be_declared(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        administration("users:manage", **settings)
    with pytest.raises(ConfigError):
        administration()
