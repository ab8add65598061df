"""A whole run: what was looked at, the verdicts, what could not be looked at."""

from dataclasses import dataclass, field
from datetime import datetime

from vallum.findings.finding import Gap
from vallum.findings.verdict import Outcome, Verdict

NOTHING_BROKEN = 0
SOMETHING_BROKEN = 1
COULD_NOT_LOOK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The application that was looked at."""

    name: str
    app: str = ""
    """`module:app` or a URL; empty when nothing was probed."""
    commit: str = ""
    branch: str = ""
    uncommitted: int = 0
    """How many files differ from the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much was looked at. None means that this way did not run."""

    files: int | None = None
    lines: int | None = None
    functions: int | None = None
    routes: int | None = None
    requests: int | None = None
    packages: int | None = None
    commits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `vallum check`, `vallum probe` and `vallum audit` give to every format."""

    verb: str
    """`check`, `probe` or `audit`."""
    command: str
    """The command line that repeats the run."""
    version: str
    subject: Subject
    started: datetime
    """UTC."""
    seconds: float
    counts: Counts
    verdicts: tuple[Verdict, ...]
    """In the order of the catalogue."""
    gaps: tuple[Gap, ...] = ()
    standards: tuple[str, ...] = field(default=("owasp", "asvs", "cwe"))

    def count(self, outcome: Outcome) -> int:
        """How many controls have this verdict."""
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    @property
    def exit_status(self) -> int:
        """1 when something is broken, else 3 when something could not be looked at, else 0."""
        if self.count(Outcome.BROKEN):
            return SOMETHING_BROKEN
        return COULD_NOT_LOOK if self.gaps else NOTHING_BROKEN
