"""`vallum baseline`: write down the findings that a team knows, so that only new ones count."""

import sys
from pathlib import Path

import click

from vallum.audit.baseline import write_baseline
from vallum.audit.run import Order, carry_out
from vallum.audit.settings import find_settings
from vallum.cli.output import typed_command
from vallum.findings.fingerprint import number_findings
from vallum.findings.formats.terminal.progress import ProgressLine
from vallum.findings.options import detect_options


@click.command(name="baseline")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--app", default="", help="The app as module:name; without it only the check runs.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("vallum-baseline.txt"))
def command(path: Path, app: str, output: Path) -> int:
    """Write the findings under PATH to a baseline; name the file in the settings as `baseline`."""
    order = Order(
        verb="audit",
        command=typed_command(),
        settings=find_settings(path),
        paths=(path,),
        target=app,
    )
    with ProgressLine(sys.stderr, detect_options(sys.stderr)) as progress:
        report = carry_out(order, progress)
    count = write_baseline(
        output,
        (
            (name, verdict.control.id, str(finding.where))
            for verdict in report.verdicts
            for name, finding in zip(number_findings(verdict.findings), verdict.findings, strict=True)
        ),
    )
    click.echo(f'{count} findings written to {output}. In vallum.toml: baseline = "{output.name}"')
    return 0
