"""How many worker processes the server was told to start, as far as its environment and command line say."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Final

_VARIABLES: Final = ("WEB_CONCURRENCY", "UVICORN_WORKERS", "GRANIAN_WORKERS")
_OPTIONS: Final = ("--workers", "-w")
_SERVERS: Final = ("uvicorn", "gunicorn", "hypercorn", "granian", "fastapi")


def count_workers(environ: Mapping[str, str] = os.environ, arguments: Sequence[str] | None = None) -> int:
    """The largest number that `WEB_CONCURRENCY` and its kin, `GUNICORN_CMD_ARGS` or the server's options ask for.

    1 when nothing asks for more. Options count only on the command line of a server, since `-w` means other things to
    other programs.
    """
    typed = list(sys.argv if arguments is None else arguments)
    asked = [environ.get(name, "") for name in _VARIABLES]
    asked += _read_options(shlex.split(environ.get("GUNICORN_CMD_ARGS", "")))
    if typed and any(server in typed[0] for server in _SERVERS):
        asked += _read_options(typed[1:])
    return max([1, *(int(text) for text in asked if text.isascii() and text.isdigit())])


def _read_options(arguments: Sequence[str]) -> list[str]:
    found = []
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in _OPTIONS:
            found.append(value if equals else "".join(arguments[place + 1 : place + 2]))
        elif word.startswith("-w") and word[2:].isdigit():
            found.append(word[2:])
    return found
