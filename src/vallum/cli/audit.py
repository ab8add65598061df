"""`vallum audit`: the main job. Check and probe, and one verdict with evidence for every control."""

from pathlib import Path
from typing import Any

import click

from vallum.audit.run import Order
from vallum.audit.settings import find_settings
from vallum.base.errors import UsageError
from vallum.cli.output import CACHE, check_options, report_options, run_order, typed_command


@click.command(name="audit")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--app", default="", help="The app as module:name; it is loaded in process.")
@click.option("--url", default="", help="The address of a running app, on a host that was allowed by name.")
@check_options
@report_options
def command(
    path: Path, app: str, url: str, select: tuple[str, ...], *, jobs: int, no_cache: bool, **output: Any
) -> int:
    """Check the code under PATH and probe its app; give every control a verdict with evidence."""
    if app and url:
        raise UsageError("Give --app or --url, not both.", code="two-targets")
    if not path.exists():
        raise UsageError(f"There is no {path}.", hint="Give a file or folder that exists.", code="no-path")
    settings = find_settings(path)
    inside = tuple(settings.folder / name for name in settings.paths) if path.resolve() == settings.folder else ()
    order = Order(
        verb="audit",
        command=typed_command(),
        settings=settings,
        paths=inside or (path,),
        target=app or url or settings.app,
        select=select,
        jobs=jobs,
        cache=None if no_cache else CACHE,
    )
    return run_order(order, **output)
