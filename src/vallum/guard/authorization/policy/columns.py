"""Where the attributes of a resource stand in the database, and in which FROM of a statement."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NoReturn

from sqlalchemy import Alias, ColumnElement, FromClause, Join, Select, Table, TypeDecorator, inspect
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.visitors import iterate

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.kinds import Kind
from vallum.guard.authorization.policy.resources import Resource

Column = ColumnElement[Any]
_TYPES: Final = {Kind.TEXT: str, Kind.INTEGER: int, Kind.BOOLEAN: bool, Kind.MOMENT: datetime}
_INEXACT: Final = frozenset({"CHAR", "NCHAR", "CITEXT"})
"""Types whose equality is not that of Python: padded, or blind to case."""


def table_of(resource: Resource) -> Table | None:
    """The table that the model is mapped to; None for a class that SQLAlchemy does not know."""
    mapper = _mapper_of(resource)
    if mapper is None:
        return next((column.table for column in resource.columns.values()), None)
    return mapper.local_table if isinstance(mapper.local_table, Table) else None


def columns_of(resource: Resource) -> Mapping[str, Column]:
    """The column of each attribute. Raises `ConfigError` for one that is missing, or not as exact as Python."""
    mapper, table = _mapper_of(resource), table_of(resource)
    found = {}
    for name, kind in resource.attributes.items():
        column = resource.columns.get(name)
        if column is None and mapper is not None and name in mapper.column_attrs:
            column = mapper.column_attrs[name].columns[0]
        if column is None or column.table is not table:
            _refuse(resource, name, "has no column in the table of its model", "Name it in columns=.")
        found[name] = _check_column(resource, name, kind, column)
    return found


def find_source(statement: Select[Any], tables: Mapping[Table, Resource], of: Any) -> tuple[Resource, FromClause]:
    """The one protected resource in the statement, and the FROM that it has there. Raises `ConfigError`."""
    leaves = [leaf for source in _froms_of(statement) for leaf in _leaves(source)]
    wanted = None if of is None else _selectable(of)
    sources = [leaf for leaf in leaves if _table_behind(leaf) in tables and wanted in (None, leaf)]
    if len(sources) != 1:
        raise ConfigError(
            f"the statement selects from {len(sources)} protected resources, and one was expected.",
            hint="Name the model or its alias: policy.filter(statement, actor, action, of=Note). "
            "Filter the inner statement of a subquery.",
            code="policy-statement",
        )
    table = _table_behind(sources[0])
    if table is None:
        raise ConfigError("only a table can be filtered.", code="policy-statement")
    return tables[table], sources[0]


def _froms_of(statement: Select[Any]) -> Sequence[FromClause]:
    """The FROMs of a statement. Asking SQLAlchemy for all of them compiles it, which a plain one can be spared.

    Plain is a statement without join and select_from, whose WHERE names only what it selects from. Where the attributes
    that tell so are gone from SQLAlchemy, no statement is plain.
    """
    if getattr(statement, "_setup_joins", None) == () and getattr(statement, "_from_obj", None) == ():
        froms = statement.columns_clause_froms
        where = statement.whereclause
        if len(froms) == 1 and (where is None or _stays_in(where, froms[0])):
            return froms
    return statement.get_final_froms()


def _stays_in(where: ColumnElement[Any], source: FromClause) -> bool:
    for element in iterate(where):
        if isinstance(element, FromClause | SelectBase) or getattr(element, "table", source) is not source:
            return False
    return True


def locate(columns: Mapping[str, Column], source: FromClause) -> Callable[[str], Column]:
    """A function from an attribute to its column in this FROM, which may be an alias."""
    if isinstance(source, Table):
        return columns.__getitem__

    def find(name: str) -> Column:
        column = source.corresponding_column(columns[name])  # type: ignore[arg-type] # columns of a table are KeyedColumnElements
        if column is None:
            raise ConfigError(f"{name} is not in the alias.", code="policy-statement")
        return column

    return find


def _leaves(source: FromClause) -> Iterator[FromClause]:
    if isinstance(source, Join):
        yield from _leaves(source.left)
        yield from _leaves(source.right)
    else:
        yield source


def _table_behind(source: FromClause) -> Table | None:
    source = source.element if isinstance(source, Alias) else source
    return source if isinstance(source, Table) else None


def _selectable(of: Any) -> FromClause:
    found = of if isinstance(of, FromClause) else getattr(inspect(of, raiseerr=False), "selectable", None)
    if not isinstance(found, FromClause):
        raise ConfigError("of= is a model, an alias of one, or a table.", code="policy-statement")
    return found


def _mapper_of(resource: Resource) -> Mapper[Any] | None:
    found = inspect(resource.model, raiseerr=False)
    return found if isinstance(found, Mapper) else None


def _check_column(resource: Resource, name: str, kind: Kind, column: Any) -> Column:
    if isinstance(column.type, TypeDecorator):
        _refuse(resource, name, "has a column whose type is decorated", "Compare a plain column.")
    if getattr(column.type, "collation", None) or column.type.__visit_name__ in _INEXACT:
        _refuse(resource, name, "has a column that compares otherwise than Python", "Use VARCHAR or TEXT as they are.")
    if column.type.python_type is not _TYPES[kind]:
        _refuse(resource, name, f"is declared {kind.value}, its column is {column.type!r}", "Make them agree.")
    return column  # type: ignore[no-any-return] # a column of a mapper or of the app's own table


def _refuse(resource: Resource, name: str, problem: str, hint: str) -> NoReturn:
    raise ConfigError(f"{resource.name}: {name} {problem}.", hint=hint, code="policy-column")
