"""The claims that a token is issued with: their names, values, and whole objects among them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call
from vallum.check.flow.scope import Scope
from vallum.check.project import Project
from vallum.check.readings.origins import origins_of


@dataclass(kw_only=True)
class Claims:
    """What is known of a payload."""

    values: dict[str, tuple[nodes.Expression, Scope]] = field(default_factory=dict)
    wholes: list[nodes.Expression] = field(default_factory=list)
    """What is merged into it: the value after `**`, an operand of `|`, an argument of `update`."""
    seen: bool = False
    """Whether a dictionary was found in it."""
    open: bool = False
    """Whether further claims may come from elsewhere."""


def read_claims(payload: Argument | None, call: Call, project: Project) -> Claims:
    """The claims of a payload, through names, merges, `update`, single keys and the project's functions."""
    found = Claims()
    if payload is None:
        return found
    scope = origins_of(project).scope_at(call)
    _take(payload.node, scope, found, project, set())
    if isinstance(payload.node, nodes.Name):
        _take_changes(payload.node.id, scope, found)
    return found


def _take(node: nodes.Expression, scope: Scope, found: Claims, project: Project, seen: set[int]) -> None:
    """Go from a payload to the dictionaries that it is made of; what cannot be followed leaves it open."""
    if id(node) in seen:
        return
    seen.add(id(node))
    origins = origins_of(project)
    if isinstance(node, nodes.Name):
        values, home = origins.assigned(node.id, scope)
        for value in values:
            _take(value, home or scope, found, project, seen)
        found.open = found.open or not values
    elif isinstance(node, nodes.Table):
        _take_table(node, scope, found, project, seen)
    elif isinstance(node, nodes.Binary) and node.operator == "|":
        for part in (node.left, node.right):
            found.wholes.append(part)
            _take(part, scope, found, project, seen)
    elif isinstance(node, nodes.Call):
        _take_call(node, scope, found, project, seen)
    else:
        found.open = True


def _take_table(node: nodes.Table, scope: Scope, found: Claims, project: Project, seen: set[int]) -> None:
    found.seen = True
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            found.wholes.append(value)
            _take(value, scope, found, project, seen)
        elif isinstance(key, nodes.Const) and isinstance(key.value, str):
            found.values.setdefault(key.value, (value, scope))
        else:
            found.open = True


def _take_call(node: nodes.Call, scope: Scope, found: Claims, project: Project, seen: set[int]) -> None:
    """`dict(sub=...)`, `claims.copy()`, and functions of the project."""
    origins = origins_of(project)
    known = origins.called(node, scope)
    if known is not None:
        for value in known.returns:
            _take(value.node, origins.scope_of(known), found, project, seen)
    elif isinstance(node.function, nodes.Name) and node.function.id == "dict":
        found.seen = True
        found.values |= {key: (value, scope) for key, value in node.keywords if key}
        found.open = found.open or any(key is None for key, _ in node.keywords)
        for argument in node.arguments:
            _take(argument, scope, found, project, seen)
    elif isinstance(node.function, nodes.Attribute) and node.function.name == "copy":
        _take(node.function.base, scope, found, project, seen)
    else:
        found.open = True
        found.wholes.append(node)


def _take_changes(name: str, scope: Scope, found: Claims) -> None:
    """`claims["exp"] = ...`, `claims.update({...})`, `claims.update(exp=...)`."""
    for node in scope.nodes:
        match node:
            case nodes.Assign(value=nodes.Expression() as value, targets=(target, *_)) if _is_named(target, name):
                if isinstance(target, nodes.Subscript) and isinstance(target.index, nodes.Const):
                    found.values.setdefault(str(target.index.value), (value, scope))
            case nodes.Call(function=nodes.Attribute(name="update", base=nodes.Name(id=base))) if base == name:
                _take_update(node, scope, found)


def _take_update(node: nodes.Call, scope: Scope, found: Claims) -> None:
    found.values |= {key: (value, scope) for key, value in node.keywords if key}
    for key, value, whole in _merged(node.arguments):
        if whole is not None:
            found.wholes.append(whole)
            found.open = True
        elif value is not None:
            found.values.setdefault(key, (value, scope))


def _merged(
    arguments: tuple[nodes.Expression, ...],
) -> Iterator[tuple[str, nodes.Expression | None, nodes.Expression | None]]:
    for argument in arguments:
        if not isinstance(argument, nodes.Table):
            yield "", None, argument
            continue
        for key, value in zip(argument.keys, argument.values, strict=True):
            if isinstance(key, nodes.Const) and isinstance(key.value, str):
                yield key.value, value, None


def _is_named(target: nodes.Expression, name: str) -> bool:
    return isinstance(target, nodes.Subscript) and isinstance(target.base, nodes.Name) and target.base.id == name
