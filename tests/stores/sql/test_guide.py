"""docs/identity-stores.md as printed there: the examples run, and a table of users is adopted."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest

from vallum.base.errors import ConfigError
from vallum.stores.accounts import AccountRecord, AccountStore
from vallum.stores.sql.accounts import AccountTable, SqlAccounts
from vallum.stores.sql.postgres import PostgresDatabase

GUIDE = (Path(__file__).parents[3] / "docs" / "identity-stores.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?```python\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE))
ALTER = re.search(r"```sql\n(.*?)```", GUIDE, re.DOTALL)
USERS = """
CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT NOT NULL, mail TEXT, password_hash TEXT,
  enabled {flag} NOT NULL, joined DOUBLE PRECISION NOT NULL, shoe_size INTEGER DEFAULT 42);
INSERT INTO users VALUES (1, 'ada', 'ada@example.org', 'hash', {true}, 7.5, 38);
INSERT INTO users VALUES (2, 'bob', NULL, NULL, {false}, 8.5, 47);
"""


def run(title: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(EXAMPLES[title], f"{title}.py", "exec"), names)
    return names


def test_the_default_needs_no_setting_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = run("SQLite")
    assert names["accounts"].create(AccountRecord(id="1", login="ada", created=1.0))
    assert names["sessions"].purge(1.0) == names["proofs"].purge(1.0) == 0
    names["database"].close()


def adopt(accounts: AccountStore) -> None:
    assert accounts.find("1") == accounts.find_login("ada") == accounts.find_email("ada@example.org")
    assert accounts.find("1") == AccountRecord(
        id="1", login="ada", email="ada@example.org", password="hash", created=7.5
    )
    bob = accounts.find("2")
    assert bob is not None
    assert (bob.is_active, bob.email, bob.password) == (False, "", "")
    assert accounts.find("one") is None
    assert accounts.change("2", 0, bump=True, is_active=True, roles=("writer",), email="bob@example.org")
    assert not accounts.change("2", 0, is_active=False)
    assert not accounts.change("2", 1, email="ada@example.org")
    assert accounts.create(AccountRecord(id="3", login="eve", created=9.0))
    assert not accounts.create(AccountRecord(id="4", login="eve", created=9.0))
    assert accounts.delete("1")
    found = accounts.find_email("bob@example.org")
    assert found is not None
    assert (found.id, found.roles, found.epoch, found.version, found.is_active) == ("2", ("writer",), 1, 1, True)


def test_a_table_of_users_is_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ALTER is not None
    with sqlite3.connect("shop.sqlite") as shop:
        shop.executescript(USERS.format(flag="INTEGER", true="1", false="0") + ALTER[1])
    names = run("Your own table of users")
    adopt(names["accounts"])
    assert shop.execute("SELECT shoe_size FROM users ORDER BY user_id").fetchall() == [(47,), (42,)]
    shop.close()


def test_a_table_of_users_is_adopted_in_postgres(postgres: Any) -> None:
    assert ALTER is not None
    url = postgres.create()
    with psycopg.connect(url) as shop:
        shop.execute("CREATE SCHEMA shop")
        shop.execute("SET search_path TO shop")
        shop.execute((USERS.format(flag="BOOLEAN", true="true", false="false") + ALTER[1]).encode())
    database = PostgresDatabase(url, wait_seconds=20)
    names = {"table": "shop.users", "id": "user_id", "login": "username", "email": "mail", "password": "password_hash"}
    adopt(SqlAccounts(database, AccountTable(**names, is_active="enabled", created="joined", to_id=int, to_flag=bool)))
    database.close()


@pytest.mark.parametrize("name", ['x" --', "", "a.b.c.", "ü", "x" * 64, "1a"])
def test_only_names_are_names(name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        AccountTable(table=name)
    with pytest.raises(ConfigError, match="name"):
        AccountTable(login=name)
