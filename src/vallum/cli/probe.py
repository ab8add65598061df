"""`vallum probe`: live tests of a running app."""

from pathlib import Path
from typing import Any

import click

from vallum.audit.run import Order
from vallum.audit.settings import find_settings
from vallum.base.errors import UsageError
from vallum.cli.output import report_options, run_order, typed_command


@click.command(name="probe")
@click.argument("target", required=False, default="")
@report_options
def command(target: str, select: tuple[str, ...], **output: Any) -> int:
    """Try the app TARGET (module:app, or a URL on this machine), and report what it does not hold."""
    settings = find_settings(Path())
    chosen = target or settings.app
    if not chosen:
        raise UsageError("There is no app to probe.", hint="Try: vallum probe shop.main:app", code="no-target")
    return run_order(
        Order(verb="probe", command=typed_command(), settings=settings, target=chosen, select=select), **output
    )
