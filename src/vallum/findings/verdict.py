"""The verdict on one control, with its evidence."""

from dataclasses import dataclass
from enum import StrEnum

from vallum.catalogue.control import Control
from vallum.findings.finding import Finding, Silence, Site, Unproven


class Outcome(StrEnum):
    """The three verdicts."""

    HELD = "held"
    BROKEN = "broken"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Held, broken or unproven, and why: the sites that were well, the findings, the silences."""

    control: Control
    outcome: Outcome
    evidence: str
    """One line: "14 queries, all bound" or "Does not apply: no document database is imported"."""
    silence: Silence | None = None
    """Which of the three, for an unproven control; None otherwise."""
    sites: tuple[Site, ...] = ()
    findings: tuple[Finding, ...] = ()
    unproven: tuple[Unproven, ...] = ()
