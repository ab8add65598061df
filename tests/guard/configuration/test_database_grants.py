"""What a real PostgreSQL tells of its accounts: the minimal one passes, every right above it is named."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.configuration.database_grants import DatabaseCheck, ask_postgres

SETUP = """
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int, note text);
CREATE TABLE shop.products (id int, price int);
CREATE TABLE shop.carts (id int);
CREATE ROLE grants_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE grants_other NOLOGIN;
GRANT USAGE ON SCHEMA shop TO grants_app;
GRANT SELECT, INSERT, UPDATE ON shop.orders TO grants_app;
GRANT SELECT ON shop.products TO grants_app;
GRANT DELETE ON shop.carts TO grants_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
"""
CLEAN = "DROP SCHEMA shop CASCADE; DROP OWNED BY grants_app; DROP ROLE grants_app; DROP ROLE grants_other"
TABLES = {"shop.orders": {"SELECT", "INSERT", "UPDATE"}, "shop.products": {"SELECT"}}
DELETES = {"shop.carts": "an emptied cart leaves nothing to audit"}


@pytest.fixture(scope="module")
def database(postgres: Any) -> str:
    return str(postgres.create())


@pytest.fixture
def admin(database: str) -> Iterator[Callable[[str], None]]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SETUP)

        def run(statement: str) -> None:
            connection.execute(statement.encode())

        yield run
        connection.execute(CLEAN)


@pytest.fixture
def codes(database: str) -> Callable[..., list[str]]:
    def run(**settings: Any) -> list[str]:
        url = database.replace("vallum@", "grants_app@")
        chosen = {"tables": TABLES, "deletes": DELETES, **settings}
        return [problem.code for problem in DatabaseCheck(ask_postgres(Secret(url)), **chosen)()]

    return run


def test_the_minimal_account_passes(admin: Any, codes: Callable[..., list[str]]) -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("ALTER ROLE grants_app SUPERUSER", "database-superuser"),
        ("ALTER ROLE grants_app CREATEROLE", "database-superuser"),
        ("ALTER ROLE grants_app CREATEDB", "database-superuser"),
        ("ALTER ROLE grants_app BYPASSRLS", "database-superuser"),
        ("ALTER ROLE grants_other SUPERUSER; GRANT grants_other TO grants_app", "database-superuser"),
        ("GRANT pg_write_all_data TO grants_app", "database-superuser"),
        ("GRANT pg_execute_server_program TO grants_app", "database-superuser"),
        ("GRANT CREATE ON SCHEMA shop TO grants_app", "database-ddl"),
        (
            "DO $$BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO grants_app'; END$$",
            "database-ddl",
        ),
        ("ALTER TABLE shop.products OWNER TO grants_app", "database-owner"),
        ("ALTER TABLE shop.carts OWNER TO grants_other; GRANT grants_other TO grants_app", "database-owner"),
        ("GRANT DELETE ON shop.orders TO grants_app", "database-privilege-unlisted"),
        ("GRANT TRUNCATE ON shop.orders TO grants_app", "database-privilege-unlisted"),
        ("GRANT UPDATE (price) ON shop.products TO grants_app", "database-privilege-unlisted"),
        ("GRANT SELECT ON shop.carts TO PUBLIC", "database-privilege-unlisted"),
        ("GRANT TRIGGER ON shop.products TO grants_app", "database-privilege-unlisted"),
    ],
)
def test_every_right_above_it_is_named(
    admin: Callable[[str], None], codes: Callable[..., list[str]], statement: str, code: str
) -> None:
    admin(statement)
    assert codes() == [code]


def test_an_unlisted_table_is_named(admin: Any, codes: Callable[..., list[str]]) -> None:
    assert codes(tables={"shop.orders": {"SELECT", "INSERT", "UPDATE"}}) == ["database-privilege-unlisted"]
    assert codes(deletes={}) == ["database-privilege-unlisted"]


def test_names_without_a_schema_are_of_public() -> None:
    rows: dict[str, list[tuple[str, ...]]] = {"VALUES": [("public", "orders", "SELECT")]}
    check = DatabaseCheck(lambda statement: rows["VALUES"] if "VALUES" in statement else [], {"orders": {"SELECT"}})
    assert check() == []


@pytest.mark.parametrize(
    "settings",
    [{"tables": {"orders": {"DELETE"}}}, {"tables": {"orders": "SELECT"}}, {"deletes": {"orders": " "}}],
)
def test_a_list_that_says_too_much_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        DatabaseCheck(lambda _: [], **settings)
