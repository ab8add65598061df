"""The roles of an application on a real PostgreSQL: each may do what the plan says, and is refused the rest."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Column, Identity, Integer, MetaData, String, Table, create_engine, text
from sqlalchemy.exc import DatabaseError

from vallum.base.errors import ConfigError
from vallum.guard.configuration.database_grants import ask_postgres
from vallum.guard.configuration.database_roles import RolePlan, set_actor

METADATA = MetaData()
Table("orders", METADATA, Column("id", Integer, primary_key=True), Column("owner_id", String), Column("note", String))
Table("products", METADATA, Column("id", Integer, Identity(), primary_key=True), Column('odd "name"', String))
Table("carts", METADATA, Column("id", Integer, primary_key=True, autoincrement=False))
Table("entries", METADATA, Column("id", Integer, primary_key=True), schema="books")
PLAN = RolePlan(
    METADATA,
    runtime="roles_app",
    migration="roles_migrate",
    tables={"products": {"SELECT"}},
    deletes={"carts": "an emptied cart leaves nothing to audit"},
    row_security={"orders": "owner_id"},
)
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def database(postgres: Any) -> Iterator[str]:
    url = str(postgres.create())
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA books"))
        METADATA.create_all(connection)
    engine.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(PLAN.render().encode())
        connection.execute(PLAN.render().encode())  # as after each migration
        yield url
        connection.execute("DROP OWNED BY roles_app, roles_migrate CASCADE; DROP ROLE roles_app, roles_migrate")


def act(database: str, role: str, statement: str) -> Any:
    with psycopg.connect(database.replace("vallum@", f"{role}@")) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM products",
        "INSERT INTO carts VALUES (1)",
        "DELETE FROM carts",
        "INSERT INTO books.entries DEFAULT VALUES",
        "UPDATE books.entries SET id = id",
    ],
)
def test_the_runtime_role_does_its_work(database: str, statement: str) -> None:
    act(database, "roles_app", statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO products DEFAULT VALUES",
        "UPDATE products SET id = 1",
        "DELETE FROM orders",
        "DELETE FROM books.entries",
        "TRUNCATE carts",
        "CREATE TABLE mine (id int)",
        "CREATE TABLE books.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (id int)",
        "ALTER TABLE orders ADD COLUMN more int",
        "DROP TABLE carts",
        "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
        "CREATE ROLE friend",
        "SET ROLE roles_migrate",
    ],
)
def test_the_runtime_role_is_refused_the_rest(database: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        act(database, "roles_app", statement)


def test_the_migration_role_defines_tables_and_makes_no_roles(database: str) -> None:
    act(database, "roles_migrate", "ALTER TABLE orders ADD COLUMN IF NOT EXISTS more int")
    for statement in ("CREATE ROLE friend", "CREATE DATABASE other", "ALTER ROLE roles_app SUPERUSER"):
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ActiveSqlTransaction)):
            act(database, "roles_migrate", statement)


def test_what_the_migration_role_makes_is_closed_until_the_plan_names_it(database: str) -> None:
    act(database, "roles_migrate", "CREATE TABLE later (id int)")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            act(database, "roles_app", "SELECT 1 FROM later")
    finally:
        act(database, "roles_migrate", "DROP TABLE later")


def test_rows_are_seen_by_their_owner_only(database: str) -> None:
    engine = create_engine(database.replace("postgresql://vallum@", "postgresql+psycopg://roles_app@"))
    for actor in ("ada", "bob"):
        with engine.begin() as connection:
            set_actor(connection, actor)
            connection.execute(text("INSERT INTO orders (owner_id, note) VALUES (:actor, 'milk')"), {"actor": actor})
    with engine.begin() as connection:
        set_actor(connection, "ada")
        assert connection.execute(text("SELECT owner_id FROM orders")).scalars().all() == ["ada"]
        assert connection.execute(text("UPDATE orders SET note = 'bread'")).rowcount == 1
    with engine.begin() as connection:  # whoever does not say for whom sees nothing
        assert connection.execute(text("SELECT owner_id FROM orders")).scalars().all() == []
    with engine.connect() as connection:
        set_actor(connection, "ada")
        with pytest.raises(DatabaseError, match="row-level security"):
            connection.execute(text("INSERT INTO orders (owner_id) VALUES ('bob')"))
    engine.dispose()


def test_the_check_finds_what_was_granted_besides_and_rows_that_were_opened(database: str) -> None:
    runtime = ask_postgres(database.replace("vallum@", "roles_app@"))
    assert PLAN.check(runtime) == []
    act(database, "vallum", "GRANT DELETE ON orders TO roles_app")
    act(database, "vallum", "ALTER TABLE orders DISABLE ROW LEVEL SECURITY")
    codes = [problem.code for problem in PLAN.check(runtime)]
    assert codes == ["database-privilege-unlisted", "row-security-off"]
    act(database, "vallum", PLAN.render())
    assert PLAN.check(runtime) == []
    assert [problem.code for problem in PLAN.check(ask_postgres(database))] == ["database-superuser"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"runtime": "Shop"}, "small letters"),
        ({"runtime": 'x"; DROP'}, "small letters"),
        ({"migration": "app"}, "different names"),
        ({"tables": {"absent": {"SELECT"}}}, "no table absent"),
        ({"tables": {"orders": {"TRUNCATE"}}}, "other privileges"),
        ({"deletes": {"orders": " "}}, "without a reason"),
        ({"row_security": {"orders": "absent"}}, "no column absent"),
    ],
)
def test_plans_that_say_too_much_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        RolePlan(**{"metadata": METADATA, "runtime": "app", "migration": "migrate", **given})
