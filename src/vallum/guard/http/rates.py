"""Rates as people write them: "100/minute", "5/15 minutes", "20/second burst 5"."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from vallum.base.errors import ConfigError
from vallum.stores.limits import Charge

_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_WRITTEN: Final = re.compile(
    r"(?P<count>\d{1,7}) ?/ ?(?:(?P<number>\d{1,4}) )?(?P<unit>second|minute|hour|day)s?(?: burst (?P<burst>\d{1,7}))?",
    re.ASCII,
)
_NAME: Final = re.compile(r"[A-Za-z0-9_.:<>/-]{1,200}")
_LONGEST_SECONDS: Final = 31 * 86_400
MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` units in every `seconds`, paid off evenly; at most `burst` of them at once.

    After a pause `burst` units pass at once and further ones at the even pace, so that any one window sees at most
    `count` + `burst`.
    """

    count: int
    seconds: int
    burst: int

    def __post_init__(self) -> None:
        """Refuse what cannot be counted in whole microseconds."""
        fits = 0 < self.seconds <= _LONGEST_SECONDS and 0 < self.count <= self.seconds * MICROSECONDS
        if not fits or not 0 < self.burst <= self.count:
            raise ConfigError(
                f"{self.count} in {self.seconds} seconds, {self.burst} at once, is not a rate.",
                hint="Count at least 1, in at most 31 days, and no more at once than the count.",
                code="rate-unclear",
            )

    @property
    def interval(self) -> int:
        """The microseconds that pay off one unit; rounded up, so that the rate is never exceeded."""
        return -(-self.seconds * MICROSECONDS // self.count)

    @property
    def policy(self) -> str:
        """The parameters of a `RateLimit-Policy` item (draft-ietf-httpapi-ratelimit-headers-10, section 3)."""
        return f"q={self.count};w={self.seconds}"

    def charge(self, limit: str, cost: int = 1) -> Charge:
        """What a store is asked for. Raises `ConfigError` for a name or cost that cannot be counted."""
        if not _NAME.fullmatch(limit):
            raise ConfigError(
                f"{limit!r} does not name a limit.", hint="Use letters, digits and -_.:/<>.", code="rate-unclear"
            )
        if cost < 1:
            raise ConfigError(f"a cost is at least 1, not {cost}: it would pay limits off.", code="rate-unclear")
        interval = self.interval
        return Charge(limit, interval, interval * self.burst, interval * cost)


@cache
def read_rate(text: str) -> Rate:
    """The rate that `text` describes: a count, a slash and a time, perhaps a burst. Raises `ConfigError`."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ConfigError(
            f"{text!r} is not a rate.",
            hint='Write "100/minute", "5/15 minutes" or "20/second burst 5".',
            code="rate-unclear",
        )
    count = int(match["count"])
    return Rate(count, int(match["number"] or 1) * _UNITS[match["unit"]], int(match["burst"] or count))


def remaining_units(charge: Charge, debt: int) -> int:
    """How many units fit now."""
    return (charge.tolerance - debt) // charge.interval


def seconds_until(charge: Charge, debt: int) -> int:
    """Whole seconds, at least 1, until `charge` fits; a whole window if it never does."""
    missing = min(debt + charge.increment - charge.tolerance, charge.tolerance)
    return max(-(-missing // MICROSECONDS), 1)
