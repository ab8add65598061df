"""What wraps data keys: a ring of this process, or a service that never hands its key out."""

from typing import Final, Protocol

from vallum.base.errors import VallumError
from vallum.crypto.seal.ring import SealRing

_CONTEXT: Final = "vallum data key"


class KeyServiceError(VallumError):
    """The service refused, or gave no answer: nothing was sealed and nothing was opened."""

    code = "key-service"


class KeyService(Protocol):
    """Wraps data keys of 32 bytes. Every method raises `KeyServiceError` without an answer."""

    def wrap(self, key: bytes) -> bytes:
        """The data key, sealed by the newest version of the service's key."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key. Raises `SealRefusedError` for what the service has not wrapped."""

    def is_outdated(self, wrapped: bytes) -> bool:
        """Whether another key, or an older version of it, has wrapped this."""


class LocalKeys:
    """Wraps by a ring of sealing keys in this process, for development and for one machine."""

    def __init__(self, ring: SealRing) -> None:
        """Take a ring of its own, which seals nothing else."""
        self._ring = ring

    def wrap(self, key: bytes) -> bytes:
        """Seal by the first key."""
        return self._ring.seal(key, context=_CONTEXT)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Open by any key. Raises `SealRefusedError`."""
        return self._ring.open(wrapped, context=_CONTEXT)

    def is_outdated(self, wrapped: bytes) -> bool:
        """Whether another key than the first has sealed it."""
        return self._ring.is_outdated(wrapped)


def unanswered(service: str, error: BaseException) -> KeyServiceError:
    """The error for a service that fails; of its own error only the type is told."""
    return KeyServiceError(f"{service} gave no answer ({type(error).__name__}).", hint="See whether it can be reached.")
