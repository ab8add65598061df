"""Rotation of the keys of sealed columns: whole, stoppable at any moment, never twice, beside a running app."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, event, insert, select, text

from vallum.base.errors import ConfigError
from vallum.guard.crypto.sealing import SealedBox, generate_field_key
from vallum.guard.data.encrypted_columns import EncryptedText
from vallum.guard.data.key_rotation import KeyRotation, RotationStoppedError, SealedColumn, columns_of
from vallum.guard.logging.events import Event
from vallum.stores.trail import SQLITE, Trail, verify_trail

OLD, NEW = generate_field_key(), generate_field_key()
BEFORE, BOTH, AFTER = (SealedBox.from_secrets(keys) for keys in ([OLD], [NEW, OLD], [NEW]))
KILLS = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 2


def people(box: SealedBox) -> Table:
    return Table(
        "people",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("iban", EncryptedText(box, "people.iban")),
        Column("phone", EncryptedText(box, "people.phone")),
        Column("name", String),
    )


def fill(engine: Engine, count: int) -> None:
    table = people(BEFORE)
    table.metadata.create_all(engine)
    rows = [{"iban": f"DE{row}", "phone": None if row % 3 else f"+{row}", "name": "x"} for row in range(count)]
    with engine.begin() as connection:
        connection.execute(insert(table), rows)


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        found = create_engine(f"sqlite:///{tmp_path}/shop.sqlite")
    else:
        url = request.getfixturevalue("postgres").create()
        found = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    yield found
    found.dispose()


def read(engine: Engine, box: SealedBox) -> list[tuple[str, str | None]]:
    table = people(box)
    with engine.connect() as connection:
        return [(row.iban, row.phone) for row in connection.execute(select(table).order_by(table.c.id))]


def test_every_row_is_under_the_new_key_and_says_the_same(engine: Engine) -> None:
    fill(engine, 25)
    before = read(engine, BEFORE)
    events: list[Event] = []
    steps: list[tuple[str, int, int]] = []
    rotation = KeyRotation(engine, columns_of(people(BOTH).metadata), batch=10, sink=events.append)
    report = rotation.run(lambda *step: steps.append(step))
    assert (report.seen, report.sealed, report.is_whole) == (34, 34, True)
    assert read(engine, AFTER) == before
    assert steps == [("people.iban", 10, 25), ("people.iban", 20, 25), ("people.iban", 25, 25), ("people.phone", 9, 9)]
    assert [(event.name, event.detail["column"]) for event in events] == [
        ("keys-rotated", "people.iban"),
        ("keys-rotated", "people.phone"),
    ]


def test_a_second_run_changes_nothing(engine: Engine) -> None:
    fill(engine, 7)
    rotation = KeyRotation(engine, columns_of(people(BOTH).metadata))
    rotation.run()
    stored = raw(engine)
    report = rotation.run()
    assert (report.seen, report.sealed) == (10, 0)
    assert raw(engine) == stored


def raw(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT id, iban, phone FROM people ORDER BY id")))


@pytest.mark.parametrize("count", [0, 1, 10, 20])
def test_a_number_of_rows_that_fills_the_batches(engine: Engine, count: int) -> None:
    fill(engine, count) if count else people(BEFORE).metadata.create_all(engine)
    assert KeyRotation(engine, columns_of(people(BOTH).metadata), batch=10).run().is_whole
    assert len(read(engine, AFTER)) == count


def test_a_row_that_the_app_changes_meanwhile_keeps_what_the_app_wrote(engine: Engine) -> None:
    fill(engine, 3)
    written = BEFORE.encrypt_text("the app's", context="people.iban")
    table = people(BOTH)

    overtaken: list[int] = []

    def listen(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE people SET iban=") and not overtaken:
            overtaken.append(2)
            connection.exec_driver_sql(f"UPDATE people SET iban = '{written}' WHERE id = 2")

    event.listen(engine, "before_cursor_execute", listen)
    rotation = KeyRotation(engine, columns_of(table.metadata))
    report = rotation.run()
    assert report.overtaken == 1
    assert not report.is_whole
    assert rotation.run().is_whole
    assert read(engine, AFTER)[1][0] == "the app's"


def test_a_row_that_no_key_opens_is_named_and_the_rest_is_kept(engine: Engine) -> None:
    fill(engine, 6)
    with engine.begin() as connection:
        stranger = SealedBox.from_secrets([generate_field_key()]).encrypt_text("x", context="people.iban")
        connection.execute(text("UPDATE people SET iban = :value WHERE id = 5"), {"value": stranger})
    with pytest.raises(RotationStoppedError, match=r"people\.iban: the value of the row 5 ") as caught:
        KeyRotation(engine, columns_of(people(BOTH).metadata), batch=2).run()
    assert stranger not in str(caught.value)
    with engine.connect() as connection:
        stored = [row.iban for row in connection.execute(text("SELECT iban FROM people ORDER BY id"))]
    assert [BOTH.needs_rotation(value) for value in stored] == [False] * 4 + [True] * 2


def test_contexts_of_rows_and_another_key_column(engine: Engine) -> None:
    people(BEFORE).metadata.create_all(engine)
    with engine.begin() as connection:
        for name in ("ada", "bob"):
            sealed = BEFORE.encrypt_text(f"of {name}", context=f"iban:{name}")
            values = {"name": name, "iban": sealed}
            connection.execute(text("INSERT INTO people (name, iban) VALUES (:name, :iban)"), values)
    column = SealedColumn(table="people", column="iban", box=BOTH, context=lambda row: f"iban:{row}", key="name")
    assert KeyRotation(engine, [column], batch=1).run().sealed == 2
    stored = raw(engine)
    assert [
        AFTER.decrypt_text(row[1], context=f"iban:{name}") for row, name in zip(stored, ("ada", "bob"), strict=True)
    ] == [
        "of ada",
        "of bob",
    ]


def test_the_trail_gets_an_entry_in_the_last_transaction(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.sqlite")
    fill(engine, 5)
    trail = Trail(SQLITE)
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        trail.create(connection)
    connection.close()
    KeyRotation(engine, columns_of(people(BOTH).metadata), trail=trail).run()
    engine.dispose()
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        rows = connection.execute("SELECT event, subject, detail FROM vallum_trail ORDER BY seq").fetchall()
        assert verify_trail(connection).fault is None
    connection.close()
    assert [(row[0], row[1]) for row in rows] == [("keys-rotated", "people.iban"), ("keys-rotated", "people.phone")]
    assert '"sealed":5' in rows[0][2].replace(" ", "")


CHILD = """
import sys
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine
from vallum.base.secret import Secret
from vallum.guard.crypto.sealing import SealedBox
from vallum.guard.data.encrypted_columns import EncryptedText
from vallum.guard.data.key_rotation import KeyRotation, columns_of

