"""What a store of rate limits promises: one atomic decision for one subject, told as durations and never as times.

The algorithm is GCRA, the generic cell rate algorithm (ITU-T I.371). Per key a store keeps one number: when the *debt*
of what was taken is paid off. Every unit costs `interval`; what would raise the debt above `tolerance` is refused. All
numbers are whole microseconds, so that every store decides alike to the unit.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias


class Charge(NamedTuple):
    """What one limit asks for one request: `increment` is the cost times the interval, both in microseconds."""

    limit: str
    interval: int
    tolerance: int
    increment: int


Decision: TypeAlias = tuple[bool, Sequence[int]]
"""Whether all charges of a subject fitted, and the debt of each afterwards; if one did not fit, none was taken.

A plain tuple, for one is made in every request.
"""


class LimitStore(Protocol):
    """Counts for rate limits. Raises any exception when it cannot answer; the limiter then refuses by default."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same counts."""

    @property
    def at_once(self) -> bool:
        """Whether the methods never wait, so that an event loop may call them directly."""

    def take(self, subject: str, charges: Sequence[Charge], now: int) -> Decision:
        """Charge `subject` with all of `charges` in one step, or with none; `now` is in microseconds of the epoch."""

    def forget(self, subject: str, limit: str) -> None:
        """Clear what `subject` owes to one limit."""


def clamp_debt(debt: int, charge: Charge) -> int:
    """The debt that counts, from 0 to the tolerance.

    More than the tolerance comes from a clock that was set back or a limit that was lowered: nobody waits longer for it
    than for one whole window.
    """
    return 0 if debt < 0 else min(debt, charge.tolerance)
