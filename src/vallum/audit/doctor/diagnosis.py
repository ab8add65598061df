"""What the doctor has seen, line by line, and how it is printed."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from vallum.findings.formats.terminal.sheet import Sheet
from vallum.findings.options import Options
from vallum.findings.summary import Mark

NOTHING: Final = 0
PROBLEMS: Final = 1
COULD_NOT_LOOK: Final = 3


class Kind(StrEnum):
    """What a line means."""

    PROBLEM = "problem"
    UNSEEN = "unseen"
    FINE = "fine"
    NOTE = "note"


_MARKS: Final = {
    Kind.PROBLEM: Mark.BROKEN,
    Kind.UNSEEN: Mark.COULD_NOT_LOOK,
    Kind.FINE: Mark.HELD,
    Kind.NOTE: Mark.DOES_NOT_APPLY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was seen, under a stable code; `fix` is empty where there is nothing to mend."""

    kind: Kind
    code: str
    what: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All lines about one target."""

    target: str
    lines: tuple[Line, ...]

    @property
    def exit_status(self) -> int:
        """1 when there is a problem, else 3 when something could not be looked at, else 0."""
        if any(line.kind is Kind.PROBLEM for line in self.lines):
            return PROBLEMS
        return COULD_NOT_LOOK if any(line.kind is Kind.UNSEEN for line in self.lines) else NOTHING

    def sorted_lines(self) -> Iterator[Line]:
        """Problems first, then what could not be seen, what is fine, and notes; each line once."""
        lines = dict.fromkeys(self.lines)
        for kind in Kind:
            yield from (line for line in lines if line.kind is kind)


def render_json(diagnosis: Diagnosis) -> str:
    """For scripts: `{target, exit_status, lines: [{kind, code, what, fix}]}`."""
    lines = [asdict(line) for line in diagnosis.sorted_lines()]
    told = {"target": diagnosis.target, "exit_status": diagnosis.exit_status, "lines": lines}
    return json.dumps(told, indent=2) + "\n"


def render_terminal(diagnosis: Diagnosis, options: Options) -> str:
    """For people: one paragraph for each line, and a count at the end."""
    sheet = Sheet(options)
    for line in diagnosis.sorted_lines():
        sheet.add(sheet.sign(_MARKS[line.kind]), f" {line.code}")
        sheet.wrap(line.what, indent=4)
        if line.fix:
            sheet.wrap(line.fix, indent=7, first="    > ")
    sheet.skip()
    counts = [
        (kind, sum(line.kind is kind for line in diagnosis.sorted_lines())) for kind in (Kind.PROBLEM, Kind.UNSEEN)
    ]
    told = ", ".join(f"{number} {_WORDS[kind]}" for kind, number in counts if number or kind is Kind.PROBLEM)
    sheet.wrap(f"{diagnosis.target}: {told}.")
    return sheet.text()


_WORDS: Final = {Kind.PROBLEM: "to mend", Kind.UNSEEN: "could not be seen"}
