"""Start and end of an ASGI app: what fails is told to the log as an event, and to the server without its text."""

import sys
from typing import Final

from vallum.guard.asgi.types import Message, Send
from vallum.guard.core import Core, read_headers
from vallum.guard.errors.failure import describe_error
from vallum.guard.exchange import Exchange
from vallum.guard.logging.events import Level

KEEPS: Final = ("exceptions-logged",)

_FAILED: Final = {"lifespan.startup.failed": "startup-failed", "lifespan.shutdown.failed": "shutdown-failed"}
_TOLD: Final = "The app failed to start or to stop; the log of security events says why."


def tell_failures(core: Core, send: Send) -> Send:
    """A `send` for the lifespan that keeps tracebacks, which frameworks give to the server as they are, to the log."""

    async def tell(message: Message) -> None:
        name = _FAILED.get(message["type"])
        if name is not None:
            error = sys.exc_info()[1]  # frameworks send this while they handle it
            detail = {"cause": str(message.get("message", ""))} if error is None else describe_error(error)
            nobody = Exchange()
            read_headers(nobody, ())
            core.report(nobody, name, Level.ERROR, **detail)
            message = {**message, "message": _TOLD}
        await send(message)

    return tell
