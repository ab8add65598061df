"""A report in a terminal: head line, map, what is broken, what could not be looked at, total. The last line is enough.

From 100 columns titles stand in the rows and code beside its place, at 120 broken ids stand beside the map; below 60
counts leave the map and evidence goes under its control.
"""

from vallum.findings.formats.terminal.detail import write_finding
from vallum.findings.formats.terminal.sheet import Piece, Sheet, Style
from vallum.findings.options import Options
from vallum.findings.report import AccessTable, Report
from vallum.findings.summary import (
    Mark,
    area_name,
    by_area,
    evidence_line,
    gravest_first,
    left_dark,
    loose_gaps,
    mark_of,
    plain,
    plural,
    show_date,
    tally,
)
from vallum.findings.verdict import Outcome, Verdict

MOST = 10
"""So many broken controls, and so many things in the dark, are shown unless all are asked for."""
SEVERITY_COLUMN = 29
TITLE_COLUMN = 39
EVIDENCE_COLUMN = 83


def render(report: Report, options: Options) -> str:
    """The report as text of `options.width` columns."""
    sheet = Sheet(options)
    _write_head(sheet, report)
    _write_map(sheet, report)
    _write_broken(sheet, report, options)
    _write_dark(sheet, report, options)
    if options.every and report.access is not None:
        _write_access(sheet, report.access)
    _write_total(sheet, report)
    return sheet.text()


def _write_head(sheet: Sheet, report: Report) -> None:
    subject = report.subject
    left: list[Piece] = [(subject.name, Style.BOLD)]
    left += [f"  {part}" for part in (subject.commit, subject.branch if sheet.width >= 60 else "") if part]
    if subject.uncommitted and sheet.width >= 60:
        left.append(f"  {plural(subject.uncommitted, 'file')} uncommitted")
    when = f"{show_date(report.started)} {report.started:%H:%M} UTC"
    sheet.ends(left, f"vallum {report.version}  {when}" if sheet.width >= 60 else "")
    sheet.rule()


def _write_map(sheet: Sheet, report: Report) -> None:
    areas = by_area(report)
    if not areas:
        return
    longest = max(len(verdicts) for _, verdicts in areas)
    if sheet.width >= 60:
        sheet.skip()
    for area, verdicts in areas:
        stones = [sheet.sign(mark) for mark in map(mark_of, verdicts)]
        name = sheet.pad(area_name(area), 16)
        if sheet.width < 60:
            sheet.add(name, *stones)
        else:
            space = " " * (max(longest, 14) + 4 - len(stones))
            sheet.add("  ", name, *stones, space, *_counts(sheet, verdicts), *_broken_ids(sheet, verdicts))
    sheet.skip()
    _write_key(sheet)


def _counts(sheet: Sheet, verdicts: list[Verdict]) -> list[Piece]:
    """The counts of an area. Where not all three fit, held, the quiet one, is left out."""
    counts = tally(verdicts)
    pieces: list[Piece] = [
        (f"{counts.broken:>2} broken", Style.BROKEN) if counts.broken else " " * 9,
        f"  {counts.unproven:>2} unproven" if counts.unproven else " " * 13,
        f"  {counts.held:>2} held" if counts.held else " " * 9,
    ]
    return pieces if sheet.width >= 68 else pieces[:2]


def _broken_ids(sheet: Sheet, verdicts: list[Verdict]) -> list[Piece]:
    """The ids of the broken controls beside the map, as many as fit whole."""
    ids = [verdict.control.id for verdict in verdicts if verdict.outcome is Outcome.BROKEN]
    if sheet.width < 120 or not ids:
        return []
    room = sheet.width - 70
    shown = ids
    while shown and len(_listed(shown, len(ids))) > room:
        shown = shown[:-1]
    return ["   ", _listed(shown, len(ids))]


def _listed(shown: list[str], total: int) -> str:
    rest = [f"{total - len(shown)} more"] if len(shown) < total else []
    return ", ".join(shown + rest)


def _write_key(sheet: Sheet) -> None:
    """The key, three marks a line where five do not fit."""
    marks = list(Mark)
    rows = [marks] if sheet.width >= 80 else [marks[:3], marks[3:]] if sheet.width >= 40 else [[mark] for mark in marks]
    indent = "  " if sheet.width >= 60 else ""
    for row in rows:
        pieces: list[Piece] = [indent]
        for mark in row:
            pieces += [sheet.sign(mark), f" {mark.value}   "]
        sheet.add(*pieces)


