"""One control in a terminal, with all its evidence: what `vallum explain ID --last` shows of the last run."""

from typing import Final

from vallum.findings.finding import Site, Way
from vallum.findings.formats.terminal.detail import write_finding
from vallum.findings.formats.terminal.sheet import Sheet, Style
from vallum.findings.options import Options
from vallum.findings.place import Place
from vallum.findings.summary import mark_of, plain, plural
from vallum.findings.verdict import Verdict

INDENT: Final = 2
COLUMN: Final = 12
MOST: Final = 12
"""So many sites of each way are listed unless all are asked for."""


def render_verdict(verdict: Verdict, options: Options) -> str:
    """The mark, the verdict and the title, then every finding, then what was examined and tried."""
    sheet = Sheet(options)
    sheet.add(sheet.sign(mark_of(verdict)), " ", (verdict.control.id, Style.BOLD), f"  {verdict.outcome.value}")
    sheet.wrap(verdict.control.title, indent=INDENT)
    sheet.skip()
    for number, finding in enumerate(verdict.findings, 1):
        if len(verdict.findings) > 1:
            sheet.add("  ", (f"{number} of {len(verdict.findings)}", Style.BOLD))
        write_finding(sheet, finding, whole=True)
        sheet.skip()
    if not verdict.sites:
        sheet.wrap(plain(verdict.evidence), indent=INDENT)
    for silence in verdict.unproven:
        if plain(silence.reason) not in plain(verdict.evidence):
            sheet.wrap(f"{silence.source}: {silence.silence.value}, {plain(silence.reason)}", indent=INDENT)
    well = "" if verdict.findings else ", all well"
    _write_sites(sheet, verdict, Way.RULE, options, f"in the code{well}")
    _write_sites(sheet, verdict, Way.PROBE, options, f"in the running app{well}")
    return sheet.text()


def _write_sites(sheet: Sheet, verdict: Verdict, way: Way, options: Options, where: str) -> None:
    sites = [site for site in verdict.sites if site.way is way]
    if not sites:
        return
    label, unit = ("examined", "place") if way is Way.RULE else ("tried", "time")
    well = plural(len(sites), unit) if not verdict.findings else f"{plural(len(sites), unit)} well"
    sheet.wrap(f"{well} {where}", indent=COLUMN, first=" " * INDENT + sheet.pad(label, COLUMN - INDENT))
    shown = sites if options.every else sites[:MOST]
    longest = max(len(sheet.clean(str(site.where))) for site in shown)
    for site in shown:
        _write_site(sheet, site, longest)
    if len(shown) < len(sites):
        sheet.add(" " * COLUMN, f"{len(sites) - len(shown):,} more")


def _write_site(sheet: Sheet, site: Site, longest: int) -> None:
    """The place beside what was seen there, below it when narrow; an act and its answer as one sentence."""
    where, note = sheet.clean(str(site.where)), sheet.clean(plain(site.note))
    if not isinstance(site.where, Place):
        sheet.wrap(f"{where}: {note}", indent=COLUMN)
    elif COLUMN + longest + 3 + len(note) <= sheet.width:
        sheet.add(" " * COLUMN, sheet.pad(where, longest + 3), note)
    else:
        sheet.add(" " * COLUMN, where)
        sheet.wrap(note, indent=COLUMN + 2)
