"""Relations as SQL: arrows are walked backwards, from the wanted ids to the keys that reach them, once per query."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select
from sqlalchemy.orm import object_session

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.resources import Relation

Column = ColumnElement[Any]


def bind_value(value: Any, column: Column) -> Column:
    """The value bound with the column's type; a moment in UTC, without zone where the column has none."""
    if isinstance(value, datetime) and not getattr(column.type, "timezone", False):
        value = value.replace(tzinfo=None)
    return literal(value, column.type)


def find_keys(relation: Relation, wanted: frozenset[Any], key: Column) -> Select[Any]:
    """From which keys the wanted ids are reached: the arrows backwards, so that the database walks them once."""
    values = sorted(wanted)
    if relation.links is not None:
        source, target = relation.links.source, relation.links.target
        start = select(source.label("at")).where(
            target.in_([bind_value(value, target) for value in values]), source.is_not(None)
        )
    elif relation.climbs is not None:
        first, *others = (select(bind_value(value, key).label("at")) for value in values)
        start = select(first.union(*others).subquery().c.at) if others else first
    else:
        raise ConfigError(
            "this relation is known in Python only.", hint="Give climbs= or links=.", code="policy-relation"
        )
    if relation.climbs is None:
        return start
    walk = start.cte(recursive=True)
    below, above = relation.climbs.source, relation.climbs.target
    step = select(below).join(walk, above == walk.c.at).where(below.is_not(None))
    return select(walk.union(step).c.at)


def ask_session(relation: Relation, item: Any, key: Any, wanted: frozenset[Any]) -> bool | None:
    """Whether the object reaches any of them, asked of its own session; unknown when it has none."""
    session = object_session(item)
    if session is None:
        return None
    if not wanted:
        return False
    arrows = relation.climbs or relation.links
    if arrows is None:
        return None
    bound = bind_value(key, arrows.source)
    return bool(session.scalar(select(bound.in_(find_keys(relation, wanted, bound)))))
