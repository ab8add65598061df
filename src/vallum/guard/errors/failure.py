"""What the log is told about an exception, and what the user is not."""

import sys
from collections.abc import Iterator
from typing import Final

from vallum.base.errors import RefusedError
from vallum.guard.errors.blocks import publish_refusal
from vallum.guard.errors.validation import ValidationFailedError, find_failures

_SHORTEST: Final = 16
"""Lines of a message that are shorter hold names of fields, which a stack holds elsewhere as well."""
_HIDDEN: Final = "(values hidden)"


def unwrap_error(error: BaseException) -> BaseException:
    """The one error inside of groups that task groups made of it; the public form of what a block or schema refused."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, RefusedError):
        return publish_refusal(error)
    failures = find_failures(error)
    if failures is None:
        return error
    return ValidationFailedError(failures).with_traceback(error.__traceback__)


def describe_error(error: BaseException) -> dict[str, str]:
    """Everything about an exception, for the log only; not the values that a schema's error quotes."""
    import traceback  # noqa: PLC0415 - needed only when something failed

    stack = "".join(traceback.format_exception(error))
    for link in _walk_chain(error, set()):
        if find_failures(link) is not None or type(link).__name__ == "ResponseValidationError":
            stack = _hide_message(stack, str(link))
    return {"error": type(error).__qualname__, "stack": stack}


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


def _walk_chain(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    yield from _walk_chain(error.__cause__, seen)
    yield from _walk_chain(error.__context__, seen)
    for inner in getattr(error, "exceptions", ()) if isinstance(error, BaseExceptionGroup) else ():
        yield from _walk_chain(inner, seen)


def _hide_message(stack: str, message: str) -> str:
    if message:
        stack = stack.replace(message, _HIDDEN)
    for line in message.splitlines():  # indented in groups
        if len(line.strip()) >= _SHORTEST:
            stack = stack.replace(line.strip(), _HIDDEN)
    return stack
