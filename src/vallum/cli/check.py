"""`vallum check`: static analysis of code and configuration."""

from pathlib import Path
from typing import Any

import click

from vallum.audit.run import Order
from vallum.audit.settings import find_settings
from vallum.base.errors import UsageError
from vallum.cli.output import CACHE, check_options, repair_order, report_options, run_order, typed_command


@click.command(name="check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--diff", "base", metavar="BASE", default="", help="Only what the working tree brings against BASE.")
@click.option("--fix", is_flag=True, help="Print safe rewrites as a unified diff instead of the report.")
@click.option("--write", is_flag=True, help="With --fix: change the files.")
@check_options
@report_options
def command(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    base: str,
    *,
    fix: bool,
    write: bool,
    jobs: int,
    no_cache: bool,
    **output: Any,
) -> int:
    """Look at code and configuration under PATHS, and report what breaks a control."""
    if write and not fix:
        raise UsageError("--write belongs to --fix.", hint="Try: vallum check --fix --write", code="write-alone")
    settings = find_settings(paths[0] if paths else Path())
    chosen = paths or tuple(settings.folder / path for path in settings.paths) or (Path(),)
    order = Order(
        verb="check",
        command=typed_command(),
        settings=settings,
        paths=chosen,
        select=select,
        base=base,
        jobs=jobs,
        cache=None if no_cache else CACHE,
    )
    return repair_order(order, write=write) if fix else run_order(order, **output)
