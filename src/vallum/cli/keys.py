"""`vallum keys`: keys that seal values in the database, made and rotated."""

import sys

import click

from vallum.base.errors import UsageError
from vallum.findings.formats.terminal.progress import ProgressLine
from vallum.findings.options import detect_options
from vallum.probe.collect.loader import load_app

NOT_WHOLE = 3


@click.group(name="keys")
def command() -> None:
    """Look after the keys that seal values in the database."""


@command.command(name="new")
def new() -> None:
    """Print a new key. Put it first in the ring; the old one stays behind it until `rotate` is done."""
    from vallum.guard.crypto.sealing import generate_field_key  # noqa: PLC0415 - cryptography, only where keys are made

    click.echo(generate_field_key().reveal())


@command.command(name="rotate")
@click.argument("target", metavar="MODULE:NAME")
def rotate(target: str) -> int:
    """Seal every row anew that is not under the newest key; MODULE:NAME is a `KeyRotation` of the app.

    It may be stopped at any moment and begun again. Exit status 3 when the app changed rows meanwhile: run it again.
    """
    from vallum.guard.data.key_rotation import KeyRotation  # noqa: PLC0415 - SQLAlchemy, only where rows are sealed

    rotation = load_app(target) if ":" in target else None
    if not isinstance(rotation, KeyRotation):
        raise UsageError(f'"{target}" names no KeyRotation.', hint="Try: vallum keys rotate shop.keys:ROTATION")
    with ProgressLine(sys.stderr, detect_options(sys.stderr)) as progress:
        report = rotation.run(lambda what, done, total: progress(f"sealing {what}", done, total))
    speed = f", {report.seen / report.seconds:,.0f} rows a second" if report.seconds > 0 else ""
    click.echo(f"{report.seen} rows, {report.sealed} sealed anew{speed}.")
    if report.is_whole:
        click.echo("No row needs the old keys: take them out of the ring once every instance has the new one.")
        return 0
    click.echo(f"{report.overtaken} rows were changed meanwhile. Run it again.", err=True)
    return NOT_WHOLE
