"""What the log is told about an exception, and what the user is not."""

import sys
from typing import Final

from vallum.base.errors import RefusedError
from vallum.guard.errors.blocks import publish_refusal
from vallum.guard.errors.validation import ValidationFailedError, find_failures

_LIBRARIES: Final = frozenset({"pydantic", "pydantic_core", "msgspec", "fastapi", "litestar", "starlette", "django"})


def unwrap_error(error: BaseException) -> BaseException:
    """The one error inside of groups that task groups made of it; the public form of what a block or schema refused."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, RefusedError):
        return publish_refusal(error)
    failures = find_failures(error)
    if failures is None:
        return error
    return ValidationFailedError(failures, _place_of(error)).with_traceback(error.__traceback__)


def describe_error(error: BaseException) -> dict[str, str]:
    """Everything about an exception, for the log only; not the values that a schema's error quotes."""
    from vallum.guard.logging.quoted_values import format_stack  # noqa: PLC0415 - needed only when something failed

    return {"error": type(error).__qualname__, "stack": format_stack(error)}


def _place_of(error: BaseException) -> str:
    """The class of `error` and the line that met it, outside of the libraries that raise it."""
    place, trace = "", error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _LIBRARIES:
            place = f" in {module}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"


def ends_run(error: BaseException) -> bool:
    """Tell whether `error` ends a process, a generator or this task, and so is nothing to answer."""
    if isinstance(error, Exception):
        return False
    if isinstance(error, BaseExceptionGroup):
        return any(ends_run(inner) for inner in error.exceptions)
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        return True
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or not isinstance(error, asyncio.CancelledError):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return True
    return task is None or task.cancelling() > 0  # else it waited for something that was cancelled
