"""What a store of cells promises: small values with an end, each decided upon and changed in one step."""

from typing import Protocol


class CellStore(Protocol):
    """Values by name until a deadline. Of parallel callers one wins. Times are seconds since the epoch.

    Raises any exception when it cannot answer; nobody has won then.
    """

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same cells."""

    @property
    def at_once(self) -> bool:
        """Whether the methods never wait, so that an event loop may call them directly."""

    def read(self, name: str, now: float) -> str | None:
        """The living value."""

    def put_new(self, name: str, value: str, now: float, deadline: float) -> bool:
        """Put `value` where no living one is; False, and nothing done, where one is."""

    def swap(self, name: str, expected: str, value: str, now: float, deadline: float) -> bool:
        """Replace the living value if it is `expected`; False, and nothing done, if it is not."""

    def take(self, name: str, now: float) -> str | None:
        """Remove the living value and return it: of parallel callers one gets it, the rest None."""

    def drop(self, name: str, expected: str) -> bool:
        """Remove the value if it is `expected`; False, and nothing done, if it is not."""

    def purge(self, now: float) -> int:
        """Remove what has ended; tell how many."""
