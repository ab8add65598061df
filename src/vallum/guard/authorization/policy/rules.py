"""Rules: what allows and what forbids an action, or reading and writing single fields."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.conditions import ALWAYS, Condition, Every, Roles

FieldUse = Literal["read", "write"]
_USES: Final = frozenset({"read", "write"})


class Effect(Enum):
    """What a rule does when it counts: a forbidding one counts when true or unknown, an allowing one when true."""

    ALLOW = "allow"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `strangers`: it allows also those who did not sign in; rules that forbid are for everybody."""

    name: str
    effect: Effect
    resource: str
    actions: frozenset[str]
    condition: Condition
    strangers: bool = False


def allow(
    actions: str | Collection[str],
    resource: str,
    *,
    roles: Collection[str] = (),
    when: Condition = ALWAYS,
    name: str = "",
    strangers: bool = False,
) -> Rule:
    """Allow the actions to actors with one of `roles`, if any are given, when the condition is true."""
    return _build(Effect.ALLOW, _names(actions), resource, roles, when, name, strangers=strangers)


def forbid(
    actions: str | Collection[str],
    resource: str,
    *,
    roles: Collection[str] = (),
    when: Condition = ALWAYS,
    name: str = "",
) -> Rule:
    """Forbid the actions, whatever allows them, when the condition is true or cannot be told."""
    return _build(Effect.FORBID, _names(actions), resource, roles, when, name)


def allow_fields(
    use: FieldUse,
    fields: str | Collection[str],
    resource: str,
    *,
    roles: Collection[str] = (),
    when: Condition = ALWAYS,
    name: str = "",
) -> Rule:
    """Allow to read or to write single fields."""
    return _build(Effect.ALLOW, name_fields(use, _names(fields)), resource, roles, when, name)


def forbid_fields(
    use: FieldUse,
    fields: str | Collection[str],
    resource: str,
    *,
    roles: Collection[str] = (),
    when: Condition = ALWAYS,
    name: str = "",
) -> Rule:
    """Forbid to read or to write single fields."""
    return _build(Effect.FORBID, name_fields(use, _names(fields)), resource, roles, when, name)


def name_fields(use: str, fields: Collection[str]) -> frozenset[str]:
    """The actions that stand for the use of fields."""
    if use not in _USES:
        raise ConfigError(f"fields are read or written, not {use!r}.", code="policy-name")
    return frozenset(f"{use}:{field}" for field in fields)


def _names(names: str | Collection[str]) -> frozenset[str]:
    return frozenset([names] if isinstance(names, str) else names)


def _build(
    effect: Effect,
    actions: frozenset[str],
    resource: str,
    roles: Collection[str],
    when: object,
    name: str,
    *,
    strangers: bool = False,
) -> Rule:
    if isinstance(roles, str) or not isinstance(when, Condition) or not actions:
        raise ConfigError(
            f"a rule for {resource!r} needs actions, a collection of roles, and a condition.",
            hint='For example allow("read", "note", roles={"editor"}, when=OBJECT.owner_id == ACTOR.id).',
            code="policy-rule",
        )
    condition = Every((Roles(frozenset(roles)), when)) if roles else when
    shown = name or f"{effect.value} {', '.join(sorted(actions))} of {resource}"
    return Rule(name=shown, effect=effect, resource=resource, actions=actions, condition=condition, strangers=strangers)
