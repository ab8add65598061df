"""What a value is when the environment says nothing: `os.environ.get("DEBUG", "1") == "1"` is true."""

from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN, fold
from vallum.check.flow.scope import Names, Scope

_READERS: Final = (
    "os.environ.get", "os.getenv", "environ.get", "getenv", "decouple.config", "os.environ.setdefault",
)  # fmt: skip
_TYPED: Final = frozenset({"bool", "str", "int", "get_bool", "bool_", "__call__"})
_TRUE: Final = frozenset({"1", "true", "yes", "on", "y", "t"})
_DEEPEST: Final = 8


def evaluate_default(node: nodes.Expression | None, scope: Scope, names: Names, depth: int = 0) -> Any:
    """The value of an expression with every environment variable unset, or `UNKNOWN`."""
    if node is None or depth > _DEEPEST:
        return UNKNOWN
    value = fold(node, scope, names)
    if value is not UNKNOWN:
        return value
    return _evaluate(node, scope, names, depth + 1)


def _evaluate(node: nodes.Expression, scope: Scope, names: Names, depth: int) -> Any:
    value: Any = UNKNOWN
    match node:
        case nodes.Compare(left=left, operators=(operator,), others=(right,)):
            sides = [evaluate_default(side, scope, names, depth) for side in (left, right)]
            value = UNKNOWN if UNKNOWN in sides else _compare(sides[0], operator, sides[1])
        case nodes.Unary(operator="not", operand=operand):
            inner = evaluate_default(operand, scope, names, depth)
            value = UNKNOWN if inner is UNKNOWN else not inner
        case nodes.Logic(operator=operator, values=values):
            value = _combine(operator, [evaluate_default(item, scope, names, depth) for item in values])
        case nodes.Name(id=name):
            value = _named(name, scope, names, depth)
        case nodes.Call():
            value = _called(node, scope, names, depth)
    return value


def reads_environment(node: nodes.Call, scope: Scope, names: Names) -> bool:
    """Whether a call reads a variable of the environment, by the standard library or by a settings library."""
    name = names.name_of(node.function, scope)
    if name in _READERS or name in {"decouple.config", "environ.Env()", "environ.Env"}:
        return True
    head, _, last = name.rpartition(".")
    return (last in _TYPED and head.lower().endswith(("env()", "env", "environ"))) or name.endswith("Config()")


def is_true(value: Any) -> bool:
    """Whether a setting with this value is on: True, 1, or a text that settings libraries take for true."""
    return value.strip().lower() in _TRUE if isinstance(value, str) else bool(value)


def _named(name: str, scope: Scope, names: Names, depth: int) -> Any:
    current: Scope | None = scope
    while current is not None:
        if name in current.bindings:
            binding = current.bindings[name]
            if isinstance(binding, nodes.Expression):
                return evaluate_default(binding, current, names, depth + 1)
            return UNKNOWN
        current = current.outer
    return UNKNOWN


def _called(node: nodes.Call, scope: Scope, names: Names, depth: int) -> Any:
    function, arguments = node.function, node.arguments
    if reads_environment(node, scope, names):
        keywords = dict(node.keywords)
        fallback = arguments[1] if len(arguments) > 1 else keywords.get("default")
        value = None if fallback is None else evaluate_default(fallback, scope, names, depth + 1)
        typed = isinstance(function, nodes.Attribute) and function.name in {"bool", "get_bool"}
        return is_true(value) if typed and isinstance(value, str) else value
    if isinstance(function, nodes.Attribute) and function.name in {"lower", "strip", "upper", "casefold"}:
        text = evaluate_default(function.base, scope, names, depth + 1)
        return getattr(text, function.name)() if isinstance(text, str) else UNKNOWN
    name = names.name_of(function, scope).rpartition(".")[2]
    if name in {"bool", "int", "str", "strtobool", "str_to_bool", "str2bool", "parse_bool"} and len(arguments) == 1:
        return _convert(name, evaluate_default(arguments[0], scope, names, depth + 1))
    return UNKNOWN


def _convert(name: str, value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN
    if name == "bool":
        return bool(value)
    if name == "str":
        return str(value)
    if name == "int":
        return int(value) if isinstance(value, int | str) and str(value).strip().lstrip("-").isdigit() else UNKNOWN
    return is_true(value) if isinstance(value, str | int | None) else UNKNOWN


def _compare(left: Any, operator: str, right: Any) -> Any:
    if operator in {"==", "is"}:
        return left == right
    if operator in {"!=", "is not"}:
        return left != right
    if operator in {"in", "not in"} and isinstance(right, str | list | tuple | dict):
        inside = left in right if not isinstance(right, str) or isinstance(left, str) else False
        return inside if operator == "in" else not inside
    return UNKNOWN


def _combine(operator: str, values: list[Any]) -> Any:
    result: Any = UNKNOWN
    for value in values:
        if value is UNKNOWN:
            return UNKNOWN
        result = value
        if bool(value) is (operator == "or"):
            break
    return result