path, old, new = sys.argv[1:]
box = SealedBox.from_secrets([Secret(new), Secret(old)])
table = Table("people", MetaData(), Column("id", Integer, primary_key=True),
              Column("iban", EncryptedText(box, "people.iban")), Column("phone", EncryptedText(box, "people.phone")))


def tell(*_):
    sys.stdout.write(".")
    sys.stdout.flush()


KeyRotation(create_engine(f"sqlite:///{path}"), columns_of(table.metadata), batch=20).run(tell)
"""


def test_a_kill_at_any_moment_loses_nothing_and_the_next_run_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    fill(engine, 1500)
    before = read(engine, BEFORE)
    chance = random.Random(7)
    keys = [OLD, NEW]
    for _ in range(KILLS):
        command = [sys.executable, "-c", CHILD, str(path), keys[0].reveal(), keys[1].reveal()]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.read(chance.randrange(1, 80))
            child.send_signal(signal.SIGKILL)
        ring = SealedBox.from_secrets(reversed(keys))
        assert read(engine, ring) == before  # a value sealed twice would read as a sealed value
        stored = [value for row in raw(engine) for value in row[1:] if value is not None]
        left = sum(map(ring.needs_rotation, stored))
        report = KeyRotation(engine, columns_of(people(ring).metadata)).run()
        assert report.sealed == left > 0
        assert read(engine, SealedBox.from_secrets([keys[1]])) == before
        keys = [keys[1], generate_field_key()]
    engine.dispose()


def test_no_step_holds_more_than_a_batch(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.sqlite")
    fill(engine, 500)
    sizes: list[int] = []

    def count(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        if statement.startswith("UPDATE"):
            sizes.append(len(parameters))

    event.listen(engine, "before_cursor_execute", count)
    KeyRotation(engine, columns_of(people(BOTH).metadata), batch=50).run()
    engine.dispose()
    assert max(sizes) <= 50


def test_what_cannot_be_rotated_is_refused(engine: Engine) -> None:
    both = Table("pairs", MetaData(), Column("a", Integer, primary_key=True), Column("b", Integer, primary_key=True))
    both.append_column(Column("iban", EncryptedText(BOTH, "pairs.iban")))
    with pytest.raises(ConfigError, match="pairs has 2 columns"):
        columns_of(both.metadata)
    with pytest.raises(ConfigError, match="a rotation needs"):
        KeyRotation(engine, [])
    with pytest.raises(ConfigError, match="a rotation needs"):
        KeyRotation(engine, columns_of(people(BOTH).metadata), batch=0)
