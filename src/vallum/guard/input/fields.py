"""Types for the fields of a request model: each a positive rule for form, length and range (CWE-20, ASVS 2.2.1).

    class Booking(RequestModel):
        guest: Username
        email: Email
        nights: Annotated[int, between(1, 30)]
        note: PlainText = ""

Needs `pip install "vallum[input]"`.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from vallum.base.errors import ConfigError, VallumError
from vallum.guard.input.email_address import parse_email
from vallum.guard.output.urls import check_link

KEEPS: Final = ("allowlist-validation",)
Value = TypeVar("Value")
LONGEST_LINE: Final = 200
LONGEST_TEXT: Final = 10_000
_FILE_NAME: Final = re.compile(r"[^\x00-\x1f\x7f/\\:*?\"<>|%]{1,255}")
_MONEY: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,2})?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LAYOUT: Final = frozenset("\n\t")


def between(least: int, most: int) -> Any:
    """Both bounds of an integer, included themselves, for `Annotated[int, ...]`.

    Raises `ConfigError` if no integer fits.
    """
    if least > most:
        raise ConfigError(f"no integer lies between {least} and {most}.", code="field-bounds")
    return Field(ge=least, le=most, strict=True)


def username(most: int = 20) -> Any:
    """Letters, digits and `_`, 3 to `most` of them; `most` is 3 to 32."""
    if not 3 <= most <= 32:
        raise ConfigError("a username has at most 32 characters.", code="field-bounds")
    return StringConstraints(strict=True, pattern=rf"^[A-Za-z0-9_]{{3,{most}}}$")


def _check(check: Callable[[str], Value]) -> Callable[[str], Value]:
    """Tell pydantic of a refusal in its own way."""

    def checked(text: str) -> Value:
        try:
            return check(text)
        except VallumError as error:
            raise ValueError(error.message) from None

    return checked


def _check_text(text: str) -> str:
    for mark in text:
        category = unicodedata.category(mark)
        if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} and mark not in _LAYOUT:
            raise ValueError("a text must not hold control, direction or unassigned characters")
    return unicodedata.normalize("NFC", text)


def _check_line(text: str) -> str:
    if _LAYOUT & set(text):
        raise ValueError("a line must not hold line breaks or tabs")
    return _check_text(text)


def _check_file_name(text: str) -> str:
    if not _FILE_NAME.fullmatch(text) or text[0] in ". " or text[-1] in ". ":
        raise ValueError("this is not the plain name of a file")
    return _check_line(text)


def _read_text(pattern: re.Pattern[str], read: Callable[[str], Value], what: str) -> Callable[[object], Value]:
    def reading(value: object) -> Value:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"this is not {what}")
        return read(value)

    return reading


def _read_address(value: object) -> Any:
    if not isinstance(value, str) or "%" in value:
        raise ValueError("this is not an IP address")
    return ipaddress.ip_address(value)


_STRICT: Final = Field(strict=True)
Username = Annotated[str, username()]
"""3 to 20 letters, digits and `_`."""
Email = Annotated[str, _STRICT, AfterValidator(_check(lambda text: parse_email(text).text))]
"""An address as `parse_email` accepts it, unchanged."""
HttpsUrl = Annotated[str, _STRICT, AfterValidator(_check(check_link))]
"""An absolute https address, fit for `href`. It may still lead anywhere: fetch it with the guarded client only."""
Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?$")]
"""Small letters, digits and inner hyphens, 1 to 80."""
FileName = Annotated[str, StringConstraints(strict=True), AfterValidator(_check_file_name)]
"""The display name of a file, never a path."""
Phone = Annotated[str, StringConstraints(strict=True, pattern=r"^\+[1-9][0-9]{6,14}$")]
"""A number in the form of E.164: `+` and 7 to 15 digits."""
PlainLine = Annotated[str, StringConstraints(strict=True, max_length=LONGEST_LINE), AfterValidator(_check_line)]
"""One line, at most 200 characters, in NFC, without control and direction characters."""
PlainText = Annotated[str, StringConstraints(strict=True, max_length=LONGEST_TEXT), AfterValidator(_check_text)]
"""The same with line breaks and tabs, at most 10,000 characters."""
Id = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)]
"""A key of a table."""
Money = Annotated[Decimal, BeforeValidator(_read_text(_MONEY, Decimal, "an amount such as 12.50"))]
"""An amount written as text, with at most two decimals: never a float, never an exponent."""
Day = Annotated[date, BeforeValidator(_read_text(_DAY, date.fromisoformat, "a day such as 2026-01-31"))]
"""A day as RFC 3339 writes it."""
IpAddress = Annotated[ipaddress.IPv4Address | ipaddress.IPv6Address, BeforeValidator(_read_address)]
"""An IPv4 or IPv6 address without zone."""
