"""A value that does not show itself: not in repr, str, format, pickles or JSON (CWE-532, ASVS 16.2.5)."""

import hmac
from typing import Generic, NoReturn, TypeVar

Plain = TypeVar("Plain", str, bytes)


class Secret(Generic[Plain]):
    """Holds a password, key or token; only `reveal()` gives it back, so every use can be found by name."""

    __slots__ = ("_value",)

    def __init__(self, value: Plain) -> None:
        """Wrap `value`."""
        self._value: Plain = value

    def reveal(self) -> Plain:
        """Return the secret itself. Hand it straight to whoever needs it and keep no copy."""
        return self._value

    def __repr__(self) -> str:
        """A mask, whatever the value."""
        return "Secret('**********')"

    __str__ = __repr__

    def __format__(self, spec: str, /) -> str:
        """The same mask, whatever the format asks for."""
        return repr(self)

    def __len__(self) -> int:
        """The length, which policies need."""
        return len(self._value)

    def __bool__(self) -> bool:
        """False when empty."""
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        """Compare in constant time; a secret never equals a bare string."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    __hash__ = None  # type: ignore[assignment]  # a hash table would keep the secret and compare it in variable time

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied into a cache or queue."""
        raise TypeError("a Secret cannot be pickled; pass the place where it is read instead")


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
