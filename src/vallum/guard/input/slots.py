"""The places in a command line that data may fill: one argument each, checked by an allowlist, never an option."""

import re
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, field
from typing import Final

from vallum.base.errors import ConfigError, RefusedError

LONGEST_VALUE: Final = 4096
_ANYTHING: Final = ("$(id)\x07", "$(id)\x07\n")


class ArgumentRefusedError(RefusedError):
    """A value that a program's argument does not admit."""

    code = "argument-refused"


@dataclass(frozen=True, slots=True)
class Slot:
    """One argument by name, and the pattern that its whole value must match. With `many`, a list of arguments.

    A value that begins with `-` is refused whatever the pattern says: a program would read it as an option.
    """

    name: str
    pattern: str
    _: KW_ONLY
    many: bool = False
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raise `ConfigError` for a pattern that is no regular expression, or that admits anything."""
        try:
            compiled = re.compile(self.pattern)
        except re.error as error:
            raise ConfigError(f"the pattern of {self.name} is no regular expression: {error}.") from None
        if any(compiled.fullmatch(attack) for attack in _ANYTHING):
            raise ConfigError(
                f"the pattern of {self.name} admits anything.",
                hint=r"List what is allowed, such as r'[a-z0-9_]+\.txt'.",
                code="argument-pattern",
            )
        object.__setattr__(self, "_compiled", compiled)

    def fill(self, value: object) -> tuple[str, ...]:
        """Return the arguments for `value` (text or an integer; a list of them with `many`).

        Raises `ArgumentRefusedError` (400) for anything that the pattern does not admit.
        """
        if not self.many:
            return (self._check(value),)
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            raise ArgumentRefusedError(f"the argument {self.name} must be a list.")
        return tuple(self._check(item) for item in value)

    def _check(self, value: object) -> str:
        plain = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
        text = str(value) if plain else ""
        if not plain or "\0" in text or len(text) > LONGEST_VALUE or not self._compiled.fullmatch(text):
            raise ArgumentRefusedError(f"the argument {self.name} does not have the form that is allowed.")
        if text.startswith("-"):
            raise ArgumentRefusedError(f"the argument {self.name} looks like an option.", code="argument-option")
        return text
