"""What else of debugging a process shows at its start: a reloader, and the logging of SQL with its values (CWE-489)."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final

from vallum.guard.configuration.problem import Problem

_SERVERS: Final = ("uvicorn", "gunicorn", "hypercorn", "granian", "fastapi", "flask", "litestar")
_OPTIONS: Final = frozenset({"--reload", "--debug"})
_VARIABLES: Final = ("UVICORN_RELOAD", "GRANIAN_RELOAD", "FLASK_DEBUG", "WERKZEUG_RUN_MAIN", "RUN_MAIN")
_OFF: Final = frozenset({"", "0", "false", "no", "off"})
_SQL_LOGS: Final[Mapping[str, int]] = {
    "sqlalchemy": logging.INFO,
    "sqlalchemy.engine": logging.INFO,
    "sqlalchemy.engine.Engine": logging.INFO,
    "django.db.backends": logging.DEBUG,
}
"""Loggers, and the level at which they write each statement."""


def find_debugging(
    environ: Mapping[str, str] = os.environ, arguments: Sequence[str] | None = None
) -> Iterator[Problem]:
    """A reloader that the server's options or the environment ask for, and a logger that was set to write SQL."""
    typed = list(sys.argv if arguments is None else arguments)
    asked = [name for name in _VARIABLES if environ.get(name, "").lower() not in _OFF]
    if typed and _program(PurePath(typed[0])) in _SERVERS:
        asked += [word for word in typed[1:] if word in _OPTIONS]
    if asked:
        yield Problem(
            code="reload-on",
            what=f"{asked[0]} is set: the server watches for changed files or shows a debugger.",
            fix="Leave it out.",
        )
    for name, level in _SQL_LOGS.items():
        logger = logging.root.manager.loggerDict.get(name)
        if isinstance(logger, logging.Logger) and logging.NOTSET < logger.level <= level:
            yield Problem(
                code="sql-echo-on",
                what=f"the logger {name} writes every SQL statement with its values.",
                fix="Set it to WARNING.",
            )


def _program(path: PurePath) -> str:
    return path.parent.name if path.name == "__main__.py" else path.name
