"""One control: a promise with an id, an area, a severity, and its place in the standards."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vallum.base.errors import VallumError

AREAS: Final = (
    "input",
    "output",
    "data",
    "files",
    "authentication",
    "sessions",
    "tokens",
    "oauth",
    "authorization",
    "crypto",
    "secrets",
    "http",
    "errors",
    "logging",
    "supply_chain",
    "configuration",
)
"""The areas in the order of every listing; the same words name folders on every floor."""

WAYS: Final = ("guard", "rule", "probe")


class Severity(StrEnum):
    """How grave a breach is; the order of declaration is from the gravest."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical, 3 for low: sorts the gravest first."""
        return list(Severity).index(self)


class Status(StrEnum):
    """Whether a way of a control exists."""

    BUILT = "built"
    PLANNED = "planned"
    NONE = "none"
    """This way makes no sense for the control."""


class PageError(VallumError):
    """A control page that cannot be read."""

    code = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The head of a control's page."""

    id: str
    title: str
    area: str
    order: int
    """The place within its area, for ever: a verdict never moves it."""
    severity: Severity
    cwe: tuple[int, ...]
    owasp: tuple[str, ...]
    """Categories of the OWASP Top 10:2025, such as `A05`."""
    asvs: tuple[str, ...]
    """Requirements of ASVS 5.0, such as `v5.0.0-1.2.4`."""
    guard: Status
    rule: Status
    probe: Status

    def status(self, way: str) -> Status:
        """The status of `guard`, `rule` or `probe`."""
        return {"guard": self.guard, "rule": self.rule, "probe": self.probe}[way]
