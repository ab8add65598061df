"""Checks of the app that fail closed: only a clear yes in time is a yes, all else refuses and rolls back (CWE-636)."""

from collections.abc import Awaitable, Callable
from typing import Final

from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import FORBIDDEN, UNAVAILABLE
from vallum.guard.logging.events import Level

KEEPS: Final = ("fail-closed",)

Undo = Callable[[], object]


class CheckRefusedError(PublicError):
    """The check said no, or something that is not a clear yes (403)."""

    refusal = FORBIDDEN
    event = "authorization-failed"


class CheckFailedError(PublicError):
    """The check could not answer (503)."""

    refusal = UNAVAILABLE
    level = Level.ERROR
    event = "check-failed"


def demand(check: Callable[[], object], *, rollback: Undo | None = None) -> None:
    """Go on only if `check()` returns True; else call `rollback`, and raise.

    Raises `CheckRefusedError` (403) for every other answer, None and 1 among them, and `CheckFailedError` (503) for
    what the check raises; a `PublicError` of its own stays what it is.
    """
    try:
        _judge(check())
    except Exception as error:
        raise _close(error, rollback) from error


async def demand_later(check: Callable[[], Awaitable[object]], *, seconds: float, rollback: Undo | None = None) -> None:
    """`demand` for a check that must be awaited; one that has not answered after `seconds` has failed."""
    import asyncio  # noqa: PLC0415 - loaded already by whoever awaits this

    try:
        async with asyncio.timeout(seconds):
            answer = await check()
        _judge(answer)
    except Exception as error:
        raise _close(error, rollback) from error


def _judge(answer: object) -> None:
    if answer is not True:
        raise CheckRefusedError(f"the check answered {type(answer).__name__}")


def _close(error: Exception, rollback: Undo | None) -> PublicError:
    closed = error if isinstance(error, PublicError) else CheckFailedError(f"the check raised {type(error).__name__}")
    if rollback is not None:
        try:
            rollback()
        except Exception as failed:  # noqa: BLE001 - it is refused all the same
            closed.cause += f"; the rollback raised {type(failed).__name__}"
    return closed
