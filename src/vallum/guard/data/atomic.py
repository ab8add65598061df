"""Check and act in one step: single use, compare-and-set, locks with an end; of parallel callers one wins (CWE-367).

The stores are `MemoryCells`, `SqlCells` and `ValkeyCells` of `vallum.stores`; with the latter two call these from
handlers that may wait, or in a thread. What several statements of your own database must do together belongs into a
transaction of it. Source: ASVS 2.3.3, 15.4.2.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness, token
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.stores.cells import CellStore

KEEPS: Final = ("atomic-check-then-act",)

_MOST_ATTEMPTS: Final = 100


class ConflictError(PublicError):
    """Somebody else does the same at this moment, or has done it (409)."""

    refusal = Refusal(409, "conflict", "This has been done already, or is being done at this moment.")
    event = "conflict"


class Cells:
    """The primitives over one store. `purpose` keeps its names apart from those of others, like "voucher"."""

    def __init__(
        self,
        store: CellStore,
        purpose: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        randomness: Randomness = SYSTEM_RANDOMNESS,
    ) -> None:
        """Use `store`."""
        self.store = store
        self._purpose = purpose
        self._clock = clock
        self._randomness = randomness

    def claim(self, name: str, *, seconds: float, value: str = "") -> bool:
        """Tell once in `seconds` that `name` is yours: an event to handle once, a name to reserve, a code to redeem."""
        now = self._clock()
        return self.store.put_new(self._key(name), value, now, now + seconds)

    def issue(self, value: str, *, seconds: float) -> str:
        """A random token of 43 characters that `consume` exchanges once for `value`; only its digest is stored."""
        made = token(randomness=self._randomness)
        if not self.claim(_digest(made), seconds=seconds, value=value):
            raise ConflictError("the random token was drawn before")
        return made

    def consume(self, given: str) -> str | None:
        """The value of a token that `issue` made, once; None when it is unknown, used, or too old."""
        return self.store.take(self._key(_digest(given)), self._clock())

    def read(self, name: str) -> str | None:
        """The living value of `name`."""
        return self.store.read(self._key(name), self._clock())

    def compare_and_set(self, name: str, expected: str | None, value: str, *, seconds: float) -> bool:
        """Set `value` if it is still `expected`, which None means that there is none; False if it is not."""
        now, key = self._clock(), self._key(name)
        if expected is None:
            return self.store.put_new(key, value, now, now + seconds)
        return self.store.swap(key, expected, value, now, now + seconds)

    def update(self, name: str, change: Callable[[str | None], str], *, seconds: float) -> str:
        """Set what `change` makes of the value, and begin anew where another was faster; raise in it to leave it be.

        Raises `ConflictError` after 100 lost races.
        """
        for _ in range(_MOST_ATTEMPTS):
            before = self.read(name)
            after = change(before)
            if self.compare_and_set(name, before, after, seconds=seconds):
                return after
        raise ConflictError(f"{self._purpose}: lost {_MOST_ATTEMPTS} races")

    def give_back(self, name: str, value: str) -> bool:
        """Free what `claim` took with `value`; False when it holds another value, or none."""
        return self.store.drop(self._key(name), value)

    @contextmanager
    def lock(self, name: str, *, seconds: float) -> Iterator[None]:
        """Hold `name` for the block, at most `seconds`; who comes meanwhile gets a `ConflictError`.

        What takes longer has lost its lock: choose `seconds` well above that, and let the block's writes be conditional
        where two must never happen.
        """
        key, now, owner = self._key(f"lock {name}"), self._clock(), token(randomness=self._randomness)
        if not self.store.put_new(key, owner, now, now + seconds):
            raise ConflictError(f"{self._purpose}: locked")
        try:
            yield
        finally:
            self.store.drop(key, owner)

    def _key(self, name: str) -> str:
        return _digest(f"{self._purpose}\0{name}")


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
