"""Every way in which an app fails, told by path. Each framework's app of `apps/*_failures.py` serves all that it can.

What fails says DETAIL, which belongs to the log and to nobody else, and a secret, which belongs to neither.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from vallum.guard.input.checked_request import RequestShape
from vallum.guard.input.request_model import RequestModel

DETAIL = "hidden detail at /srv/app/notes.sqlite3"
CANARY = "password=cuckoo-in-the-log"
TEXT = f"{DETAIL} {CANARY}"
QUOTED = "zebra-that-was-sent"
PAGE = "<h1>Traceback (most recent call last)</h1> ValueError: hidden detail"
TEMPLATE = "{{ missing.attribute.of_nothing() }}"


class Note(BaseModel):
    """What pydantic validates in a handler or for the framework."""

    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, Field(max_length=5)]
    count: int = 0


class CheckedNote(RequestModel):
    """The same for `checked`."""

    title: Annotated[str, Field(max_length=5)]


SHAPE = RequestShape(body=CheckedNote)


class OddError(Exception):
    """What an error handler of the app answers, which fails in its turn."""


class StrayError(BaseException):
    """What `except Exception` does not catch."""


def boom() -> NoReturn:
    raise ValueError(TEXT)


def group() -> NoReturn:
    raise ExceptionGroup(TEXT, [ValueError(TEXT), KeyError(TEXT)])


def base_group() -> NoReturn:
    raise BaseExceptionGroup(TEXT, [ValueError(TEXT), StrayError(TEXT)])


def stray() -> NoReturn:
    raise StrayError(TEXT)


def cancelled() -> NoReturn:
    """As when something that was cancelled is awaited; nobody has cancelled the request."""
    raise asyncio.CancelledError(TEXT)


def chained() -> NoReturn:
    try:
        boom()
    except ValueError as error:
        raise RuntimeError("while serving") from error


def odd() -> NoReturn:
    raise OddError(TEXT)


def schema() -> NoReturn:
    Note.model_validate({"title": QUOTED, "count": 1, "unasked": QUOTED})
    raise RuntimeError


def schema_behind() -> NoReturn:
    """A schema's error as the cause of another: what it quotes stays out of the log as well."""
    try:
        schema()
    except ValueError as error:
        raise RuntimeError(DETAIL) from error


RAISERS: dict[str, Callable[[], NoReturn]] = {
    "/boom": boom,
    "/group": group,
    "/base-group": base_group,
    "/stray": stray,
    "/chained": chained,
    "/odd": odd,
    "/schema-behind": schema_behind,
}


@asynccontextmanager
async def fail_start(_: Any) -> AsyncIterator[None]:
    """The lifespan of an app that cannot start."""
    schema_behind()
    yield


def failing_first() -> Iterator[bytes]:
    boom()
    yield b""


async def failing_first_later() -> Any:
    for part in failing_first():
        yield part
