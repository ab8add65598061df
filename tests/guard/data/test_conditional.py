"""Two requests at the same moment, on SQLite and PostgreSQL: never both."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from vallum.base.errors import ConfigError
from vallum.guard.data.atomic import ConflictError
from vallum.guard.data.conditional import hold_lock, insert_once, update_once

METADATA = MetaData()
ACCOUNTS = Table("accounts", METADATA, Column("id", Integer, primary_key=True), Column("balance", Integer))
COUPONS = Table("coupons", METADATA, Column("code", String, primary_key=True), Column("used_by", String))
PEOPLE = Table("people", METADATA, Column("name", String, primary_key=True), Column("role", String))
ROUNDS = 15


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        found = create_engine(f"sqlite:///{tmp_path}/shop.sqlite", connect_args={"timeout": 30})
    else:
        url = request.getfixturevalue("postgres").create().replace("postgresql://", "postgresql+psycopg://")
        found = create_engine(url)
    METADATA.create_all(found)
    yield found
    found.dispose()


@pytest.fixture
def race(engine: Engine) -> Callable[..., list[str]]:
    """Start two at the same moment, each in a transaction of its own; tell who won."""

    def run(act: Callable[[Connection, str], None]) -> list[str]:
        gate, won = threading.Barrier(2), []

        def start(name: str) -> None:
            gate.wait(30)
            try:
                with engine.begin() as connection:
                    act(connection, name)
            except ConflictError:
                return
            won.append(name)

        threads = [threading.Thread(target=start, args=(name,)) for name in ("ada", "bob")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return won

    return run


def fill(engine: Engine, *statements: Any) -> None:
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())
        for statement in statements:
            connection.execute(statement)


def test_a_balance_pays_once(engine: Engine, race: Callable[..., list[str]]) -> None:
    pay = update(ACCOUNTS).where(ACCOUNTS.c.id == 1, ACCOUNTS.c.balance >= 30).values(balance=ACCOUNTS.c.balance - 30)
    for _ in range(ROUNDS):
        fill(engine, insert(ACCOUNTS).values(id=1, balance=50))
        assert len(race(lambda connection, _: update_once(connection, pay))) == 1
        with engine.connect() as connection:
            assert connection.execute(select(ACCOUNTS.c.balance)).scalar_one() == 20


def test_a_coupon_is_used_once(engine: Engine, race: Callable[..., list[str]]) -> None:
    unused = update(COUPONS).where(COUPONS.c.code == "x", COUPONS.c.used_by.is_(None))
    for _ in range(ROUNDS):
        fill(engine, insert(COUPONS).values(code="x"))
        (winner,) = race(lambda connection, name: update_once(connection, unused.values(used_by=name)))
        with engine.connect() as connection:
            assert connection.execute(select(COUPONS.c.used_by)).scalar_one() == winner


def test_a_name_is_taken_once(engine: Engine, race: Callable[..., list[str]]) -> None:
    for _ in range(ROUNDS):
        fill(engine)
        (winner,) = race(lambda connection, name: insert_once(connection, insert(PEOPLE).values(name="eve", role=name)))
        with engine.connect() as connection:
            assert connection.execute(select(PEOPLE.c.role)).scalars().all() == [winner]


def test_the_last_administrator_stays(engine: Engine, race: Callable[..., list[str]]) -> None:
    def resign(connection: Connection, name: str) -> None:
        hold_lock(connection, "admins")
        admins = select(func.count()).select_from(PEOPLE).where(PEOPLE.c.role == "admin")
        if connection.execute(admins).scalar_one() < 2:
            raise ConflictError("the last administrator cannot resign")
        connection.execute(update(PEOPLE).where(PEOPLE.c.name == name).values(role="user"))

    for _ in range(ROUNDS):
        fill(engine, insert(PEOPLE).values([{"name": name, "role": "admin"} for name in ("ada", "bob")]))
        assert len(race(resign)) == 1


def test_a_name_that_is_taken_does_not_end_the_transaction(engine: Engine) -> None:
    fill(engine, insert(PEOPLE).values(name="ada", role="user"))
    with Session(engine) as session, session.begin():
        with pytest.raises(ConflictError) as caught:
            insert_once(session, insert(PEOPLE).values(name="ada", role="admin"))
        insert_once(session, insert(PEOPLE).values(name="bob", role="user"))
    assert caught.value.refusal.status == 409
    with engine.connect() as connection:
        assert sorted(connection.execute(select(PEOPLE.c.name)).scalars()) == ["ada", "bob"]


def test_sessions_lock_too(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        hold_lock(session, "a name")


def test_an_update_of_everything_is_a_mistake(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(ConfigError, match="needs a WHERE"):
        update_once(connection, update(ACCOUNTS).values(balance=0))
