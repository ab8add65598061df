"""Every store on every back end: memory, a SQLite file, a real PostgreSQL, a real Valkey."""

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.api_keys import MemoryApiKeys
from vallum.stores.memory.cells import MemoryCells
from vallum.stores.memory.factors import MemoryFactors
from vallum.stores.memory.grants import MemoryGrants
from vallum.stores.memory.links import MemoryLinks
from vallum.stores.memory.proofs import MemoryProofs
from vallum.stores.memory.refresh import MemoryRefresh
from vallum.stores.memory.revocations import MemoryRevocations
from vallum.stores.memory.sessions import MemorySessions
from vallum.stores.sql.accounts import SqlAccounts
from vallum.stores.sql.api_keys import SqlApiKeys
from vallum.stores.sql.cells import SqlCells
from vallum.stores.sql.factors import SqlFactors
from vallum.stores.sql.grants import SqlGrants
from vallum.stores.sql.links import SqlLinks
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.proofs import SqlProofs
from vallum.stores.sql.refresh import SqlRefresh
from vallum.stores.sql.revocations import SqlRevocations
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase
from vallum.stores.valkey.cells import ValkeyCells
from vallum.stores.valkey.proofs import ValkeyProofs
from vallum.stores.valkey.refresh import ValkeyRefresh
from vallum.stores.valkey.revocations import ValkeyRevocations
from vallum.stores.valkey.sessions import ValkeySessions

SQL_ONLY = ("memory", "sqlite", "postgres")
EVERYWHERE = (*SQL_ONLY, "valkey")
MEMORY: dict[str, Callable[[], Any]] = {
    "sessions": MemorySessions,
    "accounts": MemoryAccounts,
    "proofs": MemoryProofs,
    "factors": MemoryFactors,
    "refresh": MemoryRefresh,
    "revocations": lambda: MemoryRevocations(MemoryAccounts()),
    "links": MemoryLinks,
    "grants": MemoryGrants,
    "api_keys": MemoryApiKeys,
    "cells": MemoryCells,
}
SQL: dict[str, Callable[[Any], Any]] = {
    "sessions": SqlSessions,
    "accounts": SqlAccounts,
    "proofs": SqlProofs,
    "factors": SqlFactors,
    "refresh": SqlRefresh,
    "revocations": SqlRevocations,
    "links": SqlLinks,
    "grants": SqlGrants,
    "api_keys": SqlApiKeys,
    "cells": SqlCells,
}
VALKEY: dict[str, Callable[..., Any]] = {
    "sessions": ValkeySessions,
    "proofs": ValkeyProofs,
    "refresh": ValkeyRefresh,
    "cells": ValkeyCells,
    "revocations": lambda server, prefix: ValkeyRevocations(server, MemoryAccounts(), prefix=prefix),
}
PREFIXES = (f"test{number}" for number in itertools.count())
ROUNDS = 100 if settings.default.max_examples > 1000 or "VALLUM_ROUNDS" in os.environ else 3
"""Of each race: a few by day, a hundred in the nightly run."""
PARALLEL = 50


@pytest.fixture
def database(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[Any]:
    """The SQL database of a test; None for a kind that has none."""
    if kind == "sqlite":
        opened: Any = SqliteDatabase(tmp_path / "stores.sqlite")
    elif kind == "postgres":
        opened = PostgresDatabase(request.getfixturevalue("postgres").empty(), wait_seconds=20)
    else:
        opened = None
    yield opened
    if opened is not None:
        opened.close()


@pytest.fixture
def make(request: pytest.FixtureRequest, kind: str, database: Any) -> Iterator[Callable[[str], Any]]:
    """`make(name)` builds a store of the kind; all of a test share one database or server."""
    if kind == "memory":
        yield lambda name: MEMORY[name]()
    elif kind == "valkey":
        server = f"unix://{request.getfixturevalue('valkey').unix_socket_path}"
        opened: list[Any] = []
        prefix = next(PREFIXES)

        def build(name: str) -> Any:
            opened.append(VALKEY[name](server, prefix=prefix))
            return opened[-1]

        yield build
        for store in opened:
            store.close()
    else:
        yield lambda name: SQL[name](database)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on all kinds that have its store: Valkey keeps no accounts, factors, links, grants, API keys."""
    if "kind" in metafunc.fixturenames and not any("kind" in mark.args[0] for mark in marks(metafunc)):
        everywhere = not {"accounts", "factors", "links", "grants", "api_keys"} & set(metafunc.fixturenames)
        metafunc.parametrize("kind", EVERYWHERE if everywhere else SQL_ONLY)


def marks(metafunc: pytest.Metafunc) -> list[pytest.Mark]:
    return list(metafunc.definition.iter_markers("parametrize"))


@pytest.fixture
def sessions(make: Callable[[str], Any]) -> Any:
    return make("sessions")


@pytest.fixture
def accounts(make: Callable[[str], Any]) -> Any:
    return make("accounts")


@pytest.fixture
def proofs(make: Callable[[str], Any]) -> Any:
    return make("proofs")


@pytest.fixture
def factors(make: Callable[[str], Any]) -> Any:
    return make("factors")


@pytest.fixture
def refresh(make: Callable[[str], Any]) -> Any:
    return make("refresh")


@pytest.fixture
def revocations(make: Callable[[str], Any]) -> Any:
    return make("revocations")


@pytest.fixture
def links(make: Callable[[str], Any]) -> Any:
    return make("links")


@pytest.fixture
def grants(make: Callable[[str], Any]) -> Any:
    return make("grants")


@pytest.fixture
def api_keys(make: Callable[[str], Any]) -> Any:
    return make("api_keys")


@pytest.fixture
def cells(make: Callable[[str], Any]) -> Any:
    return make("cells")


@pytest.fixture(scope="session")
def crowd() -> Iterator[Callable[[Callable[[int], Any]], list[Any]]]:
    """`crowd(use)` has fifty threads call `use` at once and returns what each got."""
    with ThreadPoolExecutor(PARALLEL) as pool:

        def run(use: Callable[[int], Any]) -> list[Any]:
            start = threading.Barrier(PARALLEL)

            def enter(number: int) -> Any:
                start.wait()
                return use(number)

            return list(pool.map(enter, range(PARALLEL)))

        yield run


@pytest.fixture(scope="session")
def rounds() -> int:
    return ROUNDS
