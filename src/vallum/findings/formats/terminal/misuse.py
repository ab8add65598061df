"""The one clear line for a command that cannot be carried out: what was expected, and what to do."""

from typing import Final

from vallum.base.errors import VallumError
from vallum.findings.formats.terminal.sheet import Sheet, Style
from vallum.findings.options import Options

NAME: Final = "vallum:"


def render_error(error: VallumError, options: Options) -> str:
    """One line: the program's name, the error's sentence, its hint."""
    sheet = Sheet(options)
    sheet.add((NAME, Style.BROKEN), f" {' '.join(str(error).split())}")
    return sheet.text()
