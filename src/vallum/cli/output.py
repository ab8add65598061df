"""Where a report goes: the terminal, and files whose format follows their name."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from vallum.audit.repair import repair, show_diff, write_files
from vallum.audit.run import Order, carry_out
from vallum.base.errors import UsageError
from vallum.check.crew import count_cores
from vallum.findings.formats.terminal.progress import ProgressLine
from vallum.findings.options import Color, Options, detect_options
from vallum.findings.registry import find_format, format_names
from vallum.findings.report import Report

LAST: Final = Path(".vallum") / "last.json"
"""The newest report, for `vallum explain --last`; written only where the folder exists or can be made."""
_FORMAT_OF: Final = {".html": "html", ".json": "json", ".sarif": "sarif", ".xml": "junit", ".md": "markdown"}
CACHE: Final = LAST.parent / "cache"
"""What the check worked out before."""
color_option: Final = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour; auto asks the terminal."
)


def report_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `check`, `probe` and `audit` share."""
    for option in reversed(
        (
            click.option("--format", "format_name", type=click.Choice(format_names()), help="How to print the report."),
            click.option(
                "--output",
                "outputs",
                type=click.Path(path_type=Path, dir_okay=False),
                multiple=True,
                help="Write a file; the format follows its name (.html .json .sarif .xml .md). May be repeated.",
            ),
            click.option("--control", "select", multiple=True, help="Only this control. May be repeated."),
            color_option,
            click.option("--all", "every", is_flag=True, help="Show every broken control in full."),
        )
    ):
        function = option(function)
    return function


def check_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `check` and `audit` share, because both check."""
    cores = count_cores()
    jobs = click.option("--jobs", type=click.IntRange(min=1), default=cores, help="Processes; as many as cores.")
    fresh = click.option("--no-cache", is_flag=True, help="Work everything out anew, and remember nothing of it.")
    return jobs(fresh(function))


def typed_command() -> str:
    """The command line as it was typed, to be repeated from a report."""
    return shlex.join(("vallum", *click.get_current_context().find_root().obj))


def run_order(order: Order, *, format_name: str | None, outputs: tuple[Path, ...], color: Color, every: bool) -> int:
    """Carry out the order, write its report wherever it is wanted, and return the exit status."""
    formats = [(path, _format_of(path, format_name, outputs)) for path in outputs]
    with ProgressLine(sys.stderr, detect_options(sys.stderr)) as progress:
        report = carry_out(order, progress)
    plain = Options(every=every, app_file=_app_file(order.target))
    for path, name in formats:
        _write(path, find_format(name)(report, plain))
    if not (format_name and outputs):
        options = detect_options(sys.stdout, color=color, every=every, app_file=plain.app_file)
        click.echo(find_format(format_name or "terminal")(report, options), nl=False, color=True)
    _remember(report)
    return report.exit_status


def repair_order(order: Order, *, write: bool) -> int:
    """Print what can be mended safely as a diff, or change the files; 0 if nothing is left to change, else 1."""
    with ProgressLine(sys.stderr, detect_options(sys.stderr)) as progress:
        found = list(repair(carry_out(order, progress), Path()))
    if write:
        write_files(found, Path())
    count, files = sum(one.count for one in found), len(found)
    click.echo(show_diff(found), nl=False)
    click.echo(f"{count} findings mended in {files} files." if write else f"{count} findings can be mended.", err=True)
    return int(bool(found) and not write)


def _format_of(path: Path, format_name: str | None, outputs: tuple[Path, ...]) -> str:
    if format_name and len(outputs) == 1:
        return format_name
    name = _FORMAT_OF.get(path.suffix)
    if name is None:
        known = ", ".join(_FORMAT_OF)
        raise UsageError(f'The name "{path}" tells no format.', hint=f"End it in one of {known}, or give --format.")
    return name


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", hint="Give --output a place of yours."
        ) from error


def _remember(report: Report) -> None:
    try:
        LAST.parent.mkdir(exist_ok=True)
        (LAST.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        LAST.write_text(find_format("json")(report, Options()), encoding="utf-8")
    except OSError:  # a read-only working directory loses only the convenience of `explain --last`
        return


def _app_file(target: str) -> str:
    module = target.partition(":")[0].replace(".", "/")
    candidates = (Path(f"{module}.py"), Path(module) / "__init__.py")
    return next((path.as_posix() for path in candidates if module and path.is_file()), "")
