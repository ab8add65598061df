"""The clock is a parameter: whoever needs the time is handed a `Clock`."""

import time
from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]
"""Seconds since the epoch, as a float."""

SYSTEM_CLOCK: Final[Clock] = time.time
