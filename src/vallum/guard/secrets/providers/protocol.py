"""What a place of secrets answers: the current and the previous version of a value, or one of three refusals."""

from dataclasses import dataclass
from typing import Protocol

from vallum.base.errors import VallumError
from vallum.base.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """One value of a secret, the place's name for this version, and when it was made (seconds since the epoch)."""

    value: Secret[str]
    version: str
    created: float | None = None


class SecretMissingError(VallumError):
    """The place has no secret of that name."""

    code = "secret-missing"


class SecretDeniedError(VallumError):
    """The place knows the caller and does not let it read this secret, or does not know it."""

    code = "secret-denied"


class SecretUnavailableError(VallumError):
    """The place gave no answer that can be understood."""

    code = "secret-unavailable"


class SecretProvider(Protocol):
    """A place of secrets. No method writes anything to disk; messages name the secret and never its value."""

    @property
    def name(self) -> str:
        """What the log calls the place."""

    def fetch(self, key: str) -> SecretVersion:
        """The current version. Raises `SecretMissingError`, `SecretDeniedError` or `SecretUnavailableError`."""

    def fetch_previous(self, key: str) -> SecretVersion | None:
        """The version before, None if there is none. Raises like `fetch`."""


def missing(place: str, key: str) -> SecretMissingError:
    """The error for a name that the place does not have."""
    return SecretMissingError(f"{place} has no secret {key}.", hint="Create it, or correct the name.")


def denied(place: str, key: str) -> SecretDeniedError:
    """The error for a caller that may not read it."""
    return SecretDeniedError(
        f"{place} does not let this service read {key}.", hint="Give its identity the right to read this one secret."
    )


def unavailable(place: str, key: str, error: BaseException | None = None) -> SecretUnavailableError:
    """The error for a place that does not answer; of its own error only the type is told."""
    kind = f" ({type(error).__name__})" if error is not None else ""
    return SecretUnavailableError(f"{place} gave no answer for {key}{kind}.", hint="See whether it can be reached.")
