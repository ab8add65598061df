"""Tables made and stamped by Alembic, by `vallum db upgrade`, and by opening a SQLite file: all the same."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory

from vallum.base.errors import ConfigError, UsageError
from vallum.cli.main import main
from vallum.stores.migrations import print_upgrade, upgrade_database
from vallum.stores.sql.schema import STEPS
from vallum.stores.sql.sqlite import SqliteDatabase

COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY table_name, column_name
"""


def columns(url: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(COLUMNS).fetchall()


def schema(path: Path) -> list[Any]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%schema%' ORDER BY name")
    found = [(name, " ".join((sql or "").replace("IF NOT EXISTS ", "").split())) for name, sql in rows]
    versions = connection.execute("SELECT version_num FROM vallum_schema").fetchall()
    connection.close()
    return [*found, versions]


def test_an_upgrade_may_be_repeated_and_is_stamped(postgres: Any) -> None:
    url = postgres.create()
    assert upgrade_database(url) == max(STEPS)
    before = columns(url)
    assert upgrade_database(url) == max(STEPS)
    assert columns(url) == before
    assert len({row[0] for row in before}) == 12


def test_several_upgrades_at_once_take_turns(postgres: Any) -> None:
    url = postgres.create()
    with ThreadPoolExecutor(2) as pool:
        processes = list(pool.map(lambda _: run_upgrade(url), range(2)))
    assert processes == [0, 0]
    assert len(columns(url)) > 50


def run_upgrade(url: str) -> int:
    """In a process of its own, for Alembic keeps its context in the process."""
    command = [sys.executable, "-m", "vallum.cli", "db", "upgrade", "--url", url]
    return subprocess.run(command, check=False, capture_output=True).returncode


def test_the_printed_sql_makes_the_same_tables(postgres: Any, tmp_path: Path) -> None:
    made, printed = postgres.create(), postgres.create()
    upgrade_database(made)
    with psycopg.connect(printed) as connection:
        connection.execute(print_upgrade(printed).encode())
    assert columns(printed) == columns(made)
    assert upgrade_database(printed) == max(STEPS), "it was stamped too"


def test_sqlite_is_the_same_opened_or_printed(tmp_path: Path) -> None:
    SqliteDatabase(tmp_path / "opened").close()
    connection = sqlite3.connect(tmp_path / "printed")
    connection.executescript(print_upgrade("sqlite:///x"))
    connection.close()
    assert schema(tmp_path / "printed") == schema(tmp_path / "opened")
    SqliteDatabase(tmp_path / "printed").close()


def test_each_step_has_its_script() -> None:
    scripts = ScriptDirectory(str(Path(__file__).parents[3] / "src" / "vallum" / "stores" / "migrations"))
    assert [script.revision for script in scripts.walk_revisions()] == sorted(STEPS, reverse=True)


def test_the_command(
    postgres: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["db", "upgrade", "--url", postgres.create()]) == 0
    monkeypatch.setenv("VALLUM_DATABASE", f"sqlite:///{tmp_path / 'a'}")
    assert main(["db", "upgrade"]) == 0
    assert capsys.readouterr().out == f"The tables are at step {max(STEPS)}.\n" * 2
    assert (tmp_path / "a").exists()
    assert main(["db", "upgrade", "--sql"]) == 0
    assert "CREATE TABLE vallum_account" in capsys.readouterr().out


def test_the_command_asks_for_a_database(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VALLUM_DATABASE", raising=False)
    assert main(["db", "upgrade"]) == 2
    assert "VALLUM_DATABASE" in capsys.readouterr().err


def test_a_server_that_is_down_and_a_strange_url_are_misuse() -> None:
    with pytest.raises(UsageError, match="cannot be reached") as raised:
        upgrade_database("postgresql://u:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(raised.value)
    with pytest.raises(ConfigError, match="SQLite or PostgreSQL"):
        print_upgrade("oracle://x")


def test_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "alembic.config", None)
    with pytest.raises(ConfigError, match="pip install"):
        print_upgrade("sqlite:///x")
