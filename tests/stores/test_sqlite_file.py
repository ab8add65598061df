"""A new file that many processes open at once; SQLite by itself answers some of them "database is locked"."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from vallum.stores.sqlite_file import open_shared

OPENERS = """
import multiprocessing, pathlib, sqlite3
from vallum.stores.sqlite_file import open_shared

def work(barrier, answers, place):
    barrier.wait(timeout=60)
    try:
        open_shared(place, "CREATE TABLE IF NOT EXISTS t (a);", 30.0)
        answers.put("opened")
    except sqlite3.Error as error:
        answers.put(repr(error))

context = multiprocessing.get_context("fork")
for number in range(15):
    barrier, answers = context.Barrier(8), context.Queue()
    place = pathlib.Path({folder!r}) / str(number)
    workers = [context.Process(target=work, args=(barrier, answers, place), daemon=True) for _ in range(8)]
    [worker.start() for worker in workers]
    print(*[answers.get(timeout=60) for _ in workers])
    [worker.join(60) for worker in workers]
"""


def test_eight_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    code = OPENERS.format(folder=str(tmp_path))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=180)
    assert ran.stdout.split() == ["opened"] * 8 * 15


def test_file_that_stays_locked_is_an_error(tmp_path: Path) -> None:
    place = tmp_path / "limits.sqlite"
    holder = sqlite3.connect(place, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        open_shared(place, "", 0.0)
    holder.close()


def test_wrong_schema_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="syntax"):
        open_shared(tmp_path / "limits.sqlite", "CREATE NONSENSE;", 30.0)


def test_file_is_its_owners_alone_and_in_wal_mode(tmp_path: Path) -> None:
    connection = open_shared(tmp_path / "limits.sqlite", "", 1.0)
    assert stat.S_IMODE((tmp_path / "limits.sqlite").stat().st_mode) == 0o600
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
