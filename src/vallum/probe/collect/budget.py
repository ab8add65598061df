"""How many requests and seconds a run may take."""

from vallum.base.clock import Clock
from vallum.base.errors import VallumError


class BudgetSpentError(VallumError):
    """The run has used up its requests or its seconds."""

    code = "budget"


class Budget:
    """Counts down; `spend` raises when nothing is left."""

    __slots__ = ("_clock", "_requests", "_seconds", "_start", "spent")

    def __init__(self, requests: int, seconds: float, clock: Clock) -> None:
        """Start the clock."""
        self._requests = requests
        self._seconds = seconds
        self._clock = clock
        self._start = clock()
        self.spent = 0

    def spend(self) -> None:
        """Take one request. Raises `BudgetSpentError`."""
        if self.spent >= self._requests:
            raise BudgetSpentError(f"the budget of {self._requests} requests is spent")
        if self._clock() - self._start > self._seconds:
            raise BudgetSpentError(f"the budget of {self._seconds:g} seconds is spent after {self.spent} requests")
        self.spent += 1
