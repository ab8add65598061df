"""What conditions may speak of, and the check at start-up that they speak of nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

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
from vallum.guard.authorization.policy.kinds import MISSING, TAKE, Attribute, Kind
from vallum.guard.authorization.policy.resources import Resource

_EQUALITY: Final = frozenset({Compare.EQUALS, Compare.DIFFERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The attributes of actor and environment, and the resource whose rules are read."""

    actor: Mapping[str, Attribute]
    environment: Mapping[str, Kind]
    resource: Resource

    def kind_of(self, field: Field) -> Kind:
        """The declared kind. Raises `ConfigError` for a field that is not declared."""
        known: Mapping[str, Kind]
        if field.place is Place.ACTOR:
            known = {name: attribute.kind for name, attribute in self.actor.items()}
        else:
            known = self.environment if field.place is Place.ENVIRONMENT else self.resource.attributes
        if field.name not in known:
            raise ConfigError(
                f"{self.resource.name}: {field!r} is not declared.",
                hint=f"Known are: {', '.join(sorted(known)) or 'none'}.",
                code="policy-attribute",
            )
        return known[field.name]

    def settle(self, condition: Condition) -> Condition:
        """The condition with its constants in their kinds' own form. Raises `ConfigError` for what makes no sense."""
        match condition:
            case Every(parts):
                return Every(tuple(map(self.settle, parts)))
            case Some(parts):
                return Some(tuple(map(self.settle, parts)))
            case Negation(part):
                return Negation(self.settle(part))
            case Comparison(left, how, right):
                return self._settle_comparison(left, how, right)
            case Membership(item, values):
                return self._settle_membership(item, values)
            case Related(name, value):
                return self._settle_relation(name, value)
            case Absence(field):
                self.kind_of(field)
                return condition
            case Roles():
                return condition
        return self._refuse(f"{type(condition).__name__} is no condition")

    def _settle_comparison(self, left: Field, how: Compare, right: object) -> Condition:
        kind = self.kind_of(left)
        if kind.element or not (how in _EQUALITY or kind.is_ordered):
            self._refuse(f"{left!r} is of kind {kind.value} and cannot be compared by {how.value!r}")
        return Comparison(left, how, self._settle_value(right, kind))

    def _settle_membership(self, item: object, values: frozenset[Any] | Field) -> Condition:
        if isinstance(values, Field):
            element = self.kind_of(values).element
            if element is None:
                self._refuse(f"{values!r} is no set")
            return Membership(self._settle_value(item, element), values)
        if not isinstance(item, Field):
            self._refuse("in_ needs a field on one side")
        kind = self.kind_of(item)
        return Membership(item, frozenset(self._settle_constant(value, kind) for value in values))

    def _settle_relation(self, name: str, value: object) -> Condition:
        relation = self.resource.relations.get(name)
        if relation is None:
            self._refuse(f"the relation {name!r} is not declared")
        if isinstance(value, Field):
            kind = self.kind_of(value)
            if value.place is Place.OBJECT or relation.kind not in {kind, kind.element}:
                self._refuse(f"{name!r} reaches {relation.kind.value}s of the actor or environment, not {value!r}")
            return Related(name, value)
        return Related(name, self._settle_constant(value, relation.kind))

    def _settle_value(self, value: object, kind: Kind) -> object:
        if not isinstance(value, Field):
            return self._settle_constant(value, kind)
        if self.kind_of(value) is not kind:
            self._refuse(f"{value!r} is of kind {self.kind_of(value).value}, and {kind.value} was expected")
        return value

    def _settle_constant(self, value: object, kind: Kind) -> object:
        taken = MISSING if kind.element else TAKE[kind](value)
        if taken is MISSING or taken is None:
            self._refuse(f"{value!r} is no constant of kind {kind.value}; None is asked for with is_none()")
        return taken

    def _refuse(self, problem: str) -> NoReturn:
        raise ConfigError(
            f"{self.resource.name}: {problem}.", hint="See docs/policy.md, Conditions.", code="policy-condition"
        )


def fields_of(condition: Condition) -> Iterator[Field]:
    """Every field that the condition names."""
    match condition:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from fields_of(part)
        case Negation(part):
            yield from fields_of(part)
        case Comparison(left, _, right):
            yield from (one for one in (left, right) if isinstance(one, Field))
        case Membership(item, values):
            yield from (one for one in (item, values) if isinstance(one, Field))
        case Absence(field):
            yield field
        case Related(_, Field() as value):
            yield value


def needs_object(condition: Condition) -> bool:
    """Whether its truth depends on the object."""
    match condition:
        case Every(parts) | Some(parts):
            return any(map(needs_object, parts))
        case Negation(part):
            return needs_object(part)
        case Related():
            return True
    return any(field.place is Place.OBJECT for field in fields_of(condition))
