"""SQL as constant text plus bound parameters; names that cannot be bound come from a list (CWE-89, ASVS 1.2.4).

    NOTES = Query("SELECT id, title FROM notes WHERE owner = ? ORDER BY {order}", order=Identifiers("title", "created"))

    rows = NOTES.choose(order=request.query_params["sort"]).execute(connection, (user.id,)).fetchall()
    rows = await NOTES.choose(order="title").execute_async(connection, (user.id,))

The placeholder is the driver's own: `?` for sqlite3, `%s` for psycopg and MySQL. A query is built from a literal in the
call itself: a text put together from data is refused when the query is built, whatever a type checker says.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, LiteralString, Protocol

from vallum.base.errors import ConfigError, RefusedError
from vallum.base.literal import check_literal

KEEPS: Final = ("sql-parameterised",)
Parameters = Sequence[Any] | Mapping[str, Any]
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62}){0,2}( (ASC|DESC|asc|desc))?")


class IdentifierRefusedError(RefusedError):
    """A table, column or sort name that is not in the list."""

    code = "identifier-refused"


class Identifiers(Mapping[str, str]):
    """A closed list of table, column or sort names: what a user may choose, and what it stands for in SQL.

    `Identifiers("title", "created", newest="created DESC")`. Raises `ConfigError` for a name that is no SQL name.
    """

    __slots__ = ("_names",)

    def __init__(self, *names: LiteralString, **aliases: LiteralString) -> None:
        """Check the names once, at start."""
        self._names: dict[str, str] = {**{name: name for name in names}, **aliases}
        for name in self._names.values():
            if not _NAME.fullmatch(name):
                raise ConfigError(f"{name!r} is not a plain SQL name.", code="sql-name")
        if not self._names:
            raise ConfigError("a list of identifiers needs at least one name.", code="sql-name")

    def __getitem__(self, choice: object) -> str:
        """The SQL name for a user's choice. Raises `IdentifierRefusedError` (400) for any other."""
        name = self._names.get(choice) if isinstance(choice, str) else None
        if name is None:
            raise IdentifierRefusedError(f"not one of the names that can be chosen: {', '.join(self._names)}.")
        return name

    def __iter__(self) -> Iterator[str]:
        """The names that can be chosen."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._names)


class Cursor(Protocol):
    """What a DB-API cursor offers (PEP 249)."""

    def execute(self, text: Any, parameters: Any, /) -> Any:
        """Run one statement."""
        ...

    def executemany(self, text: Any, rows: Any, /) -> Any:
        """Run one statement for each row of parameters."""
        ...

    @property
    def rowcount(self) -> int:
        """How many rows were read or changed."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """The remaining rows."""
        ...


class Statement:
    """SQL text that is known to be constant, ready to run with parameters. Made by `Query`, never by hand."""

    __slots__ = ("_text",)
    _text: str

    @property
    def text(self) -> str:
        """The SQL, for a driver that is called in another way: `await pool.fetch(statement.text, *values)`."""
        return self._text

    def execute(self, connection: Any, parameters: Parameters = ()) -> Cursor:
        """Run on a DB-API connection or cursor, and return the cursor. Commit is left to you."""
        text, cursor = self.text, _find_cursor(connection)
        cursor.execute(text, _check_parameters(parameters))
        return cursor

    def execute_many(self, connection: Any, rows: Iterable[Parameters]) -> Cursor:
        """Run once for each row of parameters."""
        text, cursor = self.text, _find_cursor(connection)
        cursor.executemany(text, [_check_parameters(row) for row in rows])
        return cursor

    async def execute_async(self, connection: Any, parameters: Parameters = ()) -> Any:
        """Run on an async connection or cursor with `execute` (psycopg, aiosqlite), and return its cursor."""
        return await connection.execute(self.text, _check_parameters(parameters))


class Query(Statement):
    """One SQL statement, constant but for names chosen from lists. Immutable; build it once, at import."""

    __slots__ = ("_identifiers",)

    def __init__(self, text: LiteralString, /, **identifiers: Identifiers) -> None:
        """Keep the literal `text`. Raises `ConfigError` when it is no literal, or has no `{name}` for a list."""
        check_literal(text, "the SQL text of a query")
        for name in identifiers:
            if f"{{{name}}}" not in text:
                raise ConfigError(f"the query has no place {{{name}}} for its identifiers.", code="sql-place")
        self._text = text
        self._identifiers = identifiers

    @property
    def text(self) -> str:
        """The SQL. Raises `ConfigError` while names are still to be chosen."""
        if self._identifiers:
            raise ConfigError(f"choose {', '.join(self._identifiers)} before the query runs.", code="sql-place")
        return self._text

    def choose(self, **choices: str) -> Statement:
        """Return the statement with a name for each `{place}`; what is chosen may come from the user.

        Raises `IdentifierRefusedError` (400) for a choice that is not in the list of its place.
        """
        if choices.keys() != self._identifiers.keys():
            raise ConfigError(f"choose exactly: {', '.join(self._identifiers) or 'nothing'}.", code="sql-place")
        names = {f"{{{place}}}": self._identifiers[place][choice] for place, choice in choices.items()}
        places = "|".join(map(re.escape, names)) or "(?!)"
        statement = Statement()
        # A statement has no constructor that takes text: only a query, whose text is proved, makes one.
        object.__setattr__(statement, "_text", re.sub(places, lambda found: names[found[0]], self._text))
        return statement


def _check_parameters(parameters: object) -> Parameters:
    # A bare string is a sequence too: each of its letters would become a parameter.
    if isinstance(parameters, str | bytes) or not isinstance(parameters, Sequence | Mapping):
        raise ConfigError(
            f"parameters are a sequence or mapping, not {type(parameters).__name__}.",
            hint="For one value write (value,).",
            code="sql-parameters",
        )
    return parameters


def _find_cursor(connection: Any) -> Cursor:
    # Some connections have no execute (PEP 249), psycopg's has no executemany: every cursor has both.
    cursor: Cursor = connection.cursor() if hasattr(connection, "cursor") else connection
    return cursor
