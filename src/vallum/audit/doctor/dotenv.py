"""The variables of a deployment, from a file of lines `NAME=value` such as Docker and systemd read."""

import re
from pathlib import Path
from typing import Final

from vallum.base.errors import UsageError

_LINE: Final = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_QUOTED: Final = re.compile(r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')\s*(?:#.*)?""")


def read_dotenv(path: Path) -> dict[str, str]:
    """Read the file. Nothing in it is expanded. Raises `UsageError` that names the line and never its text."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{path} cannot be read: {why}.", hint="Give --env-file a text file.") from None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise UsageError(f"{path}:{number} is not NAME=value.", hint="Mend the line.", code="env-file")
        found[match["name"]] = _read_value(match["value"])
    return found


def _read_value(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        return re.split(r"\s#", f" {text}", maxsplit=1)[0].strip()
    return quoted["double"] if quoted["double"] is not None else quoted["single"]
