"""Edits of a file's text at the places of its nodes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vallum.check.flow import nodes


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """New text for a span of one line; columns count UTF-8 bytes from 0, as those of nodes do."""

    line: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """How the findings of one rule are mended without a doubt."""

    source: str
    """The rule's slug."""
    edit: Callable[[nodes.Call], Edit | None]
    """The edit of the call that is blamed; None where it is not certain."""


def replace_node(node: nodes.Node, text: str) -> Edit | None:
    """Put a text in the place of a node, if it stands on one line."""
    return Edit(node.line, node.column, node.end_column, text) if node.line == node.end_line else None


def flip_keyword(call: nodes.Call, name: str, *, to: bool) -> Edit | None:
    """Turn the literal `True` or `False` of a keyword into the other."""
    for keyword, value in call.keywords:
        if keyword == name and isinstance(value, nodes.Const) and value.value is (not to):
            return replace_node(value, str(to))
    return None


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text after all edits, which do not overlap."""
    lines = text.split("\n")
    for edit in sorted(edits, reverse=True):
        line = lines[edit.line - 1].encode()
        lines[edit.line - 1] = (line[: edit.start] + edit.text.encode() + line[edit.end :]).decode()
    return "\n".join(lines)
