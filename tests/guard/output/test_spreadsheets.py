"""CSV that opens as data: no text becomes a formula, and every value comes back as it was."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.output.spreadsheets import CellError, CsvExport, encode_text

NOTES = CsvExport(title=str, words=int)
STARTS = "=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20"
"""The last four are full-width forms, which spreadsheets read as the plain ones."""


def read(lines: Any) -> list[list[str]]:
    text = b"".join(lines).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


FORMULAS = (
    "=1+1", '=HYPERLINK("http://evil.example")', "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "  +1",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM", "\u200b=1", "\ufeff=1", "\u202e=1", "=cmd|' /C calc'!A0", "|cmd",
    "%0A=1",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_what_would_be_calculated_becomes_text(text: str) -> None:
    ((_, _), (cell, _)) = read(NOTES.render([(text, 1)]))
    assert cell.startswith("'")


@pytest.mark.parametrize("text", ["milk", "a=b", "1-2", "a@b.example", "", "Ünïcode", 'say "hi"', "a,b;c", "a\nb"])
def test_other_texts_stay(text: str) -> None:
    assert read(NOTES.render([(text, 1)]))[1] == [text, "1"]


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.integers()), max_size=5))
def test_every_row_comes_back_and_no_cell_begins_a_formula(rows: list[tuple[str, int]]) -> None:
    back = read(NOTES.render(rows))
    assert back[0] == ["title", "words"]
    assert len(back) == len(rows) + 1
    for (text, number), (cell, digits) in zip(rows, back[1:], strict=True):
        assert not cell.lstrip().startswith(tuple(STARTS))
        assert int(digits) == number
        assert cell.removeprefix("'").replace("\ufffd", "") in text.replace("\ufffd", "") or "\ufffd" in cell


def test_numbers_and_days_stay_what_they_are() -> None:
    export = CsvExport(a=int, b=float, c=Decimal, d=date, e=datetime, f=str)
    row = (-5, -0.5, Decimal("-1.10"), date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC), None)
    assert read(export.render([row]))[1] == ["-5", "-0.5", "-1.10", "2026-01-02", "2026-01-02T00:00:00+00:00", ""]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, "=1"),
        (int, 1.5),
        (int, True),
        (float, float("nan")),
        (Decimal, Decimal("Infinity")),
        (str, 1),
        (date, "=1"),
    ],
)
def test_a_value_of_another_type_is_refused_without_being_shown(kind: type, value: Any) -> None:
    with pytest.raises(CellError) as caught:
        list(CsvExport(price=kind).render([(value,)]))
    assert "price" in caught.value.message
    assert "=1" not in caught.value.message


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(CellError, match="3 cells"):
        list(NOTES.render([("a", 1, 2)]))


def test_names_of_columns_are_texts_too() -> None:
    columns: dict[str, Any] = {"=1+1": str}
    export = CsvExport(**columns)
    assert read(export.render([]))[0] == ["'=1+1"]


def test_semicolons_for_those_whose_spreadsheets_want_them() -> None:
    assert b"".join(CsvExport(separator=";", a=int, b=int).render([(1, 2)])).endswith(b"1;2\r\n")


def test_the_download_is_an_attachment() -> None:
    headers = NOTES.headers("notes.csv")
    assert headers["Content-Disposition"].startswith('attachment; filename="notes.csv"')
    assert headers["X-Content-Type-Options"] == "nosniff"
    for name in ("notes", "a/b.csv", 'a".csv', "a\r\n.csv", ".csv"):
        with pytest.raises(ConfigError):
            NOTES.headers(name)


@pytest.mark.parametrize("given", [{}, {"a": bytes}, {"a": list}, {"a": str, "separator": "\t"}])
def test_tables_that_mean_nothing_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        CsvExport(**given)


def test_controls_do_not_reach_the_file() -> None:
    assert encode_text("a\0b\x1b[31m") == '"a\ufffdb\ufffd[31m"'
