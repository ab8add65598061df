"""An examination as bytes and back: rows of JSON by the fields of its classes. Nothing in it can run."""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from vallum.findings.examination import Examination

_Read = Callable[[Any], Any]
_UNIONS: Final = frozenset({UnionType, Union})


def pack_examination(examination: Examination) -> bytes:
    """The examination as ASCII text."""
    return json.dumps(_row(examination), separators=(",", ":")).encode("ascii")


def unpack_examination(data: bytes) -> Examination:
    """What was packed. Raises `ValueError` for anything else."""
    try:
        found: Examination = _reader(Examination)(json.loads(data))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise ValueError(f"not an examination: {error!r}") from None
    return found


def _row(value: Any) -> Any:
    if value is None or value.__class__ in (str, int, bool):
        return value
    if isinstance(value, tuple):
        return [_row(item) for item in value]
    if is_dataclass(value):
        return [value.__class__.__name__, *[_row(getattr(value, field.name)) for field in fields(value)]]
    return value


@cache
def _reader(hint: Any) -> _Read:
    if get_origin(hint) in _UNIONS:
        return _read_union(hint)
    if get_origin(hint) is tuple:
        return _read_tuple(_reader(get_args(hint)[0]))
    if isinstance(hint, type) and is_dataclass(hint):
        return _read_tagged({hint.__name__: _builder(hint)})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _same


def _read_union(hint: Any) -> _Read:
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    read = _read_tagged({kind.__name__: _builder(kind) for kind in kinds}) if is_dataclass(kinds[0]) else _same
    return lambda value: None if value is None else read(value)


def _read_tuple(read: _Read) -> _Read:
    return tuple if read is _same else lambda rows: tuple([read(row) for row in rows])


def _read_tagged(builders: dict[str, _Read]) -> _Read:
    return lambda row: builders[row[0]](row)


@cache
def _builder(cls: Any) -> _Read:
    """A function from a row to the dataclass, by the declared types of its fields."""
    hints = get_type_hints(cls)
    names = [field.name for field in fields(cls)]
    readers = [(place, read) for place, name in enumerate(names, 1) if (read := _reader(hints[name])) is not _same]

    def build(row: list[Any]) -> Any:
        for place, read in readers:
            row[place] = read(row[place])
        return cls(**dict(zip(names, row[1:], strict=True)))

    return build


def _same(value: Any) -> Any:
    return value
