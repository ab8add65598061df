"""Field rules: which fields of an object an actor may read, and which she may write (CWE-213, CWE-915)."""

from collections.abc import Iterable, Mapping
from typing import Any

from vallum.guard.authorization.policy.decisions import AccessDeniedError, Policy
from vallum.guard.authorization.policy.evaluation import Environment
from vallum.guard.authorization.policy.rules import FieldUse, name_fields


def find_fields(
    policy: Policy, actor: Any, use: FieldUse, item: Any, environment: Environment | None = None
) -> frozenset[str]:
    """The fields of the object that the actor may read or write; none unless `allow_fields` says so."""
    fields = policy.register_of(item).words.resource.fields
    return frozenset(
        field
        for field in fields
        if all(policy.check(actor, action, item, environment or {}) for action in name_fields(use, [field]))
    )


def read_fields(policy: Policy, actor: Any, item: Any, environment: Environment | None = None) -> dict[str, Any]:
    """The readable fields with their values, in the order in which the resource declares them."""
    readable = find_fields(policy, actor, "read", item, environment)
    fields = policy.register_of(item).words.resource.fields
    return {field: getattr(item, field) for field in fields if field in readable}


def write_fields(
    policy: Policy, actor: Any, item: Any, changes: Mapping[str, Any], environment: Environment | None = None
) -> None:
    """Set the changes on the object, all or none. Raises `AccessDeniedError` (403) for a field she may not write."""
    demand_fields(policy, actor, "write", item, changes, environment)
    for name, value in changes.items():
        setattr(item, name, value)


def demand_fields(
    policy: Policy,
    actor: Any,
    use: FieldUse,
    item: Any,
    names: Iterable[str],
    environment: Environment | None = None,
) -> None:
    """Raise `AccessDeniedError` (403) unless she may use all of them; its cause names those that she may not."""
    refused = sorted(set(names) - find_fields(policy, actor, use, item, environment))
    if refused:
        raise AccessDeniedError(f"may not {use} {', '.join(repr(name[:64]) for name in refused)}")
