import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.data.queries import IdentifierRefusedError, Identifiers, Query

ADD = Query("INSERT INTO notes (title, owner) VALUES (?, ?)")
BY_OWNER = Query("SELECT title FROM notes WHERE owner = ?")
NAMED = Query("SELECT title FROM notes WHERE owner = :owner")
SORTED = Query(
    "SELECT title FROM {table} ORDER BY {order}",
    order=Identifiers("title", "owner", newest="rowid DESC"),
    table=Identifiers("notes", main="main.notes"),
)
ATTACKS = [
    "' OR '1'='1",
    "'; DROP TABLE notes; --",
    '" OR ""="',
    "1 UNION SELECT name FROM sqlite_master",
    "\\' OR 1=1 --",
    "title; DROP TABLE notes",
    "title--",
    "(SELECT 1)",
    "title DESC, owner",
    "TITLE",
    " title",
    "{order}",
    "",
]


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE notes (title TEXT, owner TEXT)")
    ADD.execute_many(connection, [("second", "ann"), ("first", "ann"), ("other", "bob")])
    yield connection
    connection.close()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_a_value_stays_a_value(database: sqlite3.Connection, attack: str) -> None:
    assert BY_OWNER.execute(database, (attack,)).fetchall() == []
    ADD.execute(database, (attack, "eve"))
    assert BY_OWNER.execute(database, ["eve"]).fetchall() == [(attack,)]
    assert len(SORTED.choose(order="title", table="notes").execute(database).fetchall()) == 4


@given(value=st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back_as_it_was(value: str) -> None:
    connection = sqlite3.connect(":memory:")
    assert Query("SELECT ?").execute(connection, (value,)).fetchone() == (value,)
    connection.close()


def test_named_parameters_and_names_from_a_list(database: sqlite3.Connection) -> None:
    assert NAMED.execute(database, {"owner": "bob"}).fetchone() == ("other",)
    rows = SORTED.choose(order="title", table="notes").execute(database).fetchall()
    assert rows == [("first",), ("other",), ("second",)]
    assert SORTED.choose(order="newest", table="main").execute(database).fetchone() == ("other",)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_name_outside_the_list_is_refused_with_400(attack: str) -> None:
    with pytest.raises(IdentifierRefusedError) as caught:
        SORTED.choose(order=attack, table="notes")
    assert caught.value.status == 400
    assert len(attack.split()) < 2 or attack not in str(caught.value)


@pytest.mark.parametrize("value", ["1", "x' OR '1'='1"])
def test_text_that_data_went_into_is_refused(value: str) -> None:
    builders = [
        lambda: Query(f"SELECT * FROM notes WHERE owner = '{value}'"),
        lambda: Query("SELECT * FROM notes WHERE owner = '" + value + "'"),
        lambda: Query("SELECT * FROM notes WHERE owner = '%s'" % value),  # noqa: UP031  # the way in which people do it
        lambda: Query("SELECT * FROM notes WHERE owner = '{}'".format(value)),  # noqa: UP032  # the same
        lambda: Query("".join(["SELECT * FROM notes WHERE owner = ", value])),  # noqa: FLY002  # the same
        lambda: Query(value),
    ]
    for build in builders:
        with pytest.raises(ConfigError) as caught:
            build()
        assert caught.value.code == "not-a-literal"


@pytest.mark.parametrize("parameters", ["ann", b"ann", 7, {"ann"}, iter(["ann"])])
def test_one_bare_value_is_not_taken_for_a_sequence(database: sqlite3.Connection, parameters: Any) -> None:
    with pytest.raises(ConfigError, match=r"write \(value,\)"):
        BY_OWNER.execute(database, parameters)


def test_places_and_lists_must_fit() -> None:
    with pytest.raises(ConfigError, match=r"no place \{order\}"):
        Query("SELECT 1", order=Identifiers("a"))
    with pytest.raises(ConfigError, match="choose order, table before"):
        SORTED.execute(None)
    with pytest.raises(ConfigError, match="choose exactly: order, table"):
        SORTED.choose(order="title")
    with pytest.raises(ConfigError, match="choose exactly: nothing"):
        BY_OWNER.choose(order="title")
    assert BY_OWNER.choose().text == BY_OWNER.text


def test_other_braces_are_left_alone() -> None:
    query = Query("SELECT '{1,2}'::int[] AS {order}, '{order_by}'", order=Identifiers("a"))
    assert query.choose(order="a").text == "SELECT '{1,2}'::int[] AS a, '{order_by}'"


@pytest.mark.parametrize(
    "name", ["", "a b", "a;b", "a'", "1a", "a.b.c.d", "a DESC; DROP", "ä", "a\n", "a,b", "*", "a" * 64]
)
def test_a_list_holds_only_plain_names(name: str) -> None:
    with pytest.raises(ConfigError):
        Identifiers("good", name)


def test_a_list_is_a_mapping() -> None:
    names = Identifiers("title", newest="created DESC")
    assert dict(names) == {"title": "title", "newest": "created DESC"}
    assert len(names) == 2
    with pytest.raises(ConfigError):
        Identifiers()
    with pytest.raises(IdentifierRefusedError):
        names[["title"]]


class OldCursor:
    """A driver whose `execute` returns a count."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def execute(self, text: str, parameters: Any) -> int:
        self.calls.append((text, parameters))
        return 1

    executemany = execute

    def fetchall(self) -> list[Any]:
        return self.calls


class OldConnection:
    def __init__(self) -> None:
        self.made = OldCursor()

    def cursor(self) -> OldCursor:
        return self.made


def test_a_connection_without_execute_gives_its_cursor() -> None:
    connection = OldConnection()
    assert BY_OWNER.execute(connection, ("ann",)) is connection.made
    assert ADD.execute_many(connection, [("a", "b")]) is connection.made
    assert BY_OWNER.execute(connection.made, ("bob",)) is connection.made
    assert [parameters for _, parameters in connection.made.calls] == [("ann",), [("a", "b")], ("bob",)]


def test_async_drivers(database: sqlite3.Connection):
    class AsyncConnection:
        async def execute(self, text: str, parameters: Sequence[Any]) -> Any:
            return database.execute(text, parameters)

    async def main() -> None:
        cursor = await BY_OWNER.execute_async(AsyncConnection(), ("bob",))
        assert cursor.fetchall() == [("other",)]
        with pytest.raises(ConfigError):
            await BY_OWNER.execute_async(AsyncConnection(), "bob")

    asyncio.run(main())
