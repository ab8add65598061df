"""Conditions in Python: compiled once into functions that answer True, False or None (unknown)."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

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
    Roles,
    Some,
)
from vallum.guard.authorization.policy.kinds import MISSING, TAKE, Kind, Value
from vallum.guard.authorization.policy.resources import Relation
from vallum.guard.authorization.policy.vocabulary import Vocabulary

Environment = Mapping[str, object]
Test = Callable[[Any, Any, Environment], bool | None]
Read = Callable[[Any, Any, Environment], Any]
_OPERATORS: Final[dict[Compare, Callable[[Any, Any], bool]]] = {
    Compare.EQUALS: operator.eq,
    Compare.DIFFERS: operator.ne,
    Compare.BELOW: operator.lt,
    Compare.AT_MOST: operator.le,
    Compare.ABOVE: operator.gt,
    Compare.AT_LEAST: operator.ge,
}


def compile_condition(condition: Condition, words: Vocabulary) -> Test:
    """The function of a settled condition."""
    match condition:
        case Every(parts):
            return _every(tuple(compile_condition(part, words) for part in parts))
        case Some(parts):
            return _some(tuple(compile_condition(part, words) for part in parts))
        case Negation(part):
            return _negate(compile_condition(part, words))
        case Comparison(left, how, right):
            return _compare(read_field(left, words), _OPERATORS[how], _read_value(right, words))
        case Membership(item, values):
            return _contain(_read_value(item, words), _read_value(values, words))
        case Absence(field):
            return _miss(read_field(field, words))
        case Related(name, value):
            return _relate(words.resource.relations[name], words, _read_value(value, words))
        case Roles(names):
            return _play(names)
    raise ConfigError(f"{type(condition).__name__} is no condition.", code="policy-condition")


def read_field(field: Field, words: Vocabulary) -> Read:
    """A function that brings the field's value, None, or MISSING."""
    take, name = TAKE[words.kind_of(field)], field.name
    if field.place is Place.ENVIRONMENT:
        return lambda _actor, _item, environment: take(environment.get(name, MISSING))
    if field.place is Place.OBJECT:

        def read_object(_actor: Any, item: Any, _environment: Environment) -> Value:
            try:
                return take(getattr(item, name))
            except Exception:  # noqa: BLE001 - whatever stops it, the attribute is missing, and that allows nothing
                return MISSING

        return read_object
    read = words.actor[name].read or operator.attrgetter(name)

    def read_actor(actor: Any, _item: Any, _environment: Environment) -> Value:
        try:
            return MISSING if actor is None else take(read(actor))
        except Exception:  # noqa: BLE001 - as above: a directory that is down grants nothing
            return MISSING

    return read_actor


def roles_of(actor: Any) -> frozenset[str] | None:
    """The roles of the actor; nobody has none; None when they cannot be read."""
    if actor is None:
        return frozenset()
    roles = getattr(actor, "roles", None)
    return frozenset(roles) if isinstance(roles, (frozenset, set, tuple, list)) else None


def _read_value(value: object, words: Vocabulary) -> Read:
    return read_field(value, words) if isinstance(value, Field) else lambda *_: value


def _every(parts: tuple[Test, ...]) -> Test:
    def test(actor: Any, item: Any, environment: Environment) -> bool | None:
        answer: bool | None = True
        for part in parts:
            found = part(actor, item, environment)
            if found is False:
                return False
            if found is None:
                answer = None
        return answer

    return parts[0] if len(parts) == 1 else test


def _some(parts: tuple[Test, ...]) -> Test:
    def test(actor: Any, item: Any, environment: Environment) -> bool | None:
        answer: bool | None = False
        for part in parts:
            found = part(actor, item, environment)
            if found:
                return True
            if found is None:
                answer = None
        return answer

    return parts[0] if len(parts) == 1 else test


def _negate(part: Test) -> Test:
    def test(actor: Any, item: Any, environment: Environment) -> bool | None:
        found = part(actor, item, environment)
        return None if found is None else not found

    return test


def _compare(left: Read, compare: Callable[[Any, Any], bool], right: Read) -> Test:
    def test(actor: Any, item: Any, environment: Environment) -> bool | None:
        one, other = left(actor, item, environment), right(actor, item, environment)
        if one is None or other is None or one is MISSING or other is MISSING:
            return None
        return compare(one, other)

    return test


def _contain(item_of: Read, values_of: Read) -> Test:
    def test(actor: Any, item: Any, environment: Environment) -> bool | None:
        one, values = item_of(actor, item, environment), values_of(actor, item, environment)
        if one is None or values is None or one is MISSING or values is MISSING:
            return None
        return one in values

    return test


def _miss(read: Read) -> Test:
    def test(actor: Any, item: Any, environment: Environment) -> bool | None:
        value = read(actor, item, environment)
        return None if value is MISSING else value is None

    return test


def _play(names: frozenset[str]) -> Test:
    def test(actor: Any, _item: Any, _environment: Environment) -> bool | None:
        roles = roles_of(actor)
        return None if roles is None else not names.isdisjoint(roles)

    return test


def _relate(relation: Relation, words: Vocabulary, value_of: Read) -> Test:
    key_of = read_field(Field(Place.OBJECT, relation.key), words)

    def test(actor: Any, item: Any, environment: Environment) -> bool | None:
        key, value = key_of(actor, item, environment), value_of(actor, item, environment)
        if key is None or value is None or key is MISSING or value is MISSING:
            return None
        wanted = value if isinstance(value, frozenset) else frozenset([value])
        try:
            return _reaches(relation, item, key, wanted)
        except Exception:  # noqa: BLE001 - as above: what cannot be looked up is unknown
            return None

    return test


def _reaches(relation: Relation, item: Any, key: Any, wanted: frozenset[Any]) -> bool | None:
    if relation.read is None:
        from vallum.guard.authorization.policy.links import ask_session  # noqa: PLC0415 - loads SQLAlchemy

        return ask_session(relation, item, key, wanted)
    kind = Kind.TEXTS if relation.kind is Kind.TEXT else Kind.INTEGERS
    reached = TAKE[kind](tuple(relation.read(item)))
    return not wanted.isdisjoint(reached) if isinstance(reached, frozenset) else None
