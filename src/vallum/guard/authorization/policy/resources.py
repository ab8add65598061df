"""What the policy protects: resource types with typed attributes, actions, relations and fields."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.kinds import Kind

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two columns of one table, each row an arrow from `source` to `target`. A row with NULL leads nowhere."""

    source: Any
    target: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Which ids an object reaches, from its attribute `key` on.

    `climbs`: arrows followed any number of times, none included (folder to parent); circles are fine. `links`: arrows
    followed once, last (team to member). `kind` is that of the reached ids, TEXT or INTEGER. `read(object)` gives the
    same ids in Python; without it they are asked of the session that the object belongs to.
    """

    key: str
    kind: Kind = Kind.TEXT
    climbs: Link | None = None
    links: Link | None = None
    read: Callable[[Any], Iterable[object]] | None = None

    def __post_init__(self) -> None:
        """Refuse one that leads nowhere."""
        if self.climbs is None and self.links is None and self.read is None:
            raise ConfigError(
                f"the relation from {self.key!r} reaches nothing.",
                hint="Give climbs=Link(...), links=Link(...) or read=.",
                code="policy-relation",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A type of object: its class, the attributes that conditions may name, and what can be done with it.

    `model`: a class; when SQLAlchemy maps it, lists can be filtered. An attribute's column is the mapped one of its
    name, or the one in `columns`. `fields`: what field rules are about, by attribute name.
    """

    name: str
    model: type[Any]
    attributes: Mapping[str, Kind]
    actions: Collection[str]
    relations: Mapping[str, Relation] = field(default_factory=lambda: _NOTHING)
    columns: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    fields: Collection[str] = ()

    def __post_init__(self) -> None:
        """Refuse sets as attributes and names that the policy uses itself. Raises `ConfigError`."""
        if isinstance(self.actions, str) or isinstance(self.fields, str):
            raise ConfigError(f"{self.name}: actions and fields are collections.", code="policy-type")
        sets = sorted(name for name, kind in self.attributes.items() if kind.element)
        if sets:
            raise ConfigError(
                f"{self.name}: {', '.join(sets)} cannot be a set.", hint="Declare a Relation.", code="policy-type"
            )
        if any(":" in name or not name for name in (self.name, *self.actions, *self.fields)):
            raise ConfigError(f"{self.name}: names are without colon, and not empty.", code="policy-name")
        for name, relation in self.relations.items():
            if relation.key not in self.attributes or relation.kind not in {Kind.TEXT, Kind.INTEGER}:
                raise ConfigError(
                    f"{self.name}: the relation {name!r} starts at an attribute and reaches texts or integers.",
                    hint=f"Declare the attribute {relation.key!r}, and kind TEXT or INTEGER.",
                    code="policy-relation",
                )
