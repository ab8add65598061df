"""Texts that users edit, with placeholders and nothing else: no attributes, calls or logic (CWE-1336, ASVS 1.3.7).

GREETING = PlaceholderText(setting.greeting, {"name", "order"})     # checked when it is saved
GREETING.fill(name=user.name, order=order.number)                    # text; escape it where it is shown
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.input.models import InputRefusedError

KEEPS: Final = ("template-injection",)
LONGEST_TEXT: Final = 20_000
LONGEST_RESULT: Final = 1_000_000
_PLACE: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")


class PlaceholderText:
    """A text with `{{ name }}` where values go. All else in it is text, braces and percent signs included."""

    __slots__ = ("_parts", "names")

    def __init__(self, text: str, allowed: Collection[str]) -> None:
        """Read a user's `text`, whose placeholders must be among the `allowed` names.

        Raises `InputRefusedError` (400) for another name and for more than 20,000 characters.
        """
        if isinstance(allowed, str):
            raise ConfigError("allowed names must be a set.", hint='Write {"name"}.', code="placeholder-names")
        if len(text) > LONGEST_TEXT:
            raise InputRefusedError(f"a text has more than {LONGEST_TEXT} characters.", code="input-too-large")
        self._parts = _PLACE.split(text)
        self.names = frozenset(self._parts[1::2])
        if not self.names <= set(allowed):
            known = ", ".join(sorted(allowed))
            raise InputRefusedError(f"a text has a placeholder that is not one of: {known}.", code="input-placeholder")

    def fill(self, **values: str | int) -> str:
        """Return the text with its values, which are not read for placeholders themselves.

        Raises `ConfigError` for a value that is missing or neither text nor a whole number.
        """
        return "".join(_show(values, part) if number % 2 else part for number, part in enumerate(self._parts))[
            :LONGEST_RESULT
        ]


def _show(values: Mapping[str, str | int], name: str) -> str:
    value = values.get(name)
    if type(value) not in {str, int}:
        raise ConfigError(
            f"the placeholder {name} has no value of type str or int.",
            hint="Format other values before.",
            code="placeholder-value",
        )
    return str(value)
