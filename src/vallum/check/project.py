"""Every file of a project that a rule may look at."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The files under a root."""

    root: Path
