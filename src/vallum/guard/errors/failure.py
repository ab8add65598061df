"""What the log is told about an exception, and what the user is not."""

from vallum.base.errors import RefusedError
from vallum.guard.errors.blocks import publish_refusal


def unwrap_error(error: Exception) -> Exception:
    """The one error inside of groups that task groups made of it; the public form of what a block refused."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return publish_refusal(error) if isinstance(error, RefusedError) else error


def describe_error(error: BaseException) -> dict[str, str]:
    """Everything about an exception, for the log only."""
    import traceback  # noqa: PLC0415 - needed only when something failed

    return {"error": type(error).__qualname__, "stack": "".join(traceback.format_exception(error))}
