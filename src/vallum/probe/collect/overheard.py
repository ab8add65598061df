"""Exceptions that an app in process catches and logs: its error pages hide them, its log does not."""

import logging


class Overheard(logging.Handler):
    """Listens to the root logger and keeps the last exception of a request."""

    def __init__(self) -> None:
        """Begin to listen."""
        super().__init__(logging.WARNING)
        self.heard = ""
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception of the record, if it has one."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            kind = type(error)
            self.heard = " ".join(f"{kind.__module__}.{kind.__qualname__}: {error}".split())[:500]

    def forget(self) -> None:
        """Begin a new request."""
        self.heard = ""

    def close(self) -> None:
        """Stop listening."""
        logging.getLogger().removeHandler(self)
        super().close()
