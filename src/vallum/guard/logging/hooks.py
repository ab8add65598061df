"""The last hooks: what nobody catches, in threads and tasks as well, is logged once and redacted."""

import sys
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from vallum.base.clock import SYSTEM_CLOCK
from vallum.guard.logging.context import CURRENT
from vallum.guard.logging.events import Event, Level, log_event
from vallum.guard.logging.quoted_values import format_stack

if TYPE_CHECKING:
    import asyncio

KEEPS: Final = ("exceptions-logged",)

_TASKS: Final[set["asyncio.Task[Any]"]] = set()
"""Running tasks: the loop itself keeps weak references only."""


def install_hooks() -> None:
    """Log what ends the process or a thread; `KeyboardInterrupt` ends it as ever. Calling it again changes nothing."""
    sys.excepthook = log_exit
    threading.excepthook = log_thread


def log_exit(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """In the place of `sys.excepthook`, which prints the traceback as it is."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        note_failure("process-failed", error)


def log_thread(arguments: threading.ExceptHookArgs) -> None:
    """In the place of `threading.excepthook`."""
    error = arguments.exc_value
    if error is not None and not issubclass(arguments.exc_type, SystemExit):
        note_failure("thread-failed", error, thread=arguments.thread.name if arguments.thread else "")


def start_task(work: Coroutine[Any, Any, object]) -> "asyncio.Task[object]":
    """Run `work` beside the request, as `asyncio.create_task` does: kept alive, its failure logged with the request.

    Tasks that are started otherwise are logged by asyncio when they are collected, redacted but without a request.
    """
    import asyncio  # noqa: PLC0415 - loaded by whoever runs this; a WSGI app does without

    request = CURRENT.get(None)
    task: asyncio.Task[object] = asyncio.get_running_loop().create_task(work)
    _TASKS.add(task)

    def note_end(done: "asyncio.Task[object]") -> None:
        _TASKS.discard(done)
        error = None if done.cancelled() else done.exception()
        if error is not None:
            note_failure("background-task-failed", error, request=request)

    task.add_done_callback(note_end)
    return task


def note_failure(name: str, error: BaseException, *, request: Any = None, **detail: str) -> None:
    """Write one event with the whole traceback, to the log only."""
    request = request if request is not None else CURRENT.get(None)
    detail |= {"error": type(error).__qualname__, "stack": format_stack(error)}
    if request is not None:
        request.core.report(request, name, Level.ERROR, **detail)
    else:
        log_event(Event(name=name, level=Level.ERROR, at=SYSTEM_CLOCK(), detail=detail))