def _write_broken(sheet: Sheet, report: Report, options: Options) -> None:
    broken = gravest_first(report)
    if not broken:
        return
    sheet.skip()
    known = f"; {plural(report.accepted, 'finding')} in the baseline" if report.accepted else ""
    sheet.add(("BROKEN", Style.BOLD), f"  {len(broken):,}, the gravest first{known}")
    shown = broken if options.every else broken[:MOST]
    for index, verdict in enumerate(shown):
        sheet.skip()
        _write_row(sheet, verdict)
        for finding in verdict.findings if options.every else verdict.findings[:1]:
            if sheet.width >= 60:
                sheet.skip()
            write_finding(sheet, finding, more=index == 0)
    if len(shown) < len(broken):
        sheet.skip()
        sheet.add(f"  {len(broken) - len(shown):,} more: vallum {report.verb} --all")


def _write_row(sheet: Sheet, verdict: Verdict) -> None:
    """Mark, id, severity, from 100 columns the title, and the evidence; what does not fit goes to a line of its own."""
    control = verdict.control
    evidence = plain(evidence_line(verdict))
    head: list[Piece] = [sheet.sign(Mark.BROKEN), " ", (control.id, Style.BOLD)]
    if sheet.width < 60:
        sheet.add(*head)
        sheet.wrap(f"{control.severity.value}, {evidence}", indent=2)
        return
    filled = " " * max(SEVERITY_COLUMN - 2 - len(control.id), 2)
    head += [filled, sheet.pad(control.severity.value, TITLE_COLUMN - SEVERITY_COLUMN)]
    used = max(SEVERITY_COLUMN, len(control.id) + 4) + TITLE_COLUMN - SEVERITY_COLUMN
    column = min(EVIDENCE_COLUMN, used)
    if sheet.width >= 100:
        title = sheet.clean(control.title)
        column = max(EVIDENCE_COLUMN if sheet.width >= 120 else 0, used + len(title) + 2)
        head.append(sheet.pad(title, column - used))
    if len(sheet.clean(evidence)) <= sheet.width - column:
        sheet.add(*head, evidence)
    else:
        sheet.add(*head)
        sheet.wrap(evidence, indent=4)


def _write_dark(sheet: Sheet, report: Report, options: Options) -> None:
    controls = left_dark(report)
    gaps = loose_gaps(report)
    if not controls and not gaps:
        return
    sheet.skip()
    counts = f"{len(controls):,}"
    if gaps:
        other = plural(len(gaps), "other thing" if controls else "thing")
        counts = f"{plural(len(controls), 'control')}, {other}" if controls else other
    sheet.ends([("COULD NOT LOOK", Style.BOLD), f"  {counts}"], ", never counted as held", apart=False)
    sheet.skip()
    rows = [(verdict.control.id, _why_dark(verdict)) for verdict in controls] + [
        (plain(gap.what), plain(gap.why)) for gap in gaps
    ]
    shown = rows if options.every else rows[:MOST]
    for what, why in shown:
        _write_gap(sheet, what, why)
    if len(shown) < len(rows):
        sheet.add(f"  {len(rows) - len(shown):,} more: vallum {report.verb} --all")


def _write_access(sheet: Sheet, table: AccessTable) -> None:
    """A line for each route. The answers stand first, so that they stay in their columns however long a path is."""
    sheet.skip()
    sheet.ends([("WHO MAY CALL WHAT", Style.BOLD), f"  {plural(len(table.rows), 'route')}"], "", apart=False)
    sheet.skip()
    widths = [max(len(column), 5) + 2 for column in table.columns]
    sheet.add("  ", *(sheet.pad(column, width) for column, width in zip(table.columns, widths, strict=True)))
    for route, answers in table.rows:
        cells = [sheet.pad(answer, width) for answer, width in zip(answers, widths, strict=True)]
        sheet.add("  ", *cells, sheet.cut(route, max(sheet.width - 2 - sum(widths), 16)))


def _write_gap(sheet: Sheet, what: str, why: str) -> None:
    head = sheet.clean(what)
    if (
        sheet.width >= 60
        and len(head) <= SEVERITY_COLUMN - 4
        and len(sheet.clean(why)) <= sheet.width - SEVERITY_COLUMN
    ):
        sheet.add(sheet.sign(Mark.COULD_NOT_LOOK), " ", sheet.pad(what, SEVERITY_COLUMN - 2), why)
        return
    sheet.add(sheet.sign(Mark.COULD_NOT_LOOK), " ", what)
    sheet.wrap(why, indent=4 if sheet.width >= 60 else 2)


def _why_dark(verdict: Verdict) -> str:
    """The evidence without the words that the heading says already."""
    return plain(verdict.evidence).removeprefix("Could not look: ")


def _write_total(sheet: Sheet, report: Report) -> None:
    counts = tally(report.verdicts)
    if sheet.width >= 60:
        sheet.skip()
    sheet.rule()
    broken = Style.BROKEN if counts.broken else Style.PLAIN
    sheet.ends(
        [(f"{counts.broken:,} broken", broken), f", {counts.unproven:,} unproven, {counts.held:,} held"],
        f"{plural(len(report.verdicts), 'control')} in {report.seconds:.1f} s, exit status {report.exit_status}",
    )
