"""The audit trail: grows only, with its change or not at all, and no tampering goes unseen."""

import json
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.stores.trail import (
    POSTGRES,
    Ed25519Signer,
    Ed25519Verifier,
    Entry,
    HmacSigner,
    Trail,
    TrailError,
    verify_trail,
)
from vallum.stores.trail.entry import GENESIS, canonical, chain_hash

KEY = HmacSigner(Secret("k" * 32))
TRAIL = Trail(clock=lambda: 1_800_000_000.0)


def private_pem(key: Any = None) -> Secret[str]:
    key = key or ed25519.Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Secret(key.private_bytes(*form).decode())


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    """A trail of six entries, sealed at the fourth."""
    connection = sqlite3.connect(tmp_path / "app.sqlite")
    TRAIL.create(connection)
    TRAIL.create(connection)
    connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, admin INTEGER)")
    for number in range(1, 7):
        with connection:
            connection.execute("INSERT INTO users VALUES (?, 0)", (number,))
            entry = Entry(event="account-created", actor="1", subject=f"user:{number}", detail={"n": number})
            assert TRAIL.append(connection, entry) == number
            if number == 4:
                TRAIL.seal(connection, KEY)
    yield connection
    connection.close()


def tamper(connection: sqlite3.Connection, *statements: str) -> None:
    """What somebody does who may do everything to the database."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()


def rewrite(connection: sqlite3.Connection, start: int) -> None:
    """Make every hash from `start` on fit again."""
    names = ("seq", "at", "event", "actor", "subject", "request_id", "detail", "previous")
    (previous,) = connection.execute("SELECT hash FROM vallum_trail WHERE seq = ?", (start - 1,)).fetchone()
    for row in connection.execute(f"SELECT {', '.join(names)} FROM vallum_trail WHERE seq >= {start} ORDER BY seq"):
        members = dict(zip(names, row, strict=True)) | {"previous": previous}
        previous = chain_hash(members)
        connection.execute(
            "UPDATE vallum_trail SET previous = ?, hash = ? WHERE seq = ?", (members["previous"], previous, row[0])
        )
    connection.commit()


def test_an_untouched_trail_is_intact(connection: sqlite3.Connection) -> None:
    report = verify_trail(connection, KEY)
    assert (report.intact, report.rows, report.sealed) == (True, 6, 4)
    assert verify_trail(connection).sealed == 0


def test_the_first_row_continues_nothing(connection: sqlite3.Connection) -> None:
    row = connection.execute("SELECT * FROM vallum_trail WHERE seq = 1").fetchone()
    assert row[:8] == (1, "2027-01-15T08:00:00.000+00:00", "account-created", "1", "user:1", "", '{"n":1}', GENESIS)


def test_an_empty_trail_is_intact() -> None:
    connection = sqlite3.connect(":memory:")
    TRAIL.create(connection)
    assert verify_trail(connection, KEY).intact
    TRAIL.seal(connection, KEY)
    assert verify_trail(connection, KEY).intact
    connection.close()


@pytest.mark.parametrize("table", ["vallum_trail", "vallum_trail_checkpoint"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = ''", "DELETE FROM {}"])
def test_the_tables_only_grow(table: str, statement: str, connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement.format(table))


def test_the_entry_goes_with_its_change(connection: sqlite3.Connection) -> None:
    def fail() -> None:
        with connection:
            connection.execute("UPDATE users SET admin = 1 WHERE id = 2")
            TRAIL.append(connection, Entry(event="rights-changed", actor="1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert connection.execute("SELECT sum(admin) FROM users").fetchone() == (0,)
    assert verify_trail(connection, KEY).rows == 6


def test_outside_of_a_transaction_nothing_is_written(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)
    TRAIL.create(connection)
    with pytest.raises(TrailError, match="outside of a transaction"):
        TRAIL.append(connection, Entry(event="x", actor="1"))
    connection.execute("BEGIN")
    assert TRAIL.append(connection, Entry(event="x", actor="1")) == 1
    connection.execute("COMMIT")
    connection.close()


CHANGES = [
    *(f"UPDATE vallum_trail SET {column} = 'x' WHERE seq = 3" for column in ("at", "event", "actor", "subject")),
    "UPDATE vallum_trail SET request_id = 'x' WHERE seq = 3",
    """UPDATE vallum_trail SET detail = '{"n": 3}' WHERE seq = 3""",
    "UPDATE vallum_trail SET hash = 'x' WHERE seq = 3",
    "UPDATE vallum_trail SET previous = 'x' WHERE seq = 3",
    "DELETE FROM vallum_trail WHERE seq = 3",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_first_bad_row_is_named(change: str, connection: sqlite3.Connection) -> None:
    tamper(connection, change, "UPDATE vallum_trail SET event = 'y' WHERE seq = 5")
    fault = verify_trail(connection).fault
    assert fault is not None
    assert fault.seq == 3


def test_exchanged_rows_are_named(connection: sqlite3.Connection) -> None:
    swap = "UPDATE vallum_trail SET seq = {} WHERE seq = {}"
    tamper(connection, swap.format(99, 2), swap.format(2, 3), swap.format(3, 99))
    fault = verify_trail(connection).fault
    assert fault is not None
    assert (fault.seq, "exchanged" in fault.reason) == (2, True)


def test_a_removed_first_row_is_named(connection: sqlite3.Connection) -> None:
    tamper(connection, "DELETE FROM vallum_trail WHERE seq = 1")
    fault = verify_trail(connection).fault
    assert fault is not None
    assert fault.seq == 1


def test_a_renumbered_removal_is_named(connection: sqlite3.Connection) -> None:
    tamper(connection, "DELETE FROM vallum_trail WHERE seq = 6", "UPDATE vallum_trail SET seq = 6 WHERE seq = 5")
    fault = verify_trail(connection).fault
    assert fault is not None
    assert fault.seq == 5


def test_an_end_cut_off_is_seen_up_to_the_checkpoint(connection: sqlite3.Connection) -> None:
    tamper(connection, "DELETE FROM vallum_trail WHERE seq > 4")
    assert verify_trail(connection, KEY).intact
    tamper(connection, "DELETE FROM vallum_trail WHERE seq > 2")
    fault = verify_trail(connection, KEY).fault
    assert fault is not None
    assert (fault.seq, "the trail ends at 2" in fault.reason) == (3, True)


def test_a_trail_written_anew_does_not_fit_its_checkpoint(connection: sqlite3.Connection) -> None:
    tamper(connection, "UPDATE vallum_trail SET actor = 'x' WHERE seq = 3")
    rewrite(connection, 3)
    fault = verify_trail(connection, KEY).fault
    assert fault is not None
    assert (fault.seq, "rewritten" in fault.reason) == (4, True)


def test_a_forged_checkpoint_has_a_wrong_signature(connection: sqlite3.Connection) -> None:
    tamper(connection, "DELETE FROM vallum_trail_checkpoint")
    TRAIL.seal(connection, HmacSigner(Secret("another key " * 4)))
    connection.commit()
    fault = verify_trail(connection, KEY).fault
    assert fault is not None
    assert "wrong signature" in fault.reason


def test_removed_checkpoints_are_missed_and_kept_copies_count(connection: sqlite3.Connection) -> None:
    copy = TRAIL.seal(connection, KEY)
    tamper(connection, "DELETE FROM vallum_trail_checkpoint")
    fault = verify_trail(connection, KEY).fault
    assert fault is not None
    assert "no checkpoint" in fault.reason
    assert verify_trail(connection, KEY, known=[copy]).sealed == 6
    tamper(connection, "DELETE FROM vallum_trail WHERE seq = 6")
    assert not verify_trail(connection, KEY, known=[copy]).intact


def test_an_auditor_verifies_with_the_public_key(connection: sqlite3.Connection) -> None:
    tamper(connection, "DELETE FROM vallum_trail_checkpoint")
    signer = Ed25519Signer(private_pem())
    copy = TRAIL.seal(connection, signer)
    assert verify_trail(connection, Ed25519Verifier(signer.public_pem)).sealed == 6
    assert verify_trail(connection, signer).intact
    other = ed25519.Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
    assert not verify_trail(connection, Ed25519Signer(private_pem(other))).intact
    assert not verify_trail(connection, KEY).intact
    assert not verify_trail(connection, signer, known=[{**copy, "signature": "no hex"}]).intact


@pytest.mark.parametrize(
    "pem",
    ["", "no pem", private_pem(x25519.X25519PrivateKey.generate()).reveal()],
    ids=["empty", "no-pem", "x25519"],
)
def test_other_keys_are_refused(pem: str) -> None:
    with pytest.raises(ConfigError, match="Ed25519PrivateKey"):
        Ed25519Signer(Secret(pem))
    with pytest.raises(ConfigError, match="Ed25519PublicKey"):
        Ed25519Verifier(pem)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 32"):
        HmacSigner(Secret("short"))


@pytest.mark.parametrize("detail", [{"x": 1.5}, {"x": [1.5]}, {1.5: 1}, {"x": object()}])
def test_values_without_one_form_are_refused(detail: Any, connection: sqlite3.Connection) -> None:
    with pytest.raises(TypeError, match="an entry of the trail holds"):
        TRAIL.append(connection, Entry(event="x", actor="1", detail=detail))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES))
def test_canonical_text_reads_back_and_ignores_the_order(value: dict[str, Any]) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(dict(reversed(value.items()))) == text
    assert text.isascii()


class Recorder:
    """A connection that remembers what it was told."""

    def __init__(self, *, autocommit: bool, status: int) -> None:
        self.said: list[str] = []
        self.autocommit = autocommit
        self.info = SimpleNamespace(transaction_status=status)

    def cursor(self) -> "Recorder":
        return self

    def execute(self, statement: str, parameters: Any = ()) -> None:
        assert statement.count("%s") == len(parameters)
        self.said.append(statement)

    def fetchone(self) -> None:
        return None


def test_postgres_waits_for_other_writers_and_refuses_autocommit() -> None:
    trail, connection = Trail(POSTGRES), Recorder(autocommit=False, status=0)
    trail.create(connection)
    assert "BEFORE UPDATE OR DELETE OR TRUNCATE ON vallum_trail_checkpoint" in connection.said[-1]
    connection.said.clear()
    trail.append(connection, Entry(event="x", actor="1"))
    assert [statement.split("(")[0].split(" ")[0:2] for statement in connection.said] == [
        ["SELECT", "pg_advisory_xact_lock"],
        ["SELECT", "seq,"],
        ["INSERT", "INTO"],
    ]
    with pytest.raises(TrailError):
        trail.append(Recorder(autocommit=True, status=0), Entry(event="x", actor="1"))
    trail.append(Recorder(autocommit=True, status=2), Entry(event="x", actor="1"))
