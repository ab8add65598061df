"""`vallum secrets`: keep secrets out of a git repository."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click

from vallum.base.clock import SYSTEM_CLOCK
from vallum.check.repository.git import Repository
from vallum.check.repository.hook import install_hook, prove_hook
from vallum.check.repository.ignores import add_missing, find_tracked, find_uncovered, list_entries, name_ignores
from vallum.check.repository.known_leaks import FILE, KnownLeak, read_known
from vallum.check.repository.scanning import Leak, scan_history, scan_staged
from vallum.cli.output import color_option
from vallum.findings.formats.terminal.progress import ProgressLine
from vallum.findings.formats.terminal.sheet import Sheet, Style
from vallum.findings.options import Color, Options, detect_options

BROKEN: Final = 1
COULD_NOT_LOOK: Final = 3
_HERE: Final = Path()
_every = click.option("--all", "every", is_flag=True, help="Count what looks like a sample, too.")
_format = click.option("--format", "format_name", type=click.Choice(["terminal", "json"]), default="terminal")


@click.group(name="secrets")
def command() -> None:
    """Keep secrets out of the git repository of this folder."""


@command.command(name="scan")
@click.option("--staged", is_flag=True, required=True, help="What the next commit would bring.")
@_every
@_format
@color_option
def scan(*, staged: bool, every: bool, format_name: str, color: Color) -> int:
    """Look for secrets in what is staged; exit 1 when there are some."""
    leaks = scan_staged(Repository(_HERE)) if staged else []
    counted = [leak for leak in leaks if every or not leak.is_sample]
    if format_name == "json":
        click.echo(json.dumps({"leaks": [_entry(leak, None) for leak in counted]}, indent=2))
    else:
        _print(counted, detect_options(sys.stdout, color=color), "staged")
    return BROKEN if counted else 0


@command.command(name="history")
@click.option(
    "--known", "known_file", type=click.Path(path_type=Path), default=Path(FILE), help="Leaks that are known."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as JSON, too.")
@_every
@_format
@color_option
def history(*, known_file: Path, output: Path | None, every: bool, format_name: str, color: Color) -> int:
    """Look for secrets in every version of every file of all branches and tags; exit 1 when there are some."""
    repository = Repository(_HERE)
    known = read_known(repository.root / known_file)
    with ProgressLine(sys.stderr, detect_options(sys.stderr)) as progress:
        leaks = [leak for leak in scan_history(repository, progress) if every or not leak.is_sample]
    today = datetime.fromtimestamp(SYSTEM_CLOCK(), UTC).date()
    report = _report(repository, leaks, known, today)
    text = json.dumps(report, indent=2) + "\n"
    if output is not None:
        output.write_text(text, encoding="utf-8")
    open_leaks = [leak for leak in leaks if not _is_known(leak, known, today)]
    if format_name == "json":
        click.echo(text, nl=False)
    else:
        _print(
            open_leaks,
            detect_options(sys.stdout, color=color),
            "in the history of " + _count(len(report["refs"]), "ref"),
        )
        if repository.is_shallow:
            click.echo("The history is cut: clone it whole (fetch-depth: 0).", err=True)
    if open_leaks:
        return BROKEN
    return COULD_NOT_LOOK if repository.is_shallow else 0


@command.command(name="ignore")
@click.option("--write", is_flag=True, help="Add what is missing to the files.")
@click.option(
    "--print", "name", type=click.Choice([".gitignore", ".dockerignore", ".npmignore"]), help="Print entries."
)
def ignore(*, write: bool, name: str | None) -> int:
    """Tell which ignore files miss entries, and which secret files are tracked; exit 1 when there are some."""
    if name:
        click.echo("\n".join(list_entries(name)))
        return 0
    repository = Repository(_HERE)
    broken = False
    for file in name_ignores(repository.root):
        added = add_missing(repository.root, file) if write else []
        missing = find_uncovered(repository.root, file)
        broken = broken or bool(missing)
        if added:
            click.echo(f"{file}: {len(added)} entries added.")
        elif missing:
            click.echo(f"{file} does not leave out {', '.join(missing)}. Add them: vallum secrets ignore --write")
        else:
            click.echo(f"{file} leaves secret files out.")
    for path in find_tracked(repository):
        broken = True
        click.echo(f"{path} is tracked: git rm --cached, and revoke what it holds.")
    return BROKEN if broken else 0


@command.command(name="hook")
def hook() -> int:
    """Install the hook that scans each commit, and prove it by a made-up secret in a clone that is thrown away."""
    repository = Repository(_HERE)
    path = install_hook(repository)
    proof = prove_hook(repository)
    if proof.holds:
        click.echo(f"{path} is in place: a commit with a made-up key was refused, and the key was not printed.")
        return 0
    click.echo(f"{path} is in place, but does not do its work: {proof.told}", err=True)
    return COULD_NOT_LOOK


def _is_known(leak: Leak, known: Any, today: date) -> bool:
    entry = known.get(leak.fingerprint)
    return entry is not None and entry.is_valid(today)


def _report(repository: Repository, leaks: list[Leak], known: Any, today: date) -> dict[str, Any]:
    used = {leak.fingerprint for leak in leaks}
    return {
        "format": 1,
        "refs": repository.list_refs(),
        "shallow": repository.is_shallow,
        "leaks": [_entry(leak, known.get(leak.fingerprint), today) for leak in leaks],
        "unused": sorted(name for name in known if name not in used),
    }


def _entry(leak: Leak, known: KnownLeak | None, today: date | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "fingerprint": leak.fingerprint,
        "what": leak.what,
        "confidence": leak.confidence.value,
        "path": leak.path,
        "line": leak.line,
        "text": leak.text,
        "commit": leak.commit,
        "day": leak.day,
        "versions": leak.versions,
    }
    if known is not None and today is not None:
        told["known"] = {
            "owner": known.owner,
            "reason": known.reason,
            "expires": known.expires.isoformat(),
            "valid": known.is_valid(today),
        }
    return told


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _print(leaks: list[Leak], options: Options, where: str) -> None:
    sheet = Sheet(options)
    for leak in leaks:
        since = f" since {leak.day}, commit {leak.commit[:12]}" if leak.commit else ""
        sheet.add((f"{leak.what}", Style.BROKEN), f" in {leak.path}:{leak.line}{since}")
        sheet.code(leak.text, "    ")
        if leak.commit:
            sheet.add(f"    known leaks name it {leak.fingerprint}")
    sheet.skip()
    advice = " Revoke each first, then take it out." if leaks else ""
    sheet.wrap(f"{_count(len(leaks), 'secret')} {where}.{advice}")
    click.echo(sheet.text(), nl=False, color=True)
