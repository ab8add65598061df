"""How a report is wanted: how wide, with colour or without, in which characters, how much of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TextIO

from vallum.base.errors import ConfigError

Color = Literal["auto", "always", "never"]
"""What `--color` says; `auto` asks the environment and the stream."""
WIDEST: Final = 120
USUAL: Final = 80
NARROWEST: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a format needs to know about its reader. The defaults suit a file or a pipe.

    Raises `ConfigError` for a width that nothing fits into.
    """

    width: int = USUAL
    """Columns, for the terminal."""
    color: bool = False
    ascii_only: bool = False
    """The terminal cannot show `■` and `…`."""
    every: bool = False
    """Show every broken control and every site, not the first ones (`--all`)."""
    app_file: str = ""
    """The file that holds the probed app, relative to the working directory: where a viewer shows a probe's finding."""

    def __post_init__(self) -> None:
        """Refuse a width that cannot hold an id."""
        if self.width < NARROWEST:
            raise ConfigError(f"a report needs at least {NARROWEST} columns, not {self.width}.", code="too-narrow")


def detect_options(
    stream: TextIO,
    environ: Mapping[str, str] = os.environ,
    *,
    color: Color = "auto",
    every: bool = False,
    app_file: str = "",
) -> Options:
    """Options for what is written to `stream`.

    An explicit `color` beats `NO_COLOR` and `TERM=dumb`, these beat `FORCE_COLOR`, and that beats a pipe. The width is
    `COLUMNS`, else the terminal's, else 80; at most 120.
    """
    return Options(
        width=_width(stream, environ),
        color=_wants_color(stream, environ, color),
        ascii_only=_lacks_unicode(stream),
        every=every,
        app_file=app_file,
    )


def _wants_color(stream: TextIO, environ: Mapping[str, str], color: Color) -> bool:
    if color != "auto":
        return color == "always"
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return environ.get("FORCE_COLOR", "") not in {"", "0"} or stream.isatty()


def _width(stream: TextIO, environ: Mapping[str, str]) -> int:
    columns = environ.get("COLUMNS", "")
    width = int(columns) if columns.isascii() and columns.isdigit() else 0
    if not width and stream.isatty():
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except OSError:  # a terminal that does not tell its size, or a stream without a descriptor
            width = 0
    return max(NARROWEST, min(width or USUAL, WIDEST))


def _lacks_unicode(stream: TextIO) -> bool:
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    return encoding not in {"utf8", "utf16", "utf32", "utf8sig"}
