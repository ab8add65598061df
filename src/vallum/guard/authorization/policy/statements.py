"""Conditions as SQL: what depends on the object becomes SQLAlchemy expressions, the rest is answered beforehand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, and_, case, cast, false, not_, null, or_

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.conditions import (
    Absence,
    Compare,
    Comparison,
    Condition,
    Every,
    Field,
    Membership,
    Negation,
    Place,
    Related,
    Some,
)
from vallum.guard.authorization.policy.evaluation import Environment, compile_condition, read_field
from vallum.guard.authorization.policy.kinds import MISSING
from vallum.guard.authorization.policy.links import bind_value, find_keys
from vallum.guard.authorization.policy.resources import Relation
from vallum.guard.authorization.policy.vocabulary import Vocabulary, needs_object

Column = ColumnElement[Any]
Clause = ColumnElement[bool] | bool | None
"""SQL, or an answer that no row changes."""
_UNKNOWN: Final[ColumnElement[bool]] = cast(null(), Boolean)
_COMPARE: Final[dict[Compare, Callable[[Column, Any], ColumnElement[bool]]]] = {
    Compare.EQUALS: lambda left, right: left == right,
    Compare.DIFFERS: lambda left, right: left != right,
    Compare.BELOW: lambda left, right: left < right,
    Compare.AT_MOST: lambda left, right: left <= right,
    Compare.ABOVE: lambda left, right: left > right,
    Compare.AT_LEAST: lambda left, right: left >= right,
}
_MIRRORED: Final = {
    Compare.BELOW: Compare.ABOVE,
    Compare.AT_MOST: Compare.AT_LEAST,
    Compare.ABOVE: Compare.BELOW,
    Compare.AT_LEAST: Compare.AT_MOST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who asks, in which environment, and where the object's columns are."""

    words: Vocabulary
    actor: Any
    environment: Environment
    column_of: Callable[[str], Column]

    def value_of(self, value: object) -> Any:
        """The value of a constant or of a field that is not the object's; None when it is unknown."""
        if not isinstance(value, Field):
            return value
        found = read_field(value, self.words)(self.actor, None, self.environment)
        return None if found is MISSING else found


def write_condition(condition: Condition, scope: Scope) -> Clause:
    """The condition as SQL with SQL's own three values."""
    if not needs_object(condition):
        return compile_condition(condition, scope.words)(scope.actor, None, scope.environment)
    match condition:
        case Every(parts):
            return join_every([write_condition(part, scope) for part in parts])
        case Some(parts):
            return join_some([write_condition(part, scope) for part in parts])
        case Negation(part):
            clause = write_condition(part, scope)
            if isinstance(clause, ColumnElement):
                return not_(clause)
            return None if clause is None else not clause
        case Comparison(left, how, right):
            return _write_comparison(left, how, right, scope)
        case Membership(Field() as item, values):
            return _write_membership(scope.column_of(item.name), scope.value_of(values))
        case Absence(field):
            return scope.column_of(field.name).is_(None)
        case Related(name, value):
            relation = scope.words.resource.relations[name]
            return _write_relation(relation, scope.column_of(relation.key), scope.value_of(value))
    raise ConfigError(f"{type(condition).__name__} cannot be written as SQL.", code="policy-condition")


def join_every(clauses: list[Clause]) -> Clause:
    """All of them, as Kleene does."""
    if any(clause is False for clause in clauses):
        return False
    return _join(and_, [clause for clause in clauses if clause is not True], empty=True)


def join_some(clauses: list[Clause]) -> Clause:
    """Any of them, as Kleene does."""
    if any(clause is True for clause in clauses):
        return True
    return _join(or_, [clause for clause in clauses if clause is not False], empty=False)


def _join(join: Callable[..., ColumnElement[bool]], clauses: list[Clause], *, empty: bool) -> Clause:
    if not clauses:
        return empty
    if all(clause is None for clause in clauses):
        return None
    known = [clause for clause in clauses if isinstance(clause, ColumnElement)]
    return join(*known) if len(known) == len(clauses) else join(*known, _UNKNOWN)


def _write_comparison(left: Field, how: Compare, right: object, scope: Scope) -> Clause:
    if left.place is not Place.OBJECT and isinstance(right, Field):
        left, how, right = right, _MIRRORED.get(how, how), left
    column = scope.column_of(left.name)
    if isinstance(right, Field) and right.place is Place.OBJECT:
        return _COMPARE[how](column, scope.column_of(right.name))
    value = scope.value_of(right)
    return None if value is None else _COMPARE[how](column, bind_value(value, column))


def _write_membership(column: Column, values: Any) -> Clause:
    if values is None:
        return None
    if not values:
        return and_(column.is_(None), _UNKNOWN)
    return column.in_([bind_value(value, column) for value in sorted(values)])


def _write_relation(relation: Relation, key: Column, value: Any) -> Clause:
    if value is None:
        return None
    wanted = value if isinstance(value, frozenset) else frozenset([value])
    found = find_keys(relation, wanted, key) if wanted else None
    within: ColumnElement[bool] = false() if found is None else key.in_(found)
    if getattr(key, "nullable", True):
        return case((key.is_(None), _UNKNOWN), else_=within)
    return within
