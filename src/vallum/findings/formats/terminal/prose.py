"""Markdown of a control's page as terminal text: wrapped prose, lists, tables as lines, code as it is."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from vallum.catalogue.page import Block
from vallum.findings.formats.terminal.sheet import Sheet
from vallum.findings.summary import Mark
from vallum.findings.text import measure

INDENT: Final = 2
_FOUND: Final = re.compile(r"\s*(?:#|//|--|<!--|\{#|/\*|;)\s*finding\s*(?:-->|#\}|\*/)?\s*$")
"""The comment that marks a line for the tests; the reader sees the broken mark in the margin instead."""


def write_markdown(sheet: Sheet, source: str, blocks: Sequence[Block]) -> None:
    """Write a section; `blocks` are its code blocks in their order, whose lines to be found get the broken mark."""
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(source))
    waiting = iter(blocks)
    for node in tree.children:
        _write_node(sheet, node, waiting, INDENT)


def _write_node(sheet: Sheet, node: SyntaxTreeNode, blocks: Iterator[Block], indent: int) -> None:
    if node.type == "fence":
        _write_code(sheet, next(blocks, None), node.content, indent)
    elif node.type == "code_block":
        _write_code(sheet, None, node.content, indent)
    elif node.type in {"bullet_list", "ordered_list"}:
        _write_list(sheet, node, blocks, indent)
    elif node.type == "table":
        _write_table(sheet, node, indent)
    elif node.type == "blockquote":
        for child in node.children:
            _write_node(sheet, child, blocks, indent + 2)
    elif node.type in {"paragraph", "heading"}:
        sheet.wrap(_spoken(node), indent=indent)
    elif node.content:
        sheet.wrap(node.content, indent=indent)
    sheet.skip()


def _write_list(sheet: Sheet, node: SyntaxTreeNode, blocks: Iterator[Block], indent: int) -> None:
    for number, item in enumerate(node.children, 1):
        sign = "-" if node.type == "bullet_list" else f"{number}."
        for index, child in enumerate(item.children):
            if child.type == "paragraph":
                hang = indent + len(sign) + 1
                sheet.wrap(_spoken(child), indent=hang, first="" if index else " " * indent + sign + " ")
            else:
                _write_node(sheet, child, blocks, indent + len(sign) + 1)


def _write_table(sheet: Sheet, node: SyntaxTreeNode, indent: int) -> None:
    """Columns side by side where they fit, else one cell a line."""
    rows = [[_spoken(cell) for cell in row.children] for part in node.children for row in part.children]
    widths = [max(measure(sheet.clean(cell)) for cell in column) for column in zip(*rows, strict=True)]
    if indent + sum(widths) + 3 * (len(widths) - 1) <= sheet.width:
        for row in rows:
            sheet.add(" " * indent, "   ".join(sheet.pad(cell, width) for cell, width in zip(row, widths, strict=True)))
        return
    for row in rows:
        for index, cell in enumerate(row):
            sheet.wrap(cell, indent=indent + (2 if index else 0))


def _write_code(sheet: Sheet, block: Block | None, code: str, indent: int) -> None:
    sheet.skip()
    if block and block.filename:
        sheet.add(" " * indent, block.filename)
    found = block.findings if block else frozenset[int]()
    for number, line in enumerate(code.expandtabs(4).splitlines(), 1):
        sign = sheet.sign(Mark.BROKEN) if number in found else " "
        sheet.code(_FOUND.sub("", line) if number in found else line, " " * indent, sign, " ")


def _spoken(node: SyntaxTreeNode) -> str:
    """The words of a paragraph or cell; links keep their address, code its backticks."""
    if node.type in {"text", "html_inline"}:
        return node.content
    if node.type == "code_inline":
        return f"`{node.content}`"
    if node.type in {"softbreak", "hardbreak"}:
        return " "
    words = "".join(_spoken(child) for child in node.children)
    if node.type == "link":
        address = str(node.attrs.get("href", ""))
        return words if address in words else f"{words} ({address})"
    return words
