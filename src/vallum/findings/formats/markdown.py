"""A report as a comment on a pull request: short, broken first, the rest folded away.

Every value is escaped, so that no text from code or app becomes markup, a link or a mention.
"""

import re
from collections.abc import Iterator
from typing import Final

from vallum.findings.finding import Finding
from vallum.findings.options import Options
from vallum.findings.place import Act
from vallum.findings.report import Report
from vallum.findings.summary import (
    area_name,
    by_area,
    evidence_line,
    gravest_first,
    left_dark,
    loose_gaps,
    plain,
    plural,
    tally,
    where_line,
)
from vallum.findings.text import show_hidden
from vallum.findings.verdict import Verdict

MOST: Final = 20
"""So many broken controls are shown unless all are asked for."""
MOST_FINDINGS: Final = 3
"""So many findings of one control are shown unless all are asked for."""
ROOM: Final = 40_000
"""Characters for the details, unless all are asked for: a comment holds 65,536."""
LONGEST: Final = 400
"""Characters of one value."""
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$=])")


def render(report: Report, options: Options) -> str:
    """The report in GitHub's Markdown."""
    return (
        "\n".join([*_head(report), *_broken(report, options), *_dark(report), *_areas(report), *_foot(report)]) + "\n"
    )


def escape_prose(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no link, no mention, no reference."""
    shown = show_hidden(text if len(text) <= LONGEST else text[:LONGEST] + "…")
    shown = _MARKUP.sub(r"\\\1", shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return shown.replace("@", "&#64;&#8203;").replace(":", "&#58;").strip()


def quote_code(text: str) -> str:
    """Text as a code span: fenced by more backticks than it holds, without bars that would end a table cell."""
    shown = show_hidden(text if len(text) <= LONGEST else text[:LONGEST] + "…").replace("|", "\u00a6").strip(" ")
    if not shown:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    space = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{space}{shown}{space}{fence}"


def _head(report: Report) -> Iterator[str]:
    counts = tally(report.verdicts)
    yield f"### Vallum: {counts.broken} broken, {counts.unproven} unproven, {counts.held} held"
    subject = report.subject
    parts = [escape_prose(subject.name), quote_code(subject.app), quote_code(subject.commit)]
    yield ""
    yield ", ".join(part for part in parts if part)
    if report.accepted:
        yield ""
        yield f"{plural(report.accepted, 'finding')} in the baseline."


def _broken(report: Report, options: Options) -> Iterator[str]:
    broken = gravest_first(report)
    if not broken:
        return
    shown = broken if options.every else broken[:MOST]
    yield from ("", "| broken | severity | where |", "|---|---|---|")
    for verdict in shown:
        where = escape_prose(plain(where_line(verdict)))
        yield f"| {escape_prose(verdict.control.title)} | {verdict.control.severity.value} | {where} |"
    if len(shown) < len(broken):
        yield ""
        yield f"{len(broken) - len(shown)} more: `vallum {report.verb} --all`"
    room = ROOM
    for verdict in shown:
        block = "\n".join(_control(verdict, options))
        room -= len(block)
        if options.every or room >= 0:
            yield block


def _control(verdict: Verdict, options: Options) -> Iterator[str]:
    control = verdict.control
    line = escape_prose(plain(evidence_line(verdict)))
    yield from ("", f"<details><summary>{quote_html(control.id)}: {line}</summary>", "")
    shown = verdict.findings if options.every else verdict.findings[:MOST_FINDINGS]
    for finding in shown:
        yield from _finding(finding)
    if len(shown) < len(verdict.findings):
        yield from (f"{plural(len(verdict.findings) - len(shown), 'more finding')}.", "")
    yield f"`vallum explain {control.id}`"
    yield from ("", "</details>")


def quote_html(text: str) -> str:
    """A short code in a place where Markdown is not read."""
    return f"<code>{escape_prose(text)}</code>"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{escape_prose(plain(finding.message))} {escape_prose(plain(finding.reason))}"
    yield ""
    for number, step in enumerate(finding.steps, 1):
        yield f"{number}. {escape_prose(step.verb)} {quote_code(str(step.place))} {quote_code(step.place.text)}"
    if not finding.steps:
        where = finding.where
        line = where.curl if isinstance(where, Act) else where.text
        yield f"- {quote_code(str(where))} {quote_code(line)}"
        yield from (f"- answered: {escape_prose(plain(line))}" for line in finding.seen)
    if finding.fix:
        lines = " ".join(quote_code(line) for line in finding.fix.after)
        yield ""
        yield f"Fix: {escape_prose(plain(finding.fix.text))} {lines}"
    yield ""


def _dark(report: Report) -> Iterator[str]:
    rows = [(verdict.control.id, plain(verdict.evidence)) for verdict in left_dark(report)]
    rows += [(plain(gap.what), plain(gap.why)) for gap in loose_gaps(report)]
    if not rows:
        return
    yield from ("", f"<details><summary>Could not look: {len(rows)}, never counted as held</summary>", "")
    yield from (f"- {quote_code(what)} {escape_prose(why)}" for what, why in rows)
    yield from ("", "</details>")


def _areas(report: Report) -> Iterator[str]:
    if not report.verdicts:
        return
    yield from ("", "<details><summary>By area</summary>", "")
    yield from ("| area | broken | unproven | held |", "|---|--:|--:|--:|")
    for area, verdicts in by_area(report):
        counts = tally(verdicts)
        yield f"| {area_name(area)} | {counts.broken or ''} | {counts.unproven or ''} | {counts.held or ''} |"
    yield from ("", "</details>")


def _foot(report: Report) -> Iterator[str]:
    yield ""
    yield f"Exit status {report.exit_status}. Repeat: {quote_code(report.command)}"
