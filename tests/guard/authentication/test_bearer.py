"""Bearer credentials take the place of the session, on the same declarations."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vallum.guard import (
    BearerPolicy,
    Caller,
    Guard,
    PublicError,
    Refusal,
    current,
    current_actor,
    public,
    renew_session,
    requires,
    sign_in,
    signed_in,
)
from vallum.guard.logging.events import Level
from vallum.stores.memory import MemorySessions

Build = Callable[..., Any]


class TokenRefusedError(PublicError):
    refusal = Refusal(401, "invalid-token", headers=[(b"www-authenticate", b"Bearer")], identified=False)
    level = Level.WARNING


def verify(header: str) -> Caller:
    if header == "Bearer broken":
        raise OSError("deny list at 10.0.0.7 does not answer")
    kind, _, name = header.partition(" ")
    if kind != "Bearer" or name not in {"ada", "bob"}:
        raise TokenRefusedError("unknown token")
    return Caller(name, ("writer",) if name == "ada" else (), {"jti": "1"})


@signed_in
async def me(_: Request) -> JSONResponse:
    return JSONResponse({"id": current_actor().id, "claims": current().claims})


@requires("notes:write")
async def write(_: Request) -> JSONResponse:
    return JSONResponse({})


@public
async def home(_: Request) -> JSONResponse:
    return JSONResponse({})


@public
async def enter(_: Request) -> JSONResponse:
    sign_in("eve", roles=["writer"])
    return JSONResponse({})


@pytest.fixture(params=[True, False])
def app(request: pytest.FixtureRequest, policy: Build) -> Starlette:
    made = Starlette(
        routes=[
            Route("/me", me),
            Route("/write", write, methods=["POST"]),
            Route("/home", home),
            Route("/enter", enter, methods=["POST"]),
        ]
    )
    bearer = BearerPolicy(verify=verify, waits=request.param)
    Guard(made, policy=policy(bearer=bearer, roles={"writer": {"notes:write"}}))
    return made


def carrying(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_token_names_the_actor_and_needs_no_csrf_token(app: Starlette, browse: Build) -> None:
    program = browse(app)
    answer = program("GET", "/me", headers=carrying("ada"))
    assert answer.json() == {"id": "ada", "claims": {"jti": "1"}}
    assert answer.headers["cache-control"] == "no-store"
    assert program("POST", "/write", headers=carrying("ada"), own=False).status_code == 200
    assert program("POST", "/write", headers=carrying("bob"), own=False).status_code == 403
    assert program("GET", "/me").status_code == 401


@pytest.mark.parametrize("path", ["/me", "/home"])
@pytest.mark.parametrize("header", ["Bearer eve", "bearer ada", "Basic ada", "", "Bearer"])
def test_a_wrong_token_is_refused_everywhere(
    app: Starlette, browse: Build, events: Any, path: str, header: str
) -> None:
    answer = browse(app)("GET", path, headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (events[-1].name, events[-1].detail) == ("invalid-token", {"cause": "unknown token"})


def test_a_verifier_that_fails_lets_nobody_in(app: Starlette, browse: Build, events: Any) -> None:
    answer = browse(app)("GET", "/home", headers=carrying("broken"))
    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text
    assert events[-1].name == "bearer-check-failed"


def test_the_header_wins_over_the_cookie(app: Starlette, browse: Build) -> None:
    browser = browse(app)
    browser("POST", "/enter")
    assert browser("GET", "/me").json()["id"] == "eve"
    assert browser("GET", "/me", headers=carrying("bob")).json()["id"] == "bob"
    assert browser("POST", "/write", headers=carrying("bob")).status_code == 403
    browser.cookies["__Host-csrf"] = "A" * 43
    assert browser("POST", "/write", headers=carrying("ada")).status_code == 200


def test_two_headers_are_malformed(app: Starlette, talk: Build) -> None:
    twice = [(b"host", b"localhost"), (b"authorization", b"Bearer ada"), (b"authorization", b"Bearer bob")]
    assert talk(app, "http", "/me", headers=twice)[0]["status"] == 400


def test_without_a_policy_the_header_counts_for_nothing(policy: Build, browse: Build) -> None:
    app = Starlette(routes=[Route("/me", me), Route("/home", home)])
    Guard(app, policy=policy())
    answer = browse(app)("GET", "/me", headers=carrying("ada"))
    assert answer.status_code == 401
    assert "www-authenticate" not in answer.headers  # a challenge that nobody could meet
    assert browse(app)("GET", "/home", headers=carrying("ada")).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"accept": "text/html"}, {"cookie": f"__Host-session={'A' * 43}"}])
def test_no_credential_gets_the_plain_challenge(app: Starlette, browse: Build, headers: dict[str, str]) -> None:
    answer = browse(app)("GET", "/me", headers=headers)
    assert (answer.status_code, answer.headers.get_list("www-authenticate")) == (401, ["Bearer"])
    assert "Sign in" in answer.text


def test_a_session_that_ends_meanwhile_gets_the_challenge_too(browse: Build, policy: Build) -> None:
    store = MemorySessions()

    @signed_in
    async def leave(_: Request) -> JSONResponse:
        store.delete_actor("eve")
        renew_session()
        return JSONResponse({})

    app = Starlette(routes=[Route("/enter", enter, methods=["POST"]), Route("/leave", leave)])
    Guard(app, policy=policy(bearer=BearerPolicy(verify=verify), store=store))
    browser = browse(app)
    browser("POST", "/enter")
    answer = browser("GET", "/leave")
    assert (answer.status_code, answer.headers.get("www-authenticate")) == (401, "Bearer")
