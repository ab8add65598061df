"""`vallum explain`: a control's page in the terminal, or its verdict in the newest report."""

import sys

import click

from vallum.audit.keepers import load_keepers
from vallum.base.errors import UsageError
from vallum.catalogue.control import WAYS
from vallum.catalogue.registry import find_control, find_page
from vallum.cli.output import LAST, color_option
from vallum.findings.formats.json.reader import read_report
from vallum.findings.formats.terminal.control import render_verdict
from vallum.findings.formats.terminal.page import render_page
from vallum.findings.options import Color, Options, detect_options


@click.command(name="explain")
@click.argument("control_id", metavar="ID")
@click.option("--last", is_flag=True, help="Show its verdict in the newest report, with all the evidence.")
@click.option("--all", "every", is_flag=True, help="With --last: every place, not only the first ones.")
@color_option
def command(control_id: str, last: bool, every: bool, color: Color) -> None:
    """Explain the control ID: what it promises, why, how it is broken and kept, and what implements it."""
    options = detect_options(sys.stdout, color=color, every=every)
    text = _last_verdict(control_id, options) if last else _page(control_id, options)
    click.echo(text, nl=False, color=True)


def _page(control_id: str, options: Options) -> str:
    page = find_page(control_id)
    keepers = load_keepers()[page.control.id]
    return render_page(page, options, {way: keepers.names(way) for way in WAYS})


def _last_verdict(control_id: str, options: Options) -> str:
    control = find_control(control_id)
    try:
        report = read_report(LAST.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError("There is no newest report here.", hint="Run vallum audit first.", code="no-report") from error
    for verdict in report.verdicts:
        if verdict.control.id == control.id:
            return render_verdict(verdict, options)
    raise UsageError(f"The newest report says nothing about {control.id}.", hint="Run vallum audit again.")
