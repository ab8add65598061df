"""One finding in a terminal: what an attacker can do, the path of the data or the exchange, the fix."""

from typing import Final

from vallum.findings.finding import Finding, Fix, Step
from vallum.findings.formats.terminal.sheet import Sheet
from vallum.findings.place import Act, Place
from vallum.findings.summary import fix_line, plain

INDENT: Final = 4
LABEL: Final = 9
"""`3 becomes`, the widest label."""
COLUMN: Final = INDENT + LABEL + 2


def write_finding(sheet: Sheet, finding: Finding, *, whole: bool = False, more: bool = False) -> None:
    """Write a finding. Below 60 columns only where the data enters and where it ends.

    `whole` adds the reason, the command that repeats the exchange, and every line of the fix; `more` says where to
    read on.
    """
    if sheet.width < 60 and not whole:
        _write_narrow(sheet, finding)
        return
    sheet.wrap(plain(finding.message), indent=INDENT)
    if whole:
        sheet.wrap(plain(finding.reason), indent=INDENT)
    if finding.steps:
        _write_steps(sheet, finding.steps)
    elif isinstance(finding.where, Place):
        _write_place(sheet, "at", finding.where, len(sheet.clean(str(finding.where))))
    if isinstance(finding.where, Act):
        _write_act(sheet, finding, finding.where, whole=whole)
    if whole and finding.fix:
        _write_fix(sheet, finding.fix)
    elif finding.fix and any(line.strip() for line in finding.fix.after):
        code = sheet.cut(fix_line(finding), sheet.width - COLUMN)
        sheet.add(" " * INDENT, sheet.pad("fix", COLUMN - INDENT), code)
    elif finding.fix:
        _write_text(sheet, "fix", fix_line(finding))
    if more:
        _write_text(sheet, "more", f"vallum explain {finding.control}")


def _write_steps(sheet: Sheet, steps: tuple[Step, ...]) -> None:
    longest = max(len(sheet.clean(str(step.place))) for step in steps)
    for number, step in enumerate(steps, 1):
        _write_place(sheet, " ".join([str(number), *step.verb.split()[:1]]), step.place, longest)


def _write_place(sheet: Sheet, label: str, place: Place, longest: int) -> None:
    """The place and its line of code: side by side from 100 columns where the code still has room, else below."""
    column = max(COLUMN, INDENT + len(sheet.clean(label)) + 2)
    beside = column + longest + 3
    head = (" " * INDENT, sheet.pad(label, column - INDENT))
    if sheet.width >= 100 and sheet.width - beside >= 40:
        sheet.add(*head, sheet.pad(str(place), longest + 3), sheet.cut(place.text, sheet.width - beside))
        return
    sheet.add(*head, str(place))
    if place.text:
        sheet.add(" " * column, sheet.cut(place.text, sheet.width - column))


def _write_act(sheet: Sheet, finding: Finding, act: Act, *, whole: bool) -> None:
    """The request and the answer. A command is shown whole or not at all: half of one repeats nothing."""
    fits = act.curl and (whole or COLUMN + len(sheet.clean(act.curl)) <= sheet.width)
    sheet.add(" " * INDENT, sheet.pad("tried", COLUMN - INDENT), act.curl if fits else str(act))
    for index, line in enumerate(finding.seen):
        _write_text(sheet, "" if index else "answered", plain(line))


def _write_fix(sheet: Sheet, fix: Fix) -> None:
    if fix.text:
        _write_text(sheet, "fix", plain(fix.text))
    if fix.place:
        sheet.add(" " * COLUMN, str(fix.place))
    for sign, lines in (("-", fix.before), ("+", fix.after)):
        for line in lines:
            sheet.code(line, " " * COLUMN, f"{sign} ")


def _write_text(sheet: Sheet, label: str, text: str) -> None:
    sheet.wrap(text, indent=COLUMN, first=" " * INDENT + sheet.pad(label, COLUMN - INDENT))


def _write_narrow(sheet: Sheet, finding: Finding) -> None:
    ends = list(enumerate(finding.steps, 1))
    if len(ends) > 2:
        ends = [ends[0], ends[-1]]
    for number, step in ends:
        sheet.add(f"  {number} ", str(step.place))
        sheet.add("    ", sheet.cut(step.place.text, sheet.width - 4))
    if ends:
        return
    sheet.wrap(plain(finding.message), indent=2)
    sheet.add("  ", str(finding.where))
    if isinstance(finding.where, Place) and finding.where.text:
        sheet.add("    ", sheet.cut(finding.where.text, sheet.width - 4))
