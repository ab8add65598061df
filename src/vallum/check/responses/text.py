"""The text of a header's value, with marks where it is not known."""

from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import fold
from vallum.check.flow.scope import Names, Scope

UNKNOWN_PART: Final = "\0"
"""Stands for a part that is only known when the program runs."""
CONSTANT_PART: Final = "\1"
"""Stands for a part that is made once, when its module is loaded, and stays the same for the life of the process."""
_MADE_ONCE: Final = ("secrets.", "uuid.", "os.urandom", "random.", "base64.", "hashlib.")
_DEEPEST: Final = 8


def read_text(node: nodes.Expression | None, scope: Scope, names: Names, depth: int = 0) -> str:
    """The text of an expression: constants as they are, the rest as one of the two marks."""
    if node is None or depth > _DEEPEST:
        return UNKNOWN_PART
    value = fold(node, scope, names)
    if isinstance(value, str | bytes | int):
        return value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return _composed(node, scope, names, depth + 1)


def find_binding(name: str, scope: Scope) -> tuple[object, Scope]:
    """What a name is bound to, and the scope that binds it; None when no scope does."""
    current: Scope | None = scope
    while current is not None:
        if name in current.bindings:
            return current.bindings[name], current
        current = current.outer
    return None, scope


def _composed(node: nodes.Expression, scope: Scope, names: Names, depth: int) -> str:
    text = UNKNOWN_PART
    match node:
        case nodes.Text(parts=parts):
            text = "".join(read_text(part, scope, names, depth) for part in parts)
        case nodes.Hole(value=inner):
            text = read_text(inner, scope, names, depth)
        case nodes.Binary(operator="+", left=left, right=right):
            text = read_text(left, scope, names, depth) + read_text(right, scope, names, depth)
        case nodes.Binary(operator="%", left=left):
            text = read_text(left, scope, names, depth).replace("%s", UNKNOWN_PART)
        case nodes.Call():
            text = _called(node, scope, names, depth)
        case nodes.Name(id=name):
            text = _named(name, scope, names, depth)
    return text


def _named(name: str, scope: Scope, names: Names, depth: int) -> str:
    binding, home = find_binding(name, scope)
    if not isinstance(binding, nodes.Expression):
        return UNKNOWN_PART
    if home.definition is None and isinstance(binding, nodes.Call):
        made = names.name_of(binding.function, home)
        if made.startswith(_MADE_ONCE):
            return CONSTANT_PART
    return read_text(binding, home, names, depth + 1)


def _called(node: nodes.Call, scope: Scope, names: Names, depth: int) -> str:
    match node:
        case nodes.Call(function=nodes.Attribute(base=base, name="join"), arguments=(nodes.Items(elements=elements),)):
            glue = read_text(base, scope, names, depth + 1)
            return glue.join(read_text(element, scope, names, depth + 1) for element in elements)
        case nodes.Call(function=nodes.Attribute(base=base, name="format")):
            return _filled(read_text(base, scope, names, depth + 1))
        case nodes.Call(function=nodes.Attribute(base=base, name="encode" | "strip" | "decode")):
            return read_text(base, scope, names, depth + 1)
    return UNKNOWN_PART


def _filled(text: str) -> str:
    parts = text.split("{")
    return parts[0] + "".join(UNKNOWN_PART + part.partition("}")[2] for part in parts[1:])
