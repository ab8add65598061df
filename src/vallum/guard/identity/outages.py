"""A store that cannot answer: nobody is let in, and the client is told to come back, whichever framework asks."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Final, TypeVar, cast

from vallum.base.errors import VallumError
from vallum.guard.errors.failure import describe_error
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import UNAVAILABLE, Refusal
from vallum.guard.logging.events import Level

KEEPS: Final = ("fail-closed",)

Store = TypeVar("Store")


class StoreDownError(PublicError):
    """A store of accounts gives no answer (503, with Retry-After); the log is told what it raised."""

    refusal: ClassVar[Refusal] = UNAVAILABLE
    level = Level.ERROR
    event = "account-store-failed"

    def __init__(self, error: Exception) -> None:
        """Keep what the store raised, for the log."""
        super().__init__(type(error).__name__)
        self._told = describe_error(error)

    @property
    def detail(self) -> dict[str, str]:
        """What the store raised, and where."""
        return self._told


def watch_store(store: Store) -> Store:
    """The same store, whose methods raise `StoreDownError` for whatever its driver raises; errors of Vallum stay."""
    return store if isinstance(store, _WatchedStore) else cast("Store", _WatchedStore(store))


class _WatchedStore:
    """Hands everything on."""

    def __init__(self, store: object) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if name == "_store":
            raise AttributeError(name)
        found = getattr(self._store, name)
        return _watch(found) if callable(found) else found


def _watch(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def ask(*values: Any, **named: Any) -> Any:
        try:
            return method(*values, **named)
        except VallumError:
            raise
        except Exception as error:
            raise StoreDownError(error) from error

    return ask
