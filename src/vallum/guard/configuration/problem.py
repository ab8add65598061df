"""A reason not to start, and the refusal that lists them all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from vallum.base.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason not to start: a stable `code`, what is wrong, never with a value that is secret, and the fix."""

    code: str
    what: str
    fix: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.what} {self.fix} [{self.code}]"


class StartupError(ConfigError):
    """The refusal to start; `problems` holds them all."""

    code = "startup"

    def __init__(self, subject: str, problems: Iterable[Problem]) -> None:
        """List the problems of `subject`, such as "the guard"."""
        self.problems: Final = tuple(problems)
        listed = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"{subject} does not start, {len(self.problems)} to mend:{listed}")
