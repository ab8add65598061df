"""A whole run: what was looked at, the verdicts, what could not be looked at."""

from dataclasses import dataclass
from datetime import datetime

from vallum.catalogue.control import Severity
from vallum.findings.finding import Gap
from vallum.findings.fingerprint import number_findings
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
class AccessTable:
    """Who may call what, as the guard of the app decides it: a route, and its answer to each of `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


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
    standards: tuple[str, ...] = ("owasp", "asvs", "cwe")
    floor: Severity = Severity.LOW
    """What is broken below it is shown, and does not change the exit status."""
    known: frozenset[str] = frozenset()
    """Fingerprints of the findings that the baseline accepts."""
    access: AccessTable | None = None
    """None where no guard was found, or none was looked for."""

    @property
    def accepted(self) -> int:
        """How many of the findings the baseline knows."""
        return sum(name in self.known for verdict in self.verdicts for name in number_findings(verdict.findings))

    def count(self, outcome: Outcome) -> int:
        """How many controls have this verdict."""
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    @property
    def exit_status(self) -> int:
        """1 when something is broken, else 3 when something could not be looked at, else 0."""
        if any(self.weighs(verdict) for verdict in self.verdicts):
            return SOMETHING_BROKEN
        return COULD_NOT_LOOK if self.gaps else NOTHING_BROKEN

    def weighs(self, verdict: Verdict) -> bool:
        """Whether a verdict is broken, at or above the floor, by a finding that the baseline does not know."""
        if verdict.outcome is not Outcome.BROKEN or verdict.control.severity.rank > self.floor.rank:
            return False
        return not self.known.issuperset(number_findings(verdict.findings))
