"""Filters for document databases in which request data can only be a value, never an operator (CWE-943, ASVS 1.2.4).

users.find_one(equal(username=form.username, active=True))
users.find(all_of(equal(team=team), between("age", 18, 120)))
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, LiteralString

from vallum.base.errors import ConfigError, RefusedError
from vallum.base.literal import check_literal

KEEPS: Final = ("nosql-operator-injection",)
Scalar = str | int | float | bool | bytes | dt.datetime | None
Filter = Mapping[str, Any]
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_IDS: Final = frozenset({"ObjectId", "UUID", "Decimal128", "Int64"})
"""Types of the drivers that hold one value."""


class FilterRefusedError(RefusedError):
    """A value for a filter is an object or a list, or a key of request data is an operator or a path."""

    code = "filter-refused"


def equal(**values: object) -> dict[str, Any]:
    """Return a filter in which each field equals its value, by `$eq`. Raises `FilterRefusedError` for non-scalars."""
    return {_field(name): {"$eq": check_scalar(value)} for name, value in values.items()}


def equal_at(field: LiteralString, value: object) -> dict[str, Any]:
    """Return the same for one field with dots in its name, which is a literal of the code."""
    check_literal(field, "the name of a field")
    return {_field(field): {"$eq": check_scalar(value)}}


def one_of(field: LiteralString, values: Iterable[object]) -> dict[str, Any]:
    """Return a filter in which a field has one of the `values`, each a scalar."""
    check_literal(field, "the name of a field")
    return {_field(field): {"$in": [check_scalar(value) for value in values]}}


def between(field: LiteralString, least: object, most: object) -> dict[str, Any]:
    """Return a filter in which a field lies between two scalars, inclusive."""
    check_literal(field, "the name of a field")
    return {_field(field): {"$gte": check_scalar(least), "$lte": check_scalar(most)}}


def all_of(*filters: Filter) -> dict[str, Any]:
    """Return a filter that holds where all `filters` of this module hold."""
    return {"$and": [dict(one) for one in filters]}


def check_scalar(value: object) -> Any:
    """Return `value` if it is one plain value. Raises `FilterRefusedError` (400) for mappings, lists and the rest."""
    if isinstance(value, str | int | float | bool | bytes | dt.datetime | None) or type(value).__name__ in _IDS:
        return value
    raise FilterRefusedError(f"a filter got a {type(value).__name__} where one value belongs.")


def check_document(document: Mapping[Any, Any], *, depth: int = 8) -> dict[str, Any]:
    """Return a document of request data for storing, once no key in it starts with `$`, holds a dot or is no text.

    Raises `FilterRefusedError` (400), also for more than `depth` levels.
    """
    if depth < 1:
        raise FilterRefusedError("a document is nested too deeply.")
    checked = {}
    for key, value in document.items():
        if not isinstance(key, str) or key.startswith("$") or "." in key or "\0" in key or not key:
            raise FilterRefusedError("a document has a key that is an operator or a path.")
        checked[key] = _check_member(value, depth - 1)
    return checked


def _check_member(value: object, depth: int) -> Any:
    if isinstance(value, Mapping):
        return check_document(value, depth=depth)
    if isinstance(value, list | tuple):
        if depth < 1:
            raise FilterRefusedError("a document is nested too deeply.")
        return [_check_member(item, depth - 1) for item in value]
    return check_scalar(value)


def _field(name: str) -> str:
    if not _FIELD.fullmatch(name):
        raise ConfigError("the name of a field is no plain name.", hint="Name fields in the code.", code="filter-field")
    return name
