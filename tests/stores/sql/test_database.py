"""The databases themselves: URLs, files, versions, failures."""

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from vallum.base.errors import ConfigError
from vallum.stores.sql.accounts import SqlAccounts
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.schema import STEPS
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase
from vallum.stores.sql.urls import open_database
from vallum.stores.sqlite import SqliteSessions

TABLES = [
    f"vallum_{name}"
    for name in (
        "account",
        "api_key",
        "cell",
        "factor",
        "grant",
        "link",
        "proof",
        "refresh",
        "refresh_family",
        "revocation",
        "schema",
        "session",
    )
]


def tables(database: Any) -> list[str]:
    rows = database.select("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [row[0] for row in rows]


def test_a_file_needs_no_setting_up(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'a'}")
    assert tables(database) == TABLES
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert database.find("PRAGMA journal_mode") == ("wal",)
    database.close()
    again = open_database(f"sqlite:///{tmp_path / 'a'}")
    assert again.select("SELECT version_num FROM vallum_schema") == [(max(STEPS),)]
    again.close()


def test_a_relative_path_has_three_slashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_database("sqlite:///here.sqlite").close()
    assert (tmp_path / "here.sqlite").exists()


def test_many_workers_open_a_new_file_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: SqliteDatabase(tmp_path / "a"), range(8)))
    for database in opened:
        assert tables(database) == TABLES
        database.close()


def test_a_file_of_sessions_only_is_completed(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a") as old:
        old.execute(
            "CREATE TABLE vallum_session (digest BLOB PRIMARY KEY, actor_id TEXT NOT NULL, roles TEXT NOT NULL,"
            " created REAL NOT NULL, seen REAL NOT NULL, idle_seconds REAL NOT NULL, deadline REAL NOT NULL,"
            " address TEXT NOT NULL, agent TEXT NOT NULL, data TEXT NOT NULL) STRICT, WITHOUT ROWID"
        )
        old.execute("INSERT INTO vallum_session VALUES (x'aa', 'ada', '[]', 1, 1, 9, 99, '', '', '{}')")
    old.close()
    store = SqliteSessions(tmp_path / "a")
    found = store.read(b"\xaa", 2)
    assert found is not None
    assert found.actor_id == "ada"
    assert tables(store.database) == TABLES
    store.close()


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "a")
    database.write("UPDATE vallum_schema SET version_num = '9999'")
    database.close()
    with pytest.raises(ConfigError, match="9999"):
        SqliteDatabase(tmp_path / "a")


def test_only_a_touch_may_be_lost_in_a_power_cut(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "a")
    sync = lambda: database._writer.execute("PRAGMA synchronous").fetchone()[0]  # noqa: E731 - one word for three uses
    SqlAccounts(database).delete("x")
    assert sync() == 2, "FULL"
    SqlSessions(database).touch(b"x", 1.0)
    assert sync() == 1, "NORMAL"
    with database.begin():
        assert sync() == 2
    database.close()


def test_other_broken_rules_than_uniqueness_are_errors(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "a")
    with pytest.raises(sqlite3.IntegrityError):
        database.write("INSERT INTO vallum_revocation VALUES ('a', NULL)")
    database.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "a")

    def fail() -> None:
        with database.begin() as work:
            work.write("INSERT INTO vallum_revocation VALUES ('a', 1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert database.find("SELECT count(*) FROM vallum_revocation") == (0,)
    database.close()


def test_the_reading_connection_does_not_write(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "a")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.find("DELETE FROM vallum_session")
    database.close()


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///", "sqlite://host/file", "mysql://u:hunter2@h/x", "file.sqlite", "postgres"]
)
def test_other_urls_are_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ConfigError, match="SQLite or PostgreSQL") as raised:
        open_database(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgres_under_its_names(postgres: Any, scheme: str) -> None:
    url = postgres.empty().replace("postgresql", scheme)
    database = open_database(url)
    assert database.find("SELECT 1") == (1,)
    database.close()
    database.close()
    assert database.find("SELECT 2") == (2,), "a closed one opens again when it is used"
    database.close()


def test_postgres_without_tables_says_what_to_run(postgres: Any) -> None:
    database = PostgresDatabase(postgres.create(), wait_seconds=20)
    with pytest.raises(ConfigError, match="vallum db upgrade"):
        SqlSessions(database).read(b"x", 1.0)
    database.close()


def test_postgres_that_is_not_there_is_an_error_soon() -> None:
    database = PostgresDatabase("postgresql://127.0.0.1:1/x", wait_seconds=0.2)
    with pytest.raises(psycopg.OperationalError):
        database.find("SELECT 1")
    database.close()


def test_postgres_without_prepared_statements(postgres: Any) -> None:
    database = PostgresDatabase(postgres.empty(), prepared=False, wait_seconds=20)
    assert [database.find("SELECT 1") for _ in range(9)] == [(1,)] * 9
    assert database.select("SELECT name FROM pg_prepared_statements") == []
    database.close()


def test_a_touch_in_postgres_waits_for_no_disk(postgres: Any) -> None:
    database = PostgresDatabase(postgres.create(), wait_seconds=20)
    database.write("CREATE TABLE seen (word TEXT)")
    database.write("INSERT INTO seen SELECT current_setting('synchronous_commit')", durable=False)
    database.write("INSERT INTO seen SELECT current_setting('synchronous_commit')")
    assert database.select("SELECT word FROM seen") == [("off",), ("on",)]
    database.close()


def test_postgres_says_what_to_install() -> None:
    # In an interpreter of its own: a module that is loaded anew has other classes than those that tests hold.
    code = "import sys; sys.modules['psycopg_pool'] = None; import vallum.stores.sql.postgres"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigError" in done.stderr
    assert "pip install" in done.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM vallum_account WHERE login = 'x'",
        "SELECT 1 FROM vallum_account WHERE email = 'x' AND email <> ''",
        "SELECT 1 FROM vallum_session WHERE digest = x'00'",
        "SELECT 1 FROM vallum_session WHERE actor_id = 'x'",
        "DELETE FROM vallum_session WHERE deadline <= 1",
        "DELETE FROM vallum_proof WHERE deadline <= 1",
        "DELETE FROM vallum_proof WHERE account_id = 'x'",
        "SELECT 1 FROM vallum_factor WHERE account_id = 'x'",
        "SELECT 1 FROM vallum_link WHERE account_id = 'x'",
        "SELECT 1 FROM vallum_link WHERE issuer = 'x' AND subject = 'y'",
        "DELETE FROM vallum_refresh_family WHERE account_id = 'x'",
        "DELETE FROM vallum_revocation WHERE ends <= 1",
    ],
)
def test_no_look_up_walks_a_table(tmp_path: Path, statement: str) -> None:
    database = SqliteDatabase(tmp_path / "a")
    plan = " ".join(str(row[3]) for row in database._writer.execute(f"EXPLAIN QUERY PLAN {statement}"))
    assert "SEARCH" in plan
    assert "SCAN" not in plan
    database.close()
