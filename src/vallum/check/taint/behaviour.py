"""What a class of the project does when Python itself calls its methods: operators, `str`, subscripts, `with`."""

from typing import Final

from vallum.check.flow import nodes
from vallum.check.taint.classes import find_member
from vallum.check.taint.invoke import invoke
from vallum.check.taint.machine import Arguments
from vallum.check.taint.state import Frame
from vallum.check.taint.value import FUNCTION, OBJECT, Value

OPERATORS: Final = {
    "+": ("__add__", "__radd__"), "-": ("__sub__", "__rsub__"), "*": ("__mul__", "__rmul__"),
    "/": ("__truediv__", "__rtruediv__"), "%": ("__mod__", "__rmod__"), "|": ("__or__", "__ror__"),
    "&": ("__and__", "__rand__"), "<<": ("__lshift__", "__rlshift__"), ">>": ("__rshift__", "__rrshift__"),
}  # fmt: skip


def call_member(instance: Value, name: str, values: list[Value], node: nodes.Node, frame: Frame) -> Value | None:
    """The result of a method that the class of an object defines; None for other values and classes without it."""
    if instance.kind != OBJECT:
        return None
    owner = frame.machine.cell(instance, frame).owner
    member = find_member(owner, name) if owner is not None and hasattr(owner, "members") else None
    if member is None or member.kind != FUNCTION:
        return None
    result = invoke(member.data, Arguments([instance, *values]), node, frame)
    frame.ended = False
    return result


def call_operator(operator: str, left: Value, right: Value, node: nodes.Node, frame: Frame) -> Value | None:
    """`left operator right` where either is an object whose class says what it means."""
    names = OPERATORS.get(operator)
    if names is None:
        return None
    found = call_member(left, names[0], [right], node, frame)
    return call_member(right, names[1], [left], node, frame) if found is None else found


def as_text(value: Value, node: nodes.Node, frame: Frame) -> Value | None:
    """`str(value)` of an object whose class says what it is as text."""
    for name in ("__str__", "__repr__"):
        found = call_member(value, name, [], node, frame)
        if found is not None:
            return found
    return None


def spread(value: Value, node: nodes.Node, frame: Frame) -> Value | None:
    """What going through an object gives, where its class says so."""
    return call_member(value, "__iter__", [], node, frame)
