"""A control's page in a terminal: what `vallum explain ID` shows. Pages without a body yet show their head alone."""

from collections.abc import Mapping, Sequence
from typing import Final

from vallum.catalogue.control import WAYS, Control, Status
from vallum.catalogue.page import SECTIONS, Page
from vallum.findings.formats.terminal.prose import write_markdown
from vallum.findings.formats.terminal.sheet import Sheet, Style
from vallum.findings.options import Options
from vallum.findings.standards import OWASP
from vallum.findings.summary import area_name, asvs_number

COLUMN: Final = 11
NOTHING: Final[Mapping[str, Sequence[str]]] = {}


def render_page(page: Page, options: Options, implementers: Mapping[str, Sequence[str]] = NOTHING) -> str:
    """The page as text of `options.width` columns.

    `implementers` names what implements each way, by `guard`, `rule` and `probe`; a way that is still to come is shown
    as `planned`.
    """
    sheet = Sheet(options)
    control = page.control
    sheet.ends([(control.id, Style.BOLD)], control.severity.value)
    sheet.wrap(control.title)
    sheet.rule()
    _write_facts(sheet, control, implementers)
    for title in dict.fromkeys([*SECTIONS, *page.sections]):
        if text := page.sections.get(title):
            sheet.skip()
            sheet.add((title, Style.BOLD))
            sheet.skip()
            write_markdown(sheet, text, [block for block in page.blocks if block.section == title])
    return sheet.text()


def _write_facts(sheet: Sheet, control: Control, implementers: Mapping[str, Sequence[str]]) -> None:
    facts = [
        ("area", area_name(control.area)),
        ("CWE", ", ".join(map(str, control.cwe))),
        ("OWASP", ", ".join(f"{category} {OWASP.get(category, '')}".strip() for category in control.owasp)),
        ("ASVS", ", ".join(map(asvs_number, control.asvs))),
    ]
    facts += [(way, _who(control.status(way), implementers.get(way, ()))) for way in WAYS]
    for label, text in facts:
        if text:
            _write_fact(sheet, label, text)


def _write_fact(sheet: Sheet, label: str, text: str) -> None:
    if COLUMN + len(sheet.clean(text)) <= sheet.width:
        sheet.add("  ", sheet.pad(label, COLUMN - 2), text)
        return
    sheet.add("  ", label)
    sheet.wrap(text, indent=4)


def _who(status: Status, names: Sequence[str]) -> str:
    """What implements a way; a way that makes no sense for the control says so."""
    if names:
        return ", ".join(names)
    return "none: this way makes no sense here" if status is Status.NONE else status.value
