"""The policy as TOML: data only, checked like the one in Python. No name in it is imported and no text is run.

[actor]
id = "text"

[resources.note]
actions = ["read", "edit"]
attributes = { owner_id = "text", status = "text" }

[roles]
editor = ["note:edit"]

[[rules]]
name = "owner"
effect = "allow"
resource = "note"
actions = ["read", "edit"]
when = { attribute = "object.owner_id", equals = { attribute = "actor.id" } }
"""

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.conditions import (
    ALWAYS,
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
from vallum.guard.authorization.policy.decisions import Policy
from vallum.guard.authorization.policy.kinds import Attribute, Kind, Read
from vallum.guard.authorization.policy.resources import Relation, Resource
from vallum.guard.authorization.policy.rules import Rule, allow, allow_fields, forbid, forbid_fields

_TOP: Final = frozenset({"actor", "environment", "resources", "roles", "rules"})
_RULE: Final = frozenset(
    {"name", "effect", "resource", "actions", "read_fields", "write_fields", "roles", "when", "strangers"}
)
_TARGETS: Final = ("actions", "read_fields", "write_fields")
_COMPARES: Final = {one.value: one for one in Compare}


def read_policy(
    text: str,
    models: Mapping[str, type[Any]],
    *,
    readers: Mapping[str, Read] | None = None,
    relations: Mapping[str, Mapping[str, Relation]] | None = None,
) -> Policy:
    """The policy that the TOML describes, for the `models` by resource name.

    `readers` bring attributes of the actor, `relations` are given by resource and name: both are code, so they are not
    in the text. Raises `ConfigError` for whatever is unknown or unclear, with the place.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the policy is no TOML: {error}.", code="policy-toml") from None
    _demand_keys("the policy", found, _TOP)
    resources = _table(found, "resources")
    if absent := sorted(models.keys() ^ resources.keys()):
        _refuse("resources", f"{', '.join(absent)} must stand both in the text and in models=")
    return Policy(
        actor=_read_actor(_table(found, "actor"), readers or {}),
        environment=_read_kinds("environment", _table(found, "environment")),
        resources=[
            _read_resource(name, _table(resources, name), models[name], (relations or {}).get(name, {}))
            for name in resources
        ],
        roles={role: _names(f"roles.{role}", names) for role, names in _table(found, "roles").items()},
        rules=[_read_rule(f"rules[{at}]", rule) for at, rule in enumerate(_list("rules", found.get("rules", [])))],
    )


def _read_actor(kinds: Mapping[str, Any], readers: Mapping[str, Read]) -> dict[str, Kind | Attribute]:
    if unknown := sorted(readers.keys() - kinds.keys()):
        _refuse("actor", f"readers for undeclared attributes: {', '.join(unknown)}")
    declared = _read_kinds("actor", kinds)
    return {name: kind.read_by(readers[name]) if name in readers else kind for name, kind in declared.items()}


def _read_kinds(place: str, kinds: Mapping[str, Any]) -> dict[str, Kind]:
    known = {kind.value: kind for kind in Kind}
    for name, word in kinds.items():
        if not isinstance(word, str) or word not in known:
            _refuse(f"{place}.{name}", f"{word!r} is no kind; known are {', '.join(known)}")
    return {name: known[word] for name, word in kinds.items()}


def _read_resource(
    name: str, table: Mapping[str, Any], model: type[Any], relations: Mapping[str, Relation]
) -> Resource:
    place = f"resources.{name}"
    _demand_keys(place, table, frozenset({"actions", "attributes", "fields"}))
    return Resource(
        name=name,
        model=model,
        actions=_names(place, table.get("actions", [])),
        attributes=_read_kinds(place, _table(table, "attributes")),
        fields=_names(place, table.get("fields", [])),
        relations=relations,
    )


def _read_rule(place: str, table: Any) -> Rule:
    if not isinstance(table, dict):
        _refuse(place, "a table was expected")
    _demand_keys(place, table, _RULE)
    targets = [key for key in _TARGETS if key in table]
    if len(targets) != 1 or not isinstance(table.get("resource"), str):
        _refuse(place, f"a resource and one of {', '.join(_TARGETS)} were expected")
    effect, strangers, name = table.get("effect"), table.get("strangers", False), table.get("name", "")
    if effect not in ("allow", "forbid") or not isinstance(strangers, bool) or not isinstance(name, str):
        _refuse(place, 'effect = "allow" or "forbid" was expected, strangers = true or false, and name as text')
    if strangers and (effect != "allow" or targets != ["actions"]):
        _refuse(place, "strangers is for rules that allow actions; those that forbid hold for everybody")
    said: dict[str, Any] = {
        "roles": _names(place, table.get("roles", [])),
        "when": read_condition(place, table["when"]) if "when" in table else ALWAYS,
        "name": name or place,
    }
    names, resource = _names(place, table[targets[0]]), table["resource"]
    if targets == ["actions"]:
        if effect == "allow":
            return allow(names, resource, strangers=strangers, **said)
        return forbid(names, resource, **said)
    build: Callable[..., Rule] = allow_fields if effect == "allow" else forbid_fields
    return build(targets[0].partition("_")[0], names, resource, **said)


def read_condition(place: str, table: Any) -> Condition:
    """The condition of a table: `all`, `any`, `not`, `has_role`, or an attribute or relation with one comparison."""
    match table:
        case {"all": list(parts), **rest} if not rest and parts:
            return Every(tuple(read_condition(place, part) for part in parts))
        case {"any": list(parts), **rest} if not rest and parts:
            return Some(tuple(read_condition(place, part) for part in parts))
        case {"not": part, **rest} if not rest:
            return Negation(read_condition(place, part))
        case {"has_role": names, **rest} if not rest:
            return Roles(frozenset(_names(place, names)))
        case {"relation": str(name), "reaches": value, **rest} if not rest:
            return Related(name, _read_value(place, value))
        case {"attribute": str(name), **rest} if len(rest) == 1:
            word, value = next(iter(rest.items()))
            return _compare(place, _read_field(place, name), str(word), value)
    return _refuse(place, f"{table!r} is no condition")


def _compare(place: str, field: Field, word: str, value: Any) -> Condition:
    if word == "is_none" and isinstance(value, bool):
        return Absence(field) if value else Negation(Absence(field))
    if word == "in":
        if isinstance(value, list):
            return Membership(field, frozenset(_read_constant(place, one) for one in value))
        found = _read_value(place, value)
        if isinstance(found, Field):
            return Membership(field, found)
    if word in _COMPARES:
        return Comparison(field, _COMPARES[word], _read_value(place, value))
    return _refuse(place, f"{word} = {value!r} is no comparison; known are in, is_none, {', '.join(_COMPARES)}")


def _read_field(place: str, name: str) -> Field:
    owner, _, attribute = name.partition(".")
    if owner not in {one.value for one in Place} or not attribute:
        _refuse(place, f"{name!r} is no attribute; write actor.NAME, object.NAME or environment.NAME")
    return Field(Place(owner), attribute)


def _read_value(place: str, value: Any) -> object:
    match value:
        case {"attribute": str(name), **rest} if not rest:
            return _read_field(place, name)
    return _read_constant(place, value)


def _read_constant(place: str, value: Any) -> object:
    if not isinstance(value, (str, int, datetime)):
        _refuse(place, f"{value!r} is no constant")
    return value


def _table(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = found.get(key, {})
    if not isinstance(table, dict):
        _refuse(key, "a table was expected")
    return table


def _list(place: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        _refuse(place, "a list was expected")
    return value


def _names(place: str, value: Any) -> list[str]:
    if not all(isinstance(name, str) for name in _list(place, value)):
        _refuse(place, "a list of names was expected")
    return list(value)


def _demand_keys(place: str, table: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(table.keys() - known):
        _refuse(place, f"unknown: {', '.join(unknown)}; known are {', '.join(sorted(known))}")


def _refuse(place: str, problem: str) -> NoReturn:
    raise ConfigError(f"{place}: {problem}.", hint="See docs/policy.md, TOML.", code="policy-toml")
