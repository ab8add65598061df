"""Text as HTML: code in prose, the value in a line of code, the promise of a control's page."""

import re
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from vallum.base.errors import VallumError
from vallum.catalogue.registry import find_page
from vallum.findings.text import show_hidden

_CODE: Final = re.compile(r"`([^`]+)`")
# Raw HTML stays text and pictures stay words: the report loads nothing.
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def show_code(text: str) -> Markup:
    """Prose in which what stands between backticks is code."""
    parts = _CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(show_hidden(part)) if index % 2 else escape(show_hidden(part))
        for index, part in enumerate(parts)
    )


def mark_value(line: str, value: str) -> Markup:
    """A line of code in which the value that travels is marked: its last occurrence that is a whole word."""
    line, value = show_hidden(line), show_hidden(value)
    if not value or value not in line:
        return escape(line)
    whole = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", line)]
    start = whole[-1] if whole else line.rindex(value)
    end = start + len(value)
    return Markup("{}<mark>{}</mark>{}").format(line[:start], value, line[end:])


@cache
def read_promise(control_id: str) -> Markup:
    """The promise on a control's page as HTML; empty for a page that has none yet, or for no page."""
    try:
        promise = find_page(control_id).sections.get("Promise", "")
    except VallumError:
        promise = ""
    return Markup(_MARKDOWN.render(promise))  # noqa: S704 - our own pages, rendered with raw HTML switched off
