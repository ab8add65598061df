"""Going through nodes."""

from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow.nodes import Class, Function, Lambda, Node, child_fields

_FIELDS: Final[dict[type[Node], tuple[str, ...]]] = {}


def _fields(cls: type[Node]) -> tuple[str, ...]:
    found = _FIELDS.get(cls)
    if found is None:
        found = _FIELDS[cls] = child_fields(cls)
    return found


def iter_children(node: Node) -> Iterator[Node]:
    """The nodes directly within a node, in source order as far as the fields are."""
    return iter(list_children(node))


def list_children(node: Node) -> list[Node]:
    """The same, at once."""
    found: list[Node] = []
    for name in _fields(node.__class__):
        child = getattr(node, name)
        if child is None:
            continue
        if child.__class__ is tuple:
            if child:
                _flatten(child, found)
        elif isinstance(child, Node):
            found.append(child)
    return found


def iter_nodes(root: Node) -> Iterator[Node]:
    """A node and all below it, outer before inner, in source order."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        children = list_children(node)
        if children:
            children.reverse()
            stack.extend(children)


def iter_scope(body: tuple[Node, ...]) -> Iterator[Node]:
    """All nodes of a body that run in its own scope: nested functions and classes are given, but not entered."""
    stack = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Function | Class):
            outside = [*node.decorators]
            if isinstance(node, Class):
                outside += [*node.bases, *(value for _, value in node.keywords)]
            else:
                outside += [part for parameter in node.parameters for part in (parameter.default,) if part is not None]
            stack.extend(reversed(outside))
        elif not isinstance(node, Lambda):
            children = list_children(node)
            if children:
                children.reverse()
                stack.extend(children)


def _flatten(items: tuple[Any, ...], found: list[Node]) -> None:
    for item in items:
        if item.__class__ is tuple:
            _flatten(item, found)
        elif isinstance(item, Node):
            found.append(item)
