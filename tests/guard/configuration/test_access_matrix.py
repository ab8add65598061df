"""Who may call what: the matrix says what the guard answers, and a test that pins it sees every change."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.guard import Guard, public, requires, sign_in, signed_in
from vallum.guard.authorization.demands import administers
from vallum.guard.configuration.access_matrix import AccessMatrix, check_matrix

ROLES = {"writer": {"notes:write"}, "admin": {"notes:write", "admin"}, "guest": set()}


async def show(_: Request) -> PlainTextResponse:
    return PlainTextResponse("shown")


async def enter(request: Request) -> PlainTextResponse:
    sign_in("ada", roles=[request.query_params["role"]] if request.query_params["role"] else [])
    return PlainTextResponse("in")


def handler(declare: Callable[[Any], Any] | None) -> Any:
    async def run(request: Request) -> PlainTextResponse:
        return await show(request)

    return run if declare is None else declare(run)


@pytest.fixture
def guard(policy: Callable[..., Any]) -> Guard:
    app = Starlette(
        routes=[
            Route("/", handler(public)),
            Route("/me", handler(signed_in), methods=["GET", "POST"]),
            Route("/write", handler(requires("notes:write")), methods=["POST"]),
            Route("/admin", handler(administers("admin"))),
            Route("/bare", handler(None)),
            Route("/enter", public(enter), methods=["POST"]),
        ]
    )
    settings = {"roles": ROLES, "fresh_roles": lambda _: ("admin",)}
    return Guard(app, policy=policy(**settings))


def rows(matrix: AccessMatrix) -> dict[str, dict[str, str]]:
    return {route: dict(zip(matrix.columns, answers, strict=True)) for route, answers in matrix.rows}


def test_what_it_says(guard: Guard) -> None:
    matrix = guard.matrix()
    assert matrix.columns == ("(visitor)", "(no role)", "admin", "guest", "writer")
    assert [route for route, _ in matrix.rows] == [
        "GET /", "GET /admin", "GET /bare", "POST /enter", "GET /me", "POST /me", "POST /write",
    ]  # fmt: skip
    told = rows(matrix)
    assert set(told["GET /"].values()) == {"yes"}
    assert set(told["GET /bare"].values()) == {"no"}
    assert [told["POST /write"][role] for role in matrix.columns] == ["no", "no", "yes", "no", "yes"]
    assert [told["GET /admin"][role] for role in matrix.columns] == ["no", "no", "proof", "no", "no"]


def test_the_guard_answers_as_the_matrix_says(guard: Guard, browse: Callable[..., Any]) -> None:
    told = rows(guard.matrix())
    for column in guard.matrix().columns:
        browser = browse(guard)
        if column != "(visitor)":
            role = "" if column == "(no role)" else column
            browser("POST", f"/enter?role={role}")
        for route, answers in told.items():
            method, path = route.split()
            if method == "GET" and answers[column] in {"yes", "no"}:
                assert (browser("GET", path).status_code < 400) == (answers[column] == "yes"), (
                    column,
                    route,
                )


def test_a_pinned_matrix_sees_what_changes(guard: Guard, tmp_path: Path) -> None:
    file = tmp_path / "access.txt"
    with pytest.raises(ConfigError, match=r"\+ POST /write no no yes no yes"):
        check_matrix(guard.matrix(), file)
    file.write_text(str(guard.matrix()))
    check_matrix(guard.matrix(), file)
    file.write_text(str(guard.matrix()).replace("proof", "yes  ").replace("POST /write", "POST /wrote"))
    with pytest.raises(ConfigError) as caught:
        check_matrix(guard.matrix(), file)
    assert "- GET /admin no no yes no no" in caught.value.message
    assert "+ GET /admin no no proof no no" in caught.value.message
    assert "- POST /wrote" in caught.value.message


def test_an_app_that_no_adapter_knows_has_no_rows(policy: Callable[..., Any]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    assert Guard(app, policy=policy()).matrix().rows == ()
