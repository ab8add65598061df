"""The types of attributes, and how a value is read: of the declared type, NULL (None), or missing.

What is absent, of another type, or raises while it is read is missing; no comparison with it is ever true.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

_LARGEST: Final = 2**63


class Missing(Enum):
    """The one value of what could not be read."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
Scalar = str | int | bool | datetime
Value = Scalar | frozenset[Any] | Missing | None
Read = Callable[[Any], object]


class Kind(Enum):
    """The type of an attribute. TEXTS and INTEGERS are sets, for actors and environments only.

    A moment without time zone is read as UTC. Only integers and moments are ordered: "9" is above "10".
    """

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    TEXTS = "texts"
    INTEGERS = "integers"

    @property
    def element(self) -> "Kind | None":
        """The kind of a set's elements; None for a scalar."""
        return _ELEMENTS.get(self)

    @property
    def is_ordered(self) -> bool:
        """Whether above and below mean the same in Python and in every database."""
        return self in {Kind.INTEGER, Kind.MOMENT}

    def read_by(self, read: Read) -> "Attribute":
        """An attribute of this kind that `read(actor)` brings; what it raises makes the attribute missing."""
        return Attribute(kind=self, read=read)


_ELEMENTS: Final = {Kind.TEXTS: Kind.TEXT, Kind.INTEGERS: Kind.INTEGER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A declared attribute: its kind and, unless it is read by its name, how."""

    kind: Kind
    read: Read | None = None


def take_text(value: object) -> Value:
    """The text, if every database can hold it."""
    if not isinstance(value, str):
        return None if value is None else MISSING
    text = value if type(value) is str else str.__str__(value)
    if "\0" in text:
        return MISSING
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return MISSING
    return text


def take_integer(value: object) -> Value:
    """The whole number of at most 64 bits; a boolean is none."""
    if type(value) is int:
        return value if -_LARGEST <= value < _LARGEST else MISSING
    return None if value is None else MISSING


def take_boolean(value: object) -> Value:
    """True or False and nothing that is merely like them."""
    if value is True or value is False:
        return value
    return None if value is None else MISSING


def take_moment(value: object) -> Value:
    """The moment, in UTC."""
    if not isinstance(value, datetime):
        return None if value is None else MISSING
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (OverflowError, ValueError):
        return MISSING


def _take_set(take: Callable[[object], Value]) -> Callable[[object], Value]:
    def take_set(value: object) -> Value:
        if not isinstance(value, (frozenset, set, list, tuple)):
            return None if value is None else MISSING
        taken = frozenset(map(take, value))
        return MISSING if None in taken or MISSING in taken else taken

    return take_set


TAKE: Final[dict[Kind, Callable[[object], Value]]] = {
    Kind.TEXT: take_text,
    Kind.INTEGER: take_integer,
    Kind.BOOLEAN: take_boolean,
    Kind.MOMENT: take_moment,
    Kind.TEXTS: _take_set(take_text),
    Kind.INTEGERS: _take_set(take_integer),
}
