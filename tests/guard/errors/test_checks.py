"""Only a clear yes in time is a yes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from vallum.guard.errors.checks import CheckFailedError, CheckRefusedError, demand, demand_later
from vallum.guard.errors.public import NotFoundError


def run(check: Callable[[], Any], rollback: Any, *, later: bool) -> None:
    if not later:
        demand(check, rollback=rollback)
        return

    async def wait() -> Any:
        return check()

    asyncio.run(demand_later(wait, seconds=5, rollback=rollback))


def fail(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize("later", [False, True])
def test_a_clear_yes_goes_on(*, later: bool) -> None:
    undone: list[int] = []
    run(lambda: True, lambda: undone.append(1), later=later)
    assert undone == []


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(
    ("check", "error"),
    [
        (lambda: False, CheckRefusedError),
        (lambda: None, CheckRefusedError),
        (lambda: 1, CheckRefusedError),
        (lambda: "no", CheckRefusedError),
        (lambda: fail(ConnectionError("secret")), CheckFailedError),
        (lambda: fail(TimeoutError()), CheckFailedError),
        (lambda: fail(NotFoundError()), NotFoundError),
    ],
)
def test_all_else_refuses_and_rolls_back(*, check: Any, error: type[Exception], later: bool) -> None:
    undone: list[int] = []
    with pytest.raises(error) as caught:
        run(check, lambda: undone.append(1), later=later)
    assert undone == [1]
    assert "secret" not in str(caught.value)


def test_a_check_that_does_not_answer_in_time_has_failed() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(CheckFailedError) as caught:
        asyncio.run(demand_later(hang, seconds=0.01))
    assert (caught.value.refusal.status, caught.value.cause) == (503, "the check raised TimeoutError")


def test_a_rollback_that_fails_changes_nothing() -> None:
    with pytest.raises(CheckRefusedError) as caught:
        demand(lambda: False, rollback=lambda: fail(OSError()))
    assert caught.value.cause == "the check answered bool; the rollback raised OSError"
    with pytest.raises(CheckRefusedError):
        demand(lambda: False)
