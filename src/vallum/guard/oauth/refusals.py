"""The one answer to a sign-in by another provider that failed; the log is told which step failed, and why."""

from typing import ClassVar

from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.logging.events import Level


class SignInRefusedError(PublicError):
    """The sign-in failed (400): the same answer for all causes. `cause` starts with a stable word, such as `state`."""

    refusal: ClassVar[Refusal] = Refusal(
        400, "sign-in-refused", "The sign-in did not succeed. Please start it again.", identified=False
    )
    level: ClassVar[Level] = Level.WARNING
    event: ClassVar[str] = "login-failed"


class ProviderDownError(PublicError):
    """The provider cannot be reached, or answers nonsense (503)."""

    refusal: ClassVar[Refusal] = Refusal(
        503,
        "provider-unavailable",
        "The sign-in service does not answer at the moment. Please try again later.",
        headers=[(b"retry-after", b"30")],
    )
    level: ClassVar[Level] = Level.ERROR
