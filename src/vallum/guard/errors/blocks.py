"""What the guard answers when a block refuses input: the status of the refusal, and no word about the cause."""

from collections.abc import Mapping
from typing import Final

from vallum.base.errors import RefusedError
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal, refusal_for
from vallum.guard.errors.validation import ValidationFailedError

_RETRY_AFTER: Final = [(b"retry-after", b"1")]


class BlockRefusedError(PublicError):
    """Input that a block does not accept (400)."""

    refusal = refusal_for(400)
    event = "input-refused"


class BlockTooLargeError(PublicError):
    """Input that is larger than a block reads (413)."""

    refusal = refusal_for(413)
    event = "input-refused"


class BlockTypeError(PublicError):
    """Input of a media type that a block does not read (415)."""

    refusal = refusal_for(415)
    event = "input-refused"


class BlockBusyError(PublicError):
    """Work that a block cannot take on now (503)."""

    refusal = Refusal(503, "busy", "Too many requests at once. Try again in a moment.", headers=_RETRY_AFTER)
    event = "block-busy"


_ANSWERS: Final[Mapping[int, type[PublicError]]] = {
    413: BlockTooLargeError,
    415: BlockTypeError,
    503: BlockBusyError,
}


def publish_refusal(error: RefusedError) -> PublicError:
    """Return the public error for a block's refusal; its code and message become the cause, for the log."""
    cause = f"{error.code}: {error.message}"
    failures = getattr(error, "failures", ())
    return ValidationFailedError(failures, cause) if failures else _ANSWERS.get(error.status, BlockRefusedError)(cause)
