"""The paper that terminal text is written on: cleans every piece, styles it, and leaves no trailing space.

Colour comes from the reader's own sixteen: held green, broken bold red, ids bold, and nothing else. Marks stay the same
without colour, so nothing is lost.
"""

import textwrap
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from vallum.findings.options import Options
from vallum.findings.summary import Mark
from vallum.findings.text import cut_middle, measure, pad, show_hidden, spell_ascii

RESET: Final = "\x1b[0m"


class Style(StrEnum):
    """The escape sequences that are used (ECMA-48, SGR)."""

    PLAIN = ""
    HELD = "\x1b[32m"
    BROKEN = "\x1b[1;31m"
    BOLD = "\x1b[1m"


Piece = str | tuple[str, Style]
_SIGNS: Final = {
    Mark.BROKEN: ("X", "X", Style.BROKEN),
    Mark.HELD: ("■", "#", Style.HELD),
    Mark.NOTHING_EXAMINED: ("□", ".", Style.PLAIN),
    Mark.COULD_NOT_LOOK: ("?", "?", Style.PLAIN),
    Mark.DOES_NOT_APPLY: ("-", "-", Style.PLAIN),
}


class Sheet:
    """Lines of a given width. Whatever is added is made safe first, so no text from outside steers the terminal."""

    def __init__(self, options: Options) -> None:
        """Begin an empty sheet."""
        self.width = options.width
        self._color = options.color
        self._ascii = options.ascii_only
        self._lines: list[str] = []

    def add(self, *pieces: Piece) -> None:
        """Write one line."""
        self._lines.append(self.line(*pieces))

    def skip(self) -> None:
        """Leave one line empty; never two in a row, never the first."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def rule(self) -> None:
        """Draw a line from edge to edge."""
        self.add(("-" if self._ascii else "─") * self.width)

    def ends(self, left: Iterable[Piece], right: str, *, apart: bool = True) -> None:
        """Write `left`, and `right` where it fits: at the other edge, or unless `apart` right behind."""
        pieces = list(left)
        right = self.clean(right)
        room = self.width - sum(measure(self.clean(_text(piece))) for piece in pieces) - measure(right)
        if apart and room >= 2:
            pieces += [" " * room, right]
        elif not apart and room >= 0:
            pieces.append(right)
        self.add(*pieces)

    def wrap(self, text: str, *, indent: int = 0, first: str = "") -> None:
        """Write prose, wrapped between words; `first` is what the first line begins with instead of the indent."""
        room = max(self.width - indent, 16)
        begin = first or " " * indent
        for line in textwrap.wrap(self.clean(text), room, break_long_words=False, break_on_hyphens=False):
            self.add(begin, line)
            begin = " " * indent

    def code(self, text: str, *margin: Piece) -> None:
        """Write a line of code behind a margin, folded where the sheet ends, so that nothing of it is lost."""
        used = sum(measure(self.clean(_text(piece))) for piece in margin)
        text = self.clean(text)
        room = max(self.width - used, 16)
        first, *rest = _fold(text, room, min(len(text) - len(text.lstrip()) + 4, room // 2))
        self.add(*margin, first)
        for part in rest:
            self.add(" " * used, part)

    def text(self) -> str:
        """All lines, each with its end; an empty one at the end is left out."""
        lines = self._lines[:-1] if self._lines and not self._lines[-1] else self._lines
        return "".join(f"{line}\n" for line in lines)

    def clean(self, text: str) -> str:
        """The text as it will stand on the sheet, for measuring and padding."""
        shown = show_hidden(text)
        return spell_ascii(shown) if self._ascii else shown

    def pad(self, text: str, width: int) -> str:
        """The clean text, filled to `width` columns."""
        return pad(self.clean(text), width)

    def cut(self, text: str, width: int) -> str:
        """The clean text, cut in the middle to `width` columns."""
        return cut_middle(self.clean(text), width, ellipsis="..." if self._ascii else "…")

    def sign(self, mark: Mark) -> Piece:
        """The sign and style of a mark."""
        shape, ascii_shape, style = _SIGNS[mark]
        return (ascii_shape if self._ascii else shape, style)

    def line(self, *pieces: Piece) -> str:
        """One line as it is sent: cleaned, styled, without trailing spaces."""
        parts = [(self.clean(_text(piece)), _style(piece)) for piece in pieces]
        while parts and not parts[-1][0].rstrip():
            parts.pop()
        if parts:
            parts[-1] = (parts[-1][0].rstrip(), parts[-1][1])
        return "".join(self._styled(text, style) for text, style in parts)

    def _styled(self, text: str, style: Style) -> str:
        return f"{style.value}{text}{RESET}" if self._color and style and text else text


def _text(piece: Piece) -> str:
    return piece if isinstance(piece, str) else piece[0]


def _style(piece: Piece) -> Style:
    return Style.PLAIN if isinstance(piece, str) else piece[1]


def _fold(text: str, room: int, hang: int) -> list[str]:
    """The text in lines of `room` columns, the later ones indented by `hang`, broken after a space if there is one."""
    lines = []
    while len(text) > room:
        space = text.rfind(" ", room // 2, room)
        cut = space + 1 if space > hang else room
        lines.append(text[:cut])
        text = " " * hang + text[cut:]
    return [*lines, text]
