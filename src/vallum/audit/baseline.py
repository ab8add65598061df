"""The baseline: findings that a team knows and accepts for now. One a line, sorted, so that merges do not clash."""

from collections.abc import Iterable
from pathlib import Path

from vallum.base.errors import ConfigError

_HEAD = "# Findings known to the team, one a line: fingerprint, control, where it was. Written by `vallum baseline`.\n"


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in the file at `path`. Raises `ConfigError` when it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The baseline {path} cannot be read: {error}.", code="baseline-unreadable") from error
    return frozenset(line.split()[0] for line in lines if line.strip() and not line.startswith("#"))


def write_baseline(path: Path, entries: Iterable[tuple[str, str, str]]) -> int:
    """Write (fingerprint, control, place) for each entry and return how many there are."""
    lines = sorted({" ".join(entry) for entry in entries})
    path.write_text(_HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)
