"""Whether two kinds of request take the same time: medians of interleaved tries, with a wide margin on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Final

_CLOSE: Final = 0.15
"""Medians that differ by less than this part of the longer one are the same."""
_NOISE: Final = 0.004
"""Seconds that a machine takes or gives at random."""
_FAR: Final = 0.4
_FEWEST: Final = 3


class Times(Enum):
    """What can be said."""

    ALIKE = "alike"
    APART = "apart"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The verdict, the two medians in seconds, and how to say it."""

    verdict: Times
    first: float
    second: float

    @property
    def told(self) -> str:
        """`41.2 ms and 40.7 ms in the median`."""
        return f"{self.first * 1000:.1f} ms and {self.second * 1000:.1f} ms in the median"


def compare_times(first: Sequence[float], second: Sequence[float]) -> Compared:
    """Compare two series, in seconds.

    They are apart only where the medians differ by more than 40 percent and 8 ms, and at most one time of the faster
    series reaches the median of the slower: chance alone does not do that.
    """
    if min(len(first), len(second)) < _FEWEST:
        return Compared(verdict=Times.UNCLEAR, first=median(first or [0.0]), second=median(second or [0.0]))
    one, other = median(first), median(second)
    fast, slow = (first, other) if one < other else (second, one)
    gap = abs(one - other)
    if gap > max(_FAR * max(one, other), 2 * _NOISE) and sorted(fast)[-2] < slow:
        verdict = Times.APART
    elif gap <= max(_CLOSE * max(one, other), _NOISE):
        verdict = Times.ALIKE
    else:
        verdict = Times.UNCLEAR
    return Compared(verdict=verdict, first=one, second=other)
