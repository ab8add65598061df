"""Conditions of rules, as values: `(OBJECT.owner_id == ACTOR.id) & ~OBJECT.status.in_({"secret"})`.

A condition is true, false or unknown, as in SQL: with an attribute that is None or missing a comparison is unknown,
`~unknown` is unknown, `&` and `|` are Kleene's. It is data: it can be checked, evaluated, and written as SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NoReturn

from vallum.base.errors import ConfigError


class Place(Enum):
    """Whose attribute it is."""

    ACTOR = "actor"
    OBJECT = "object"
    ENVIRONMENT = "environment"


class Compare(Enum):
    """How two values are compared; the value is the word in TOML."""

    EQUALS = "equals"
    DIFFERS = "differs"
    BELOW = "below"
    AT_MOST = "at_most"
    ABOVE = "above"
    AT_LEAST = "at_least"


class Condition:
    """True, false or unknown. Join with `&`, `|` and `~`; `and`, `or` and `not` are refused."""

    __slots__ = ()

    def __and__(self, other: "Condition") -> "Condition":
        """Both."""
        return Every((self, other))

    def __or__(self, other: "Condition") -> "Condition":
        """Either."""
        return Some((self, other))

    def __invert__(self) -> "Condition":
        """The contrary; of unknown, unknown."""
        return Negation(self)

    def __bool__(self) -> NoReturn:
        """Refuse: `a and b` would keep b alone, `1 < x < 3` the last comparison."""
        raise ConfigError("a condition has no truth of its own.", hint="Join with &, | and ~.", code="policy-condition")


class Field:
    """One attribute of the actor, the object or the environment; comparing it makes a condition."""

    __slots__ = ("name", "place")

    def __init__(self, place: Place, name: str) -> None:
        """Name it; the policy checks at start-up that it is declared."""
        self.place = place
        self.name = name

    def __eq__(self, other: object) -> Condition:  # type: ignore[override] # comparing makes a condition, as in SQLAlchemy
        """Equal to a field or constant."""
        return Comparison(self, Compare.EQUALS, other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override] # as above
        """Known and different."""
        return Comparison(self, Compare.DIFFERS, other)

    def __lt__(self, other: object) -> Condition:
        """Below; integers and moments only."""
        return Comparison(self, Compare.BELOW, other)

    def __le__(self, other: object) -> Condition:
        """At most."""
        return Comparison(self, Compare.AT_MOST, other)

    def __gt__(self, other: object) -> Condition:
        """Above."""
        return Comparison(self, Compare.ABOVE, other)

    def __ge__(self, other: object) -> Condition:
        """At least."""
        return Comparison(self, Compare.AT_LEAST, other)

    def __hash__(self) -> int:
        """By place and name."""
        return hash((self.place, self.name))

    def in_(self, values: "Iterable[Any] | Field") -> Condition:
        """One of the constants, or of a set that the actor or environment has. In an empty set nothing is."""
        return Membership(self, values if isinstance(values, Field) else _gather(values))

    def contains(self, value: object) -> Condition:
        """Whether a set of the actor or environment holds a constant or field."""
        return Membership(value, self)

    def is_none(self) -> Condition:
        """Whether it is None (NULL), which is an answer; of a missing attribute it is unknown."""
        return Absence(self)

    def __repr__(self) -> str:
        """As in TOML: `object.owner_id`."""
        return f"{self.place.value}.{self.name}"


def _gather(values: Iterable[Any]) -> frozenset[Any]:
    if isinstance(values, (str, bytes)):
        raise ConfigError("in_ needs a collection, not a text.", hint="Write in_({...}).", code="policy-condition")
    return frozenset(values)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Condition):
    """A field against a field or constant."""

    left: Field
    how: Compare
    right: object


@dataclass(frozen=True, slots=True, eq=False)
class Membership(Condition):
    """A field or constant in a set of constants or a set-valued field."""

    item: object
    values: frozenset[Any] | Field


@dataclass(frozen=True, slots=True, eq=False)
class Absence(Condition):
    """None, and known to be."""

    field: Field


@dataclass(frozen=True, slots=True, eq=False)
class Related(Condition):
    """Whether a relation of the object reaches a value, or any of a set."""

    relation: str
    value: object


@dataclass(frozen=True, slots=True, eq=False)
class Roles(Condition):
    """Whether the actor has one of the roles."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Every(Condition):
    """All of them; true when there are none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Some(Condition):
    """At least one of them; false when there are none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Negation(Condition):
    """The contrary."""

    part: Condition


class Fields:
    """Gives the fields of a place by name: `ACTOR.department`; `ACTOR["in_"]` for a name that is a method's."""

    __slots__ = ("_place",)

    def __init__(self, place: Place) -> None:
        """Of this place."""
        self._place = place

    def __getattr__(self, name: str) -> Field:
        """The field of that name."""
        if name.startswith("_"):
            raise AttributeError(name)
        return Field(self._place, name)

    def __getitem__(self, name: str) -> Field:
        """The field of that name."""
        return Field(self._place, name)


ACTOR: Final = Fields(Place.ACTOR)
OBJECT: Final = Fields(Place.OBJECT)
ENVIRONMENT: Final = Fields(Place.ENVIRONMENT)
ALWAYS: Final[Condition] = Every(())


def related(relation: str, value: object) -> Condition:
    """Whether `relation` of the object reaches `value`: a constant, or a field of the actor or environment.

    With a set, whether it reaches any element.
    """
    return Related(relation, value)


def has_role(*names: str) -> Condition:
    """Whether the actor has one of the roles."""
    return Roles(frozenset(names))
