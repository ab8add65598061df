"""Going through nodes."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from vallum.check.flow.nodes import Class, Function, Lambda, Node, child_fields


@cache
def _fields(cls: type) -> tuple[str, ...]:
    return child_fields(cls)


def iter_children(node: Node) -> Iterator[Node]:
    """The nodes directly within a node, in source order as far as the fields are."""
    for name in _fields(node.__class__):
        child = getattr(node, name)
        if child is None:
            continue
        if isinstance(child, Node):
            yield child
        elif child.__class__ is tuple:
            yield from _flatten(child)


def iter_nodes(root: Node) -> Iterator[Node]:
    """A node and all below it, outer before inner, in source order."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        children = list(iter_children(node))
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
            children = list(iter_children(node))
            children.reverse()
            stack.extend(children)


def _flatten(items: tuple[Any, ...]) -> Iterator[Node]:
    for item in items:
        if isinstance(item, Node):
            yield item
        elif item.__class__ is tuple:
            yield from _flatten(item)
