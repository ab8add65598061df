"""The small markup of notes, read into blocks and pieces; `templates/markup.html` writes them out, escaped."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vallum.guard.input.expressions import ExpressionRefusedError, Formula
from vallum.guard.output.redirects import Redirects

LOCAL: Final = Redirects()
FOREIGN: Final = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?")
MAIL: Final = re.compile(r"mailto:[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
INLINE: Final = re.compile(
    r"\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*]+)\*|`(?P<code>[^`]+)`|\[(?P<text>[^\[\]]+)\]\((?P<link>[^()\s]+)\)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text: plain, `strong`, `em`, `code`, or a `link` with its target."""

    kind: str
    text: str
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A line: `h2` to `h4`, `sum`, or `p`; or several lines, `list`, with one tuple of pieces each."""

    kind: str
    lines: tuple[tuple[Piece, ...], ...]


def read_markup(text: str) -> list[Block]:
    """The note as blocks."""
    blocks: list[Block] = []
    for line in filter(str.strip, text.splitlines()):
        block = read_line(line)
        if block.kind == "list" and blocks and blocks[-1].kind == "list":
            blocks[-1] = Block(kind="list", lines=(*blocks[-1].lines, *block.lines))
        else:
            blocks.append(block)
    return blocks


def read_line(line: str) -> Block:
    """One line as a block."""
    if line.startswith("= "):
        return Block(kind="sum", lines=((Piece(kind="plain", text=work_out(line[2:])),),))
    if line.startswith("#"):
        level = min(len(line) - len(line.lstrip("#")), 3) + 1
        return Block(kind=f"h{level}", lines=(tuple(read_pieces(line.lstrip("#").strip())),))
    if line.startswith("- "):
        return Block(kind="list", lines=(tuple(read_pieces(line[2:])),))
    return Block(kind="p", lines=(tuple(read_pieces(line)),))


def read_pieces(line: str) -> Iterator[Piece]:
    """The pieces of a line. A link whose target is not allowed stays what was typed."""
    place = 0
    for found in INLINE.finditer(line):
        yield Piece(kind="plain", text=line[place : found.start()])
        place = found.end()
        kind = found.lastgroup or "plain"
        if kind != "link":
            yield Piece(kind=kind, text=found[kind])
        elif target := safe_link(found["link"]):
            yield Piece(kind="link", text=found["text"], target=target)
        else:
            yield Piece(kind="plain", text=found[0])
    yield Piece(kind="plain", text=line[place:])


def safe_link(target: str) -> str:
    """The target, if it is a page of this app, https or mailto; else nothing."""
    if FOREIGN.fullmatch(target) or MAIL.fullmatch(target):
        return target
    return LOCAL.resolve(target) if LOCAL.allows(target) else ""


def work_out(expression: str) -> str:
    """A line like `= 2 * 3.50` shows its result."""
    try:
        return f"{expression} = {Formula(expression).evaluate()}"
    except ExpressionRefusedError:
        return f"{expression} = ?"
