"""Errors whose sentence a user may read: fixed by the class, never made from an exception (CWE-209, ASVS 16.5.1)."""

from typing import ClassVar

from vallum.base.errors import ConfigError, VallumError
from vallum.guard.errors.refusal import NOT_FOUND, Refusal
from vallum.guard.logging.events import Level


class PublicError(VallumError):
    """The base of business errors that are safe to show: subclass it with a `refusal` and raise the subclass.

    The answer is the class's refusal and nothing else; `cause` goes to the log only.
    """

    code = "public"
    refusal: ClassVar[Refusal]
    level: ClassVar[Level] = Level.INFO
    event: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Refuse a subclass without a fixed answer."""
        super().__init_subclass__()
        if not isinstance(getattr(cls, "refusal", None), Refusal):
            raise ConfigError(
                f"{cls.__name__} needs a class attribute `refusal`.",
                hint='For example: refusal = Refusal(402, "payment-declined", "Payment declined.").',
                code="public-error-without-refusal",
            )
        cls.code = cls.refusal.code
        cls.event = cls.__dict__.get("event", cls.code)

    def __init__(self, cause: str = "") -> None:
        """Keep the cause for the log."""
        super().__init__(self.refusal.text or self.refusal.code)
        self.cause = cause

    @property
    def detail(self) -> dict[str, str]:
        """What the log is told besides the event's name."""
        return {"cause": self.cause}


class NotFoundError(PublicError):
    """Not there, or not yours: the answer does not tell which (404)."""

    refusal = NOT_FOUND
