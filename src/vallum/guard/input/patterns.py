"""Regular expressions that take linear time, over texts of bounded length (CWE-1333, ASVS 1.2.9, 1.3.12).

    PHONE = Pattern("[+]?[0-9 ]{6,20}", most=20)
    PHONE.matches(form.phone)                        # the whole text
    WORDS = Pattern(r"[a-z]+(?:-[a-z]+)*", most=200)

By RE2, which knows no backtracking: back references and look-around are refused when the pattern is built. What a user
typed is `Pattern(escape(text))`, or is run as it is, since it cannot take long. Needs `pip install "vallum[input]"`.
"""

from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.guard.input.models import InputRefusedError

KEEPS: Final = ("redos-safe-regex",)

MOST: Final = 10_000
"""Characters of a text, unless the pattern says so."""
_LONGEST: Final = 10_000
_MEMORY: Final = 8 * 1024 * 1024


class Pattern:
    """A compiled pattern and the longest text that it is asked of. Raises `ConfigError` for one that is not linear."""

    __slots__ = ("_compiled", "_most")

    def __init__(self, pattern: str, *, most: int = MOST) -> None:
        """Compile, with 8 MiB for the automaton."""
        import re2  # noqa: PLC0415 - an extra

        if most < 1 or len(pattern) > _LONGEST:
            raise ConfigError("a pattern has 10,000 characters at most, and texts at least 1.", code="pattern")
        options = re2.Options()
        options.max_mem = _MEMORY
        options.log_errors = False
        try:
            self._compiled: Any = re2.compile(pattern, options)
        except re2.error:
            raise ConfigError(
                "the pattern is none that runs in linear time.",
                hint="Write it without back references and look-around (RE2 syntax).",
                code="pattern",
            ) from None
        self._most = most

    def matches(self, text: str) -> bool:
        """Whether the whole text matches. Raises `InputRefusedError` (400) for one that is too long."""
        return self._compiled.fullmatch(self._bound(text)) is not None

    def find(self, text: str) -> str | None:
        """The first part of the text that matches. Raises `InputRefusedError`."""
        found = self._compiled.search(self._bound(text))
        return None if found is None else str(found.group(0))

    def find_all(self, text: str) -> list[str]:
        """Every part that matches, without overlap. Raises `InputRefusedError`."""
        return [str(found.group(0)) for found in self._compiled.finditer(self._bound(text))]

    def replace(self, text: str, by: str) -> str:
        """The text with every match replaced by the literal `by`. Raises `InputRefusedError`."""
        return str(self._compiled.sub(lambda _: by, self._bound(text)))

    def _bound(self, text: str) -> str:
        if len(text) > self._most:
            raise InputRefusedError(f"the text has more than {self._most} characters.", code="input-too-long")
        return text


def escape(text: str) -> str:
    """The pattern that matches `text` and nothing else."""
    import re2  # noqa: PLC0415 - an extra

    return str(re2.escape(text))
