"""Seal the rows of a database anew under the newest key, so that the old one can go (NIST SP 800-57; ASVS 11.2.2).

    ROTATION = KeyRotation(engine, columns_of(Base.metadata))
    ROTATION.run()                                                 # or: vallum keys rotate shop.keys:ROTATION

Rows are read in the order of their keys, a batch at a time, and each batch is written in one transaction, each row on
the condition that it still holds what was read. So the app may run meanwhile, memory stays the same however many rows
there are, and a job that was killed is begun again and skips what is done. Needs SQLAlchemy, as in `vallum[postgres]`.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, MetaData, Text, bindparam, column, func, select, table, update

from vallum.base.errors import ConfigError, VallumError
from vallum.guard.crypto.sealing import SealedBox, SealRefusedError
from vallum.guard.data.encrypted_columns import EncryptedText
from vallum.guard.logging.events import Event, Level, Sink, log_event
from vallum.stores.trail import Entry, Trail

KEEPS: Final = ("key-rotation",)

BATCH: Final = 1000
Progress = Callable[[str, int, int], None]
"""Told what is being sealed, how many of its rows are done, and how many there are."""


class RotationStoppedError(VallumError):
    """A row that no key of the ring opens."""

    code = "rotation-stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column of sealed values: where, by which box, and the context of each as a function of its row's key."""

    table: str
    column: str
    box: SealedBox
    context: Callable[[Any], str]
    key: str = "id"
    """The column that names a row: unique and never changed."""
    schema: str | None = None

    @property
    def name(self) -> str:
        """Table and column."""
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationReport:
    """What was done: rows looked at, rows sealed anew, rows that the app changed meanwhile, seconds."""

    seen: int = 0
    sealed: int = 0
    overtaken: int = 0
    seconds: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether no row needs another run: what the app wrote meanwhile may be under an old key."""
        return not self.overtaken


def columns_of(metadata: MetaData) -> list[SealedColumn]:
    """Every `EncryptedText` column of the tables. Raises `ConfigError` for a table without a single primary key."""
    return [
        SealedColumn(
            table=found.name,
            schema=found.schema,
            column=sealed.name,
            box=sealed.type.box,
            context=_constant(sealed.type.context),
            key=_key_of(list(found.primary_key.columns), found.name),
        )
        for found in metadata.sorted_tables
        for sealed in found.columns
        if isinstance(sealed.type, EncryptedText)
    ]


class KeyRotation:
    """The rotation of all sealed columns of a database."""

    def __init__(
        self,
        engine: Engine,
        columns: Iterable[SealedColumn],
        *,
        batch: int = BATCH,
        trail: Trail | None = None,
        sink: Sink = log_event,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Seal `batch` rows in each transaction. `trail` gets an entry for each column, in the last transaction of it.

        Raises `ConfigError` for no column and a batch below 1.
        """
        self._columns = list(columns)
        if not self._columns or batch < 1:
            raise ConfigError("a rotation needs a sealed column, and batches of at least 1.", code="key-rotation")
        self._engine = engine
        self._batch = batch
        self._trail = trail
        self._sink = sink
        self._clock = clock

    def run(self, progress: Progress = lambda *_: None) -> RotationReport:
        """Walk all columns. Raises `RotationStoppedError` for a row that no key opens; what was done stays done."""
        begun = self._clock()
        total = RotationReport()
        for sealed in self._columns:
            report = self._rotate(sealed, progress)
            total = _add(total, report)
            detail = {"column": sealed.name, "seen": str(report.seen), "sealed": str(report.sealed)}
            self._sink(Event(name="keys-rotated", level=Level.INFO, at=self._clock(), detail=detail))
        return replace(total, seconds=self._clock() - begun)

    def _rotate(self, sealed: SealedColumn, progress: Progress) -> RotationReport:
        statements = _Statements(sealed, self._batch)
        with self._engine.connect() as connection:
            count = connection.execute(statements.count).scalar_one()
        report, last, goes_on = RotationReport(), None, True
        while goes_on:
            with self._engine.begin() as connection:
                rows = connection.execute(*statements.after(last)).all()
                report = _add(report, _seal_batch(connection, statements, sealed, rows))
                goes_on = len(rows) == self._batch
                if not goes_on and self._trail is not None:
                    self._trail.append(connection.connection.dbapi_connection, _entry(sealed, report))
            last = rows[-1][0] if rows else last
            progress(sealed.name, report.seen, count)
        return report


class _Statements:
    """The SQL of one column, built once."""

    def __init__(self, sealed: SealedColumn, batch: int) -> None:
        key: Any = column(sealed.key)
        value: Any = column(sealed.column, Text)
        place = table(sealed.table, key, value, schema=sealed.schema)
        filled = value.is_not(None)
        page = select(key, value).select_from(place).where(filled).order_by(key).limit(batch)
        self.count = select(func.count()).select_from(place).where(filled)
        self._first = page
        self._next = page.where(key > bindparam("last"))
        self.write = (
            update(place).where(key == bindparam("row"), value == bindparam("old")).values({value: bindparam("new")})
        )

    def after(self, last: Any) -> tuple[Any, dict[str, Any]]:
        """The page behind the row `last`."""
        return (self._first, {}) if last is None else (self._next, {"last": last})


def _seal_batch(connection: Connection, statements: _Statements, sealed: SealedColumn, rows: Any) -> RotationReport:
    changed = [_reseal(sealed, row, stored) for row, stored in rows if sealed.box.needs_rotation(stored)]
    written = _write(connection, statements, changed)
    return RotationReport(seen=len(rows), sealed=written, overtaken=len(changed) - written)


def _reseal(sealed: SealedColumn, row: Any, stored: str) -> dict[str, Any]:
    context = sealed.context(row)
    try:
        plain = sealed.box.decrypt(stored, context=context)
    except SealRefusedError:
        raise RotationStoppedError(
            f"{sealed.name}: the value of the row {row!r} opens by no key of the ring.",
            hint="Put the key that sealed it back into the ring, or mend the row; what is done stays done.",
        ) from None
    return {"row": row, "old": stored, "new": sealed.box.encrypt(plain, context=context)}


def _write(connection: Connection, statements: _Statements, changed: list[dict[str, Any]]) -> int:
    return int(connection.execute(statements.write, changed).rowcount) if changed else 0


def _add(left: RotationReport, right: RotationReport) -> RotationReport:
    return RotationReport(
        seen=left.seen + right.seen,
        sealed=left.sealed + right.sealed,
        overtaken=left.overtaken + right.overtaken,
        seconds=left.seconds,
    )


def _entry(sealed: SealedColumn, report: RotationReport) -> Entry:
    detail = {"seen": report.seen, "sealed": report.sealed}
    return Entry(event="keys-rotated", actor="system", subject=sealed.name, request_id="", detail=detail)


def _key_of(keys: list[Column[Any]], name: str) -> str:
    if len(keys) != 1:
        raise ConfigError(
            f"the table {name} has {len(keys)} columns in its primary key.",
            hint="Write SealedColumn(...) with the one that names a row.",
            code="key-rotation",
        )
    return keys[0].name


def _constant(context: str) -> Callable[[Any], str]:
    return lambda _: context
