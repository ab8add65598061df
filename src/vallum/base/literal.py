"""Tell at run time whether a text is a literal of the code that passes it (CWE-89, CWE-79).

A type checker proves it by `typing.LiteralString`; but not every project runs one. A literal stands among the constants
of the calling function, class body or module; a text that was put together from data does not.
"""

import inspect
from typing import Final

from vallum.base.errors import ConfigError

_HINT: Final = "Write the text as one literal in the call itself and pass data as parameters."


def check_literal(text: str, what: str, *, depth: int = 1) -> None:
    """Raise `ConfigError` unless `text` is a constant of the code `depth` calls above the function that asks.

    A text that data produced passes only when it equals such a constant, and then it can do what the constant does.
    """
    frame = inspect.currentframe()
    for _ in range(depth + 1):
        frame = frame and frame.f_back
    if frame is None or not _holds(frame.f_code.co_consts, text):
        raise ConfigError(f"{what} must be a literal, not a text put together.", hint=_HINT, code="not-a-literal")


def _holds(constants: tuple[object, ...], text: str) -> bool:
    return any(
        _holds(constant, text) if isinstance(constant, tuple) else isinstance(constant, str) and constant == text
        for constant in constants
    )
