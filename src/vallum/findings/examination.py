"""What one way of looking brings home: the material from which verdicts are made."""

from collections.abc import Callable
from dataclasses import dataclass, field

from vallum.findings.finding import Gap, Remark
from vallum.findings.report import Counts

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that `check` or `probe` saw in one run."""

    remarks: tuple[Remark, ...]
    gaps: tuple[Gap, ...] = ()
    counts: Counts = field(default_factory=Counts)


def show_nothing(_what: str, _done: int, _total: int) -> None:
    """The progress of a run that nobody watches."""
