"""The catalogue in a terminal: what `vallum controls` shows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from vallum.catalogue.control import WAYS, Control, Status
from vallum.findings.formats.terminal.sheet import Sheet, Style
from vallum.findings.options import Options

Groups = Sequence[tuple[str, Sequence[Control]]]
WordOf = Callable[[Control, str], str]
"""What to say of a control's `guard`, `rule` or `probe`; `WORDS` are those of a status."""
_ID: Final = 32
_SEVERITY: Final = 10
_WAY: Final = 9
_TITLES_FROM: Final = 100
_WAYS_FROM: Final = 72
WORDS: Final[Mapping[Status, str]] = {Status.BUILT: "built", Status.PLANNED: "planned", Status.NONE: "-"}


def render_controls(groups: Groups, word_of: WordOf, options: Options) -> str:
    """The controls under the headings of `groups`, with what exists of each way, and their number."""
    sheet = Sheet(options)
    ways = options.width >= _WAYS_FROM
    head = "".join(sheet.pad(way, _WAY) for way in WAYS) if ways else ""
    for heading, controls in groups:
        sheet.skip()
        sheet.add((sheet.pad(heading, 2 + _ID + _SEVERITY), Style.BOLD), head)
        for control in controls:
            sheet.add("  ", sheet.pad(control.id, _ID), *_columns(sheet, control, word_of, options.width))
    count = len({control.id for _, controls in groups for control in controls})
    sheet.skip()
    sheet.rule()
    sheet.ends([f"{count} controls"], "vallum explain ID")
    return sheet.text()


def _columns(sheet: Sheet, control: Control, word_of: WordOf, width: int) -> list[str]:
    columns = [sheet.pad(control.severity.value, _SEVERITY)] if width >= 2 + _ID + _SEVERITY else []
    if width >= _WAYS_FROM:
        columns += [sheet.pad(word_of(control, way), _WAY) for way in WAYS]
    if width >= _TITLES_FROM:
        columns.append(sheet.cut(control.title, width - 2 - _ID - _SEVERITY - 3 * _WAY))
    return columns
