"""A control's page: a TOML head between `+++` lines, then Markdown under six fixed headings."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt

from vallum.catalogue.control import AREAS, Control, PageError, Severity, Status

SECTIONS: Final = ("Promise", "Why", "Vulnerable", "Secure", "Proof", "Known gaps")
_FENCE: Final = "+++\n"
_MARK: Final = re.compile(r"(?:#|//|--|<!--|\{#|/\*|;)\s*(finding|missed-finding)\s*(?:-->|#\}|\*/)?\s*$")
"""The comment at the end of a line; formats without such comments name lines after the language: `json finding=4`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced code block of a page."""

    section: str
    language: str
    filename: str
    """The name after the language, for rules that read files by name; may be empty."""
    code: str
    line: int
    """The line of the page on which the code begins, counted from 1."""
    findings: frozenset[int]
    """The lines of the code, counted from 1, that a rule must find."""
    missed: frozenset[int]
    """The lines that a rule should find and does not yet: a known gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole page."""

    control: Control
    path: Path
    sections: Mapping[str, str]
    """Markdown source by heading."""
    blocks: tuple[Block, ...]


def read_control(path: Path) -> Control:
    """Read only the head of the page at `path`. Raises `PageError`."""
    head, _, _ = _split(path)
    return _control(head, path)


def read_page(path: Path) -> Page:
    """Read the page at `path`, with its sections and code blocks. Raises `PageError`."""
    head, body, offset = _split(path)
    sections: dict[str, str] = {}
    blocks: list[Block] = []
    lines = body.splitlines(keepends=True)
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    headings = [
        (tokens[index + 1].content, token.map)
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2" and token.map
    ]
    for index, (title, span) in enumerate(headings):
        end = headings[index + 1][1][0] if index + 1 < len(headings) else len(lines)
        sections[title] = "".join(lines[span[1] : end]).strip()
    for token in tokens:
        if token.type != "fence" or not token.map:
            continue
        start = token.map[0]
        section = next((title for title, span in reversed(headings) if span[0] <= start), "")
        blocks.append(_block(token.info, token.content, section, offset + start + 2))
    return Page(control=_control(head, path), path=path, sections=sections, blocks=tuple(blocks))


def _block(info: str, code: str, section: str, line: int) -> Block:
    words = info.split()
    marks = {"finding": set[int](), "missed-finding": set[int]()}
    for word in words[1:]:
        name, equals, numbers = word.partition("=")
        if equals and name in marks:
            marks[name].update(int(number) for number in numbers.split(","))
    for number, text in enumerate(code.splitlines(), 1):
        if mark := _MARK.search(text):
            marks[mark[1]].add(number)
    return Block(
        section=section,
        language=words[0] if words else "",
        filename=next((word for word in words[1:] if "=" not in word), ""),
        code=code,
        line=line,
        findings=frozenset(marks["finding"]),
        missed=frozenset(marks["missed-finding"]),
    )


def _split(path: Path) -> tuple[dict[str, Any], str, int]:
    text = path.read_text(encoding="utf-8")
    parts = text.split(_FENCE, 2)
    if len(parts) != 3 or parts[0]:
        raise PageError(f"{path.name}: the page must begin with a TOML head between two +++ lines.")
    try:
        head = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        raise PageError(f"{path.name}: the head is not TOML: {error}.") from error
    return head, parts[2], parts[1].count("\n") + 2


def _control(head: dict[str, Any], path: Path) -> Control:
    try:
        control = Control(
            id=head["id"],
            title=head["title"],
            area=head["area"],
            order=head["order"],
            severity=Severity(head["severity"]),
            cwe=tuple(head["cwe"]),
            owasp=tuple(head["owasp"]),
            asvs=tuple(head["asvs"]),
            guard=Status(head["guard"]),
            rule=Status(head["rule"]),
            probe=Status(head["probe"]),
        )
    except KeyError as error:
        raise PageError(f"{path.name}: the head lacks {error.args[0]!r}.") from error
    except (TypeError, ValueError) as error:
        raise PageError(f"{path.name}: {error}.") from error
    if control.id != path.stem or control.area != path.parent.name or control.area not in AREAS:
        raise PageError(f"{path.name}: id and area must be the names of the file and its folder.")
    return control
