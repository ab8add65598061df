"""Errors of schemas quote the value that failed, in words that no pattern tells from others: their texts are left out.

pydantic writes `input_value='hunter2'`, msgspec `Invalid enum value 'hunter2'`, Litestar the query.
"""

import traceback
from collections.abc import Iterator
from typing import Final

KEEPS: Final = ("validation-errors-safe", "secrets-not-logged")

_QUOTING: Final = frozenset(
    {
        ("pydantic_core", "ValidationError"),
        ("msgspec", "ValidationError"),
        ("fastapi", "ValidationException"),
        ("litestar", "ValidationException"),
        ("django", "ValidationError"),
    }
)
"""Package and class; told by name, so that none of them is imported here."""
_SHORTEST: Final = 16
"""Lines of a message that are shorter hold names of fields, which a stack holds elsewhere as well."""
_HIDDEN: Final = "(values left out)"


def format_stack(error: BaseException) -> str:
    """The traceback of `error` as Python prints it, without the messages that quote input."""
    stack = "".join(traceback.format_exception(error))
    for link in _walk_chain(error, set()):
        if any((cls.__module__.partition(".")[0], cls.__name__) in _QUOTING for cls in type(link).__mro__):
            stack = _hide_message(stack, str(link))
    return stack


def _walk_chain(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    yield from _walk_chain(error.__cause__, seen)
    yield from _walk_chain(error.__context__, seen)
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _walk_chain(inner, seen)


def _hide_message(stack: str, message: str) -> str:
    if message:
        stack = stack.replace(message, _HIDDEN)
    for line in message.splitlines():  # indented in groups
        if len(line.strip()) >= _SHORTEST:
            stack = stack.replace(line.strip(), _HIDDEN)
    return stack
