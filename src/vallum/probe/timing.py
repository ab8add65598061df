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
_SURE: Final = 8
"""Tries of each kind without which nothing is called apart."""
MOST_ROUNDS: Final = 12
"""How many tries of each kind are made at most, to see whether a difference stays."""


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

    They are apart only where, over eight tries of each kind or more, both the medians and the shortest times differ by
    more than 40 percent and 8 ms: a busy machine makes single tries longer and hardly ever all of one kind. They are
    alike where either differs by at most 15 percent or 4 ms. Fewer than three tries tell nothing.
    """
    medians = (median(first or [0.0]), median(second or [0.0]))
    if min(len(first), len(second)) < _FEWEST:
        verdict = Times.UNCLEAR
    else:
        pairs = (medians, (min(first), min(second)))
        sure = min(len(first), len(second)) >= _SURE
        far = sure and all(_differ(pair, _FAR, 2 * _NOISE) for pair in pairs)
        close = any(not _differ(pair, _CLOSE, _NOISE) for pair in pairs)
        verdict = Times.APART if far else Times.ALIKE if close else Times.UNCLEAR
    return Compared(verdict=verdict, first=medians[0], second=medians[1])


def is_open(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether more tries are worth their time: there are some of both, not seen to be alike, which may be apart."""
    enough = min(len(first), len(second)) >= _FEWEST and max(len(first), len(second)) < MOST_ROUNDS
    return enough and compare_times(first, second).verdict is not Times.ALIKE


def _differ(pair: tuple[float, float], part: float, seconds: float) -> bool:
    return abs(pair[0] - pair[1]) > max(part * max(pair), seconds)
