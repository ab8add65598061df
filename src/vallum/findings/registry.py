"""The folder is the registry: every module or package under `formats/` is a format.

A format is `formats/<name>.py`, or `formats/<name>/document.py` when it needs more than one file, with a function
`render(report, options)`.
"""

from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from vallum.base.errors import UsageError
from vallum.findings import formats
from vallum.findings.options import Options
from vallum.findings.report import Report

Render = Callable[[Report, Options], str]
"""Turns a report into the text of one format; ends with a line end."""


@cache
def format_names() -> tuple[str, ...]:
    """The names that `--format` accepts, in alphabetical order."""
    return tuple(sorted(_modules()))


def find_format(name: str) -> Render:
    """The function that renders the format called `name`. Raises `UsageError` that names the formats."""
    module = _modules().get(name)
    if module is None:
        near = get_close_matches(name, format_names(), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(format_names())}."
        raise UsageError(f'There is no format "{name}".', hint=hint, code="unknown-format")
    render: Render = import_module(module).render
    return render


@cache
def _modules() -> dict[str, str]:
    return {
        found.name: f"{formats.__name__}.{found.name}{'.document' if found.ispkg else ''}"
        for found in iter_modules(formats.__path__)
    }
