"""What Jinja2 templates read from the guard: `{{ csp_nonce }}` and `{{ csrf_token }}`, looked up when rendered."""

from collections.abc import Callable
from typing import Any, Final

from vallum.guard.exchange import Exchange, current


class Lazy:
    """A template global that reads the current request each time it is written out."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[Exchange], str]) -> None:
        """Read with `read`; its values hold base64 characters only, so that they need no escaping."""
        self._read = read

    def __str__(self) -> str:
        """The value for the request that runs now."""
        return self._read(current())

    __html__ = __str__

    def __call__(self) -> str:
        """The same, for templates that were written for extensions in which it is a function."""
        return str(self)


NONCE: Final = Lazy(lambda exchange: exchange.csp_nonce)
TOKEN: Final = Lazy(lambda exchange: exchange.csrf_token)


def add_globals(environment: Any) -> None:
    """Give a Jinja2 environment `csp_nonce`, `csrf_token` and `current`; `templates.env` for Starlette's templates."""
    environment.globals.update(csp_nonce=NONCE, csrf_token=TOKEN, current=current)
