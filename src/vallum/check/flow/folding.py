"""Constants worked out without running anything."""

import operator
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.scope import Names, Scope

_DEEPEST: Final = 12
_LONGEST: Final = 10_000


class Missing(Enum):
    """What stands for a value that is not known; None is a known value."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Missing.UNKNOWN
_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "|": operator.or_, "&": operator.and_, "^": operator.xor, "<<": operator.lshift,
    ">>": operator.rshift, "**": operator.pow,
}  # fmt: skip


def fold(node: nodes.Expression | None, scope: Scope, names: Names, depth: int = 0) -> Any:
    """The value of an expression made of constants only (lists and dictionaries included), else `UNKNOWN`."""
    if depth > _DEEPEST:
        return UNKNOWN
    match node:
        case nodes.Const(value=value):
            return value
        case nodes.Name() | nodes.Attribute():
            return _named(node, scope, names, depth)
        case nodes.Binary(operator=sign, left=left, right=right):
            return apply(sign, fold(left, scope, names, depth + 1), fold(right, scope, names, depth + 1))
        case nodes.Unary(operator=sign, operand=operand):
            return _unary(sign, fold(operand, scope, names, depth + 1))
        case nodes.Items(kind=kind, elements=elements):
            values = [fold(element, scope, names, depth + 1) for element in elements]
            if UNKNOWN in values:
                return UNKNOWN
            return tuple(values) if kind == "tuple" else values
        case nodes.Table(keys=keys, values=values):
            return _table(keys, values, scope, names, depth)
        case nodes.Text(parts=parts):
            return _text([fold(_inside(part), scope, names, depth + 1) for part in parts], parts)
    return UNKNOWN


def apply(sign: str, left: Any, right: Any) -> Any:
    """The result of a binary operator on two constants; `UNKNOWN` if it fails or would be very large."""
    if left is UNKNOWN or right is UNKNOWN or sign not in _OPERATORS:
        return UNKNOWN
    if sign in {"*", "**", "<<"} and not _is_small(sign, left, right):
        return UNKNOWN
    try:
        result = _OPERATORS[sign](left, right)
    except Exception:  # noqa: BLE001 -- the operands are the analysed program's, and so are its mistakes
        return UNKNOWN
    return UNKNOWN if isinstance(result, str | bytes | list | tuple) and len(result) > _LONGEST else result


def _is_small(sign: str, left: Any, right: Any) -> bool:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return abs(left) < 1 << 64 and abs(right) < (1 << 64 if sign == "*" else 1 << 12)
    sized, times = (left, right) if isinstance(right, int) else (right, left)
    return isinstance(times, int) and hasattr(sized, "__len__") and len(sized) * max(times, 0) <= _LONGEST


def _unary(sign: str, value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN
    if sign == "not":
        return not value
    if not isinstance(value, int | float):
        return UNKNOWN
    if sign == "~":
        return ~value if isinstance(value, int) else UNKNOWN
    return -value if sign == "-" else +value


def _named(node: nodes.Name | nodes.Attribute, scope: Scope, names: Names, depth: int) -> Any:
    if isinstance(node, nodes.Attribute):
        return _imported(names.name_of(node, scope), scope, names, depth)
    name = node.id
    current: Scope | None = scope
    while current is not None:
        if name in current.bindings:
            binding = current.bindings[name]
            if isinstance(binding, str):
                return _imported(binding, current, names, depth)
            return fold(binding, current, names, depth + 1) if isinstance(binding, nodes.Expression) else UNKNOWN
        current = current.outer
    return UNKNOWN


def _imported(qualified: str, scope: Scope, names: Names, depth: int) -> Any:
    head, _, last = names.canonical(qualified, scope.module).rpartition(".")
    module = names.index.find_module(head, scope.module)
    if module is None:
        return UNKNOWN
    outer = names.scope_of(module, None)
    binding = outer.bindings.get(last)
    return fold(binding, outer, names, depth + 1) if isinstance(binding, nodes.Expression) else UNKNOWN


def _table(keys: Any, values: Any, scope: Scope, names: Names, depth: int) -> Any:
    result: dict[Any, Any] = {}
    for key, value in zip(keys, values, strict=True):
        name = fold(key, scope, names, depth + 1) if key is not None else UNKNOWN
        content = fold(value, scope, names, depth + 1)
        if name is UNKNOWN or content is UNKNOWN or isinstance(name, list | dict):
            return UNKNOWN
        result[name] = content
    return result


def _inside(part: nodes.Expression) -> nodes.Expression:
    return part.value if isinstance(part, nodes.Hole) and not part.specification else part


def _text(values: list[Any], parts: tuple[nodes.Expression, ...]) -> Any:
    whole = all(isinstance(value, str | int) for value in values)
    plain = all(not isinstance(part, nodes.Hole) or part.conversion in {"", "s"} for part in parts)
    return "".join(str(value) for value in values) if whole and plain else UNKNOWN
