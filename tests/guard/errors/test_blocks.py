"""A block that refuses input inside a handler: the client hears the status, the log hears the cause."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vallum.base.errors import RefusedError
from vallum.guard import Guard, public
from vallum.guard.authentication.passwords import HashingBusyError
from vallum.guard.data.queries import Identifiers, Query
from vallum.guard.input.loaders import LoadLimits, load_json
from vallum.guard.tokens.access_tokens import BearerRefusedError

NOTES = Query("SELECT title FROM notes ORDER BY {order}", order=Identifiers("title"))


def choose() -> None:
    NOTES.choose(order="title; DROP TABLE notes")


def load() -> None:
    load_json("[1, 2, 3]", object, limits=LoadLimits(size=3))


def flood() -> None:
    raise HashingBusyError("full.")


def group() -> None:
    raise ExceptionGroup("tasks", [RefusedError("refused in a task.")])


def present() -> None:
    raise BearerRefusedError("expired")


@pytest.mark.parametrize(
    ("act", "status", "event"),
    [
        (choose, 400, "input-refused"),
        (load, 413, "input-refused"),
        (flood, 503, "block-busy"),
        (group, 400, "input-refused"),
        (present, 401, "token-refused"),
    ],
)
def test_a_refusal_is_answered_by_its_status_and_told_to_the_log(
    act: Callable[[], None],
    status: int,
    event: str,
    policy: Callable[..., Any],
    browse: Callable[..., Any],
    events: list[Any],
) -> None:
    @public
    async def handler(_: Request) -> Response:
        act()
        return Response()

    app = Starlette(routes=[Route("/", handler)])
    Guard(app, policy=policy())
    answer = browse(app)("GET", "/")
    assert answer.status_code == status
    assert "title" not in answer.json()["detail"]
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)
    assert event in repr(events)
    assert "unhandled-exception" not in repr(events)
