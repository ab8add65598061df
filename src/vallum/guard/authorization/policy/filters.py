"""The policy as a WHERE."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, and_, false, func, not_, or_, true

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.columns import Column, columns_of, find_source, locate, table_of
from vallum.guard.authorization.policy.evaluation import Environment
from vallum.guard.authorization.policy.resources import Resource
from vallum.guard.authorization.policy.sheets import Register
from vallum.guard.authorization.policy.statements import Clause, Scope, write_condition

Statement = TypeVar("Statement", bound=Select[Any])


class Filters:
    """The protected tables, each attribute with its column."""

    def __init__(self, registers: Iterable[Register]) -> None:
        """Find the columns. Raises `ConfigError` for attributes that a mapped model lacks."""
        self._registers: dict[str, Register] = {}
        self._columns: dict[str, Mapping[str, Column]] = {}
        self._tables: dict[Table, Resource] = {}
        for register in registers:
            resource = register.words.resource
            table = table_of(resource)
            if table is not None:
                if table in self._tables:
                    raise ConfigError(f"{resource.name}: its table has two resources.", code="policy-resource")
                self._tables[table] = resource
                self._registers[resource.name] = register
                self._columns[resource.name] = columns_of(resource)

    def narrow(self, statement: Statement, actor: Any, action: str, environment: Environment, of: Any) -> Statement:
        """The statement with the WHERE. Raises `ConfigError` for a statement without one protected table."""
        if not isinstance(statement, Select):
            raise ConfigError("filter needs a select().", hint="Filter before union().", code="policy-statement")
        resource, source = find_source(statement, self._tables, of)
        column_of = locate(self._columns[resource.name], source)
        return statement.where(self._write(self._registers[resource.name], actor, action, environment, column_of))

    def clause(self, actor: Any, action: str, model: type[Any], environment: Environment) -> ColumnElement[bool]:
        """The WHERE for the model's own table."""
        for name, register in self._registers.items():
            if register.words.resource.model is model:
                return self._write(register, actor, action, environment, self._columns[name].__getitem__)
        raise ConfigError(f"{model.__name__} is no protected table.", hint="Declare it.", code="policy-resource")

    def _write(
        self,
        register: Register,
        actor: Any,
        action: str,
        environment: Environment,
        column_of: Callable[[str], Column],
    ) -> ColumnElement[bool]:
        sheet = register.sheet(action)
        scope = Scope(words=register.words, actor=actor, environment=environment, column_of=column_of)
        forbidden = [write_condition(rule.condition, scope) for rule, _ in sheet.forbidding]
        if any(clause is None or clause is True for clause in forbidden):
            return false()
        lines = [rule for rule, _ in sheet.allowing if actor is not None or rule.strangers]
        allowed = _some_true([write_condition(rule.condition, scope) for rule in lines])
        denied = [not_(func.coalesce(clause, true())) for clause in forbidden if isinstance(clause, ColumnElement)]
        return and_(allowed, *denied) if denied else allowed


def _some_true(clauses: list[Clause]) -> ColumnElement[bool]:
    """At the top an unknown answer is a no, so it is left out; WHERE itself drops what is unknown in a row."""
    if any(clause is True for clause in clauses):
        return true()
    found = [clause for clause in clauses if isinstance(clause, ColumnElement)]
    return or_(*found) if found else false()
