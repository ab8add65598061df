"""A report as one self-contained HTML file, with a Content Security Policy of its own.

The policy allows the one style sheet by its hash and nothing else, so even a value that escaped the template could load
or run nothing. Every value from code, app or git is escaped, and control characters in it are shown, not sent.
"""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from vallum.catalogue.control import AREAS
from vallum.findings.formats.html.prose import mark_value, read_promise, show_code
from vallum.findings.formats.html.standard import by_asvs, by_cwe, by_owasp
from vallum.findings.formats.html.view import (
    ledger_evidence,
    list_dark,
    list_facts,
    name_gaps,
    say_title,
    say_worst,
    split_sites,
)
from vallum.findings.options import Options
from vallum.findings.report import Report
from vallum.findings.summary import (
    Mark,
    area_name,
    by_area,
    gravest_first,
    mark_of,
    plain,
    plural,
    show_date,
    tally,
    where_line,
)
from vallum.findings.text import show_hidden

TEMPLATES: Final = Path(__file__).parent / "templates"
CELLS: Final = 14
"""Stones in a row of the map; more when an area has more controls."""
STANDARDS: Final = {
    "owasp": ("OWASP 2025", "By OWASP Top 10:2025", by_owasp),
    "asvs": ("ASVS 5.0", "By ASVS 5.0", by_asvs),
    "cwe": ("CWE", "By CWE", by_cwe),
}


def render(report: Report, options: Options) -> str:
    """The report as an HTML document."""
    environment = _environment()
    areas = by_area(report)
    cells = max([CELLS, *(len(verdicts) for _, verdicts in areas)])
    style = environment.get_template("style.css").render(areas=[a for a, _ in areas if a in AREAS], cells=cells)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    page = environment.get_template("report.html").render(
        report=report,
        every=options.every,
        style=Markup(style),  # noqa: S704 - our own style sheet; only names of known areas and a number are filled in
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        areas=areas,
        counts=tally(report.verdicts),
        broken=gravest_first(report),
        dark=list_dark(report),
        standards=[
            (key, name, heading, group(report))
            for key, (name, heading, group) in STANDARDS.items()
            if key in report.standards
        ],
    )
    return page.rstrip("\n") + "\n"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "Mark": Mark,
        "list_facts": list_facts,
        "ledger_evidence": ledger_evidence,
        "name_gaps": name_gaps,
        "read_promise": read_promise,
        "say_title": say_title,
        "say_worst": say_worst,
        "split_sites": split_sites,
        "tally": tally,
        "where_line": where_line,
    }
    environment.filters |= {
        "area": area_name,
        "code": show_code,
        "date": show_date,
        "heading": lambda text: text.removesuffix("."),
        "mark": mark_of,
        "plain": plain,
        "plural": plural,
        "value": mark_value,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Show hidden characters of every value that is written; markup made here is left as it is."""
    return value if isinstance(value, (Markup, int, float)) else show_hidden(str(value))
