"""Values that may stand in a style: colours, lengths and names by strict rules (CWE-79, ASVS 1.2.1, 1.3.5).

element = fill_html('<div class="{theme}">', theme=check_token(form.theme, {"theme-dark", "theme-light"}))
colour = check_colour(shop.colour)      # script sets it: element.style.setProperty("color", colour)
"""

import re
from collections.abc import Collection
from typing import Final

from vallum.base.errors import ConfigError, VallumError

KEEPS: Final = ("css-context-encoded",)
UNITS: Final = frozenset({"px", "em", "rem", "%", "vw", "vh", "ch", "pt"})
_COLOUR: Final = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_LENGTH: Final = re.compile(r"(-?[0-9]{1,6}(?:\.[0-9]{1,4})?)(px|em|rem|%|vw|vh|ch|pt)")
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


class StyleError(VallumError):
    """The value is not one that may stand in a style. The message does not repeat it."""

    code = "style"


def check_colour(text: str) -> str:
    """Return a colour `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa` in small letters, else raise `StyleError`."""
    if not _COLOUR.fullmatch(text):
        raise StyleError(
            "the colour is not of the form #rrggbb.", hint="Use <input type=color>, which sends that form."
        )
    return text.lower()


def check_length(text: str, *, least: float = 0, most: float = 10_000, units: Collection[str] = ("px",)) -> str:
    """Return a length such as `12px` whose number lies in `least` to `most` and whose unit is one of `units`.

    Raises `StyleError` for any other text, and `ConfigError` for a unit that is not among `UNITS`.
    """
    if isinstance(units, str) or not set(units) <= UNITS:
        raise ConfigError(
            "a unit of length is unknown.", hint=f"Choose from {' '.join(sorted(UNITS))}.", code="style-unit"
        )
    match = _LENGTH.fullmatch(text)
    if match is None or match[2] not in units or not least <= float(match[1]) <= most:
        raise StyleError(f"the length is not a number from {least} to {most} with the unit {' or '.join(units)}.")
    return text


def check_token(text: str, allowed: Collection[str]) -> str:
    """Return `text` if it is one of the `allowed` names of classes, fonts or animations, else raise `StyleError`."""
    if isinstance(allowed, str):
        raise ConfigError("allowed names must be a set.", hint='Write {"dark", "light"}.', code="style-names")
    if text not in allowed:
        raise StyleError("the name is not one of those that the style sheet has.")
    return text


def escape_css(text: str) -> str:
    """Return `text` with all but ASCII letters and digits as CSS hex escapes (CSS Syntax 3, section 4.3.7).

    For the case that nothing but encoding is left, inside a quoted CSS string or an identifier. Each escape has six
    digits, so that what follows cannot become a part of it. A zero byte becomes U+FFFD, as parsers read it.
    """
    return "".join(mark if mark in _PLAIN else f"\\{ord(mark) or 0xFFFD:06x}" for mark in text)
