"""CSV that a spreadsheet reads as data and never as formulas (CWE-1236, ASVS 1.2.10; RFC 4180).

    NOTES = CsvExport(title=str, words=int, price=Decimal)
    return StreamingResponse(NOTES.render(rows), headers=NOTES.headers("notes.csv"))      # rows: tuples, in this order

A column has a type: texts are quoted, and one that a spreadsheet would calculate gets an apostrophe before it; numbers
stay numbers, so that -5 is minus five. Nothing is calculated, looked up or sent by opening the file.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from vallum.base.errors import ConfigError, VallumError

KEEPS: Final = ("csv-formula-injection",)

Value = str | int | float | Decimal | date | None
_TYPES: Final = (str, int, float, Decimal, date, datetime)
_FORMULA: Final = re.compile(
    r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n]"
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.csv")
_MARK: Final = "\ufeff"
"""Tells spreadsheets that the text is UTF-8."""


class CellError(VallumError):
    """A value that is not of its column's type, or a row with another number of cells. The message has no value."""

    code = "csv-cell"


def encode_text(text: str) -> str:
    """The cell of a text: quoted (RFC 4180), and with an apostrophe where a spreadsheet would calculate it."""
    cleaned = _CONTROLS.sub("\ufffd", text)
    safe = f"'{cleaned}" if _FORMULA.match(cleaned) else cleaned
    return '"' + safe.replace('"', '""') + '"'


class CsvExport:
    """A table of typed columns. Raises `ConfigError` for no column and for a type that it does not know."""

    __slots__ = ("_columns", "_separator")

    def __init__(self, *, separator: str = ",", **columns: type) -> None:
        """Name the columns, each with `str`, `int`, `float`, `Decimal`, `date` or `datetime`; None is an empty cell."""
        if not columns or not all(kind in _TYPES for kind in columns.values()) or separator not in {",", ";"}:
            raise ConfigError(
                "an export needs columns of the types str, int, float, Decimal, date and datetime.",
                hint="For example CsvExport(title=str, words=int).",
                code="csv-columns",
            )
        self._columns = dict(columns)
        self._separator = separator

    def render(self, rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
        """Yield the lines as UTF-8, the names of the columns first. Raises `CellError`."""
        yield self._line(map(encode_text, self._columns), _MARK)
        for row in rows:
            if len(row) != len(self._columns):
                raise CellError(f"a row has {len(row)} cells, and the export {len(self._columns)} columns.")
            cells = zip(self._columns.items(), row, strict=True)
            yield self._line(_encode_cell(name, kind, value) for (name, kind), value in cells)

    def headers(self, name: str) -> dict[str, str]:
        """The headers of the download. Raises `ConfigError` for a name that is not plain and does not end in .csv."""
        if not _FILE_NAME.fullmatch(name):
            raise ConfigError("the name of an export is plain and ends in .csv.", code="csv-name")
        return {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}",
            "X-Content-Type-Options": "nosniff",
        }

    def _line(self, cells: Iterable[str], before: str = "") -> bytes:
        return (before + self._separator.join(cells) + "\r\n").encode("utf-8", "replace")


def _encode_cell(name: str, kind: type, value: Any) -> str:
    if value is None:
        return ""
    if kind is str and isinstance(value, str):
        return encode_text(value)
    if kind in {date, datetime} and type(value) is kind:
        return str(value.isoformat())
    # A bool is an int for Python, and not for a reader of a table.
    if isinstance(value, kind) and kind in {int, float, Decimal} and not isinstance(value, bool) and _is_finite(value):
        return str(value)
    raise CellError(f"a cell of the column {name} is not of the type {kind.__name__}.", hint="Convert it before.")


def _is_finite(value: Any) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
