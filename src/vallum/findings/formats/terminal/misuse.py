"""The one clear line for a command that cannot be carried out: what was expected, and what to do."""

from typing import Final

from vallum.base.errors import VallumError
from vallum.findings.formats.terminal.sheet import Sheet, Style
from vallum.findings.options import Options

NAME: Final = "vallum:"


def render_error(error: VallumError, options: Options) -> str:
    """The error's sentence behind the program's name, and its hint on a line of its own below."""
    sheet = Sheet(options)
    sheet.add((NAME, Style.BROKEN), f" {error.message}")
    if error.hint:
        sheet.add(" " * (len(NAME) + 1), error.hint)
    return sheet.text()
