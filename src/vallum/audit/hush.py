"""Keeps what an app in process prints out of our own report."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout


class _Nowhere(io.TextIOBase):
    """Takes everything and keeps nothing; an app may hold on to it for as long as it likes."""

    def write(self, text: str, /) -> int:
        """Say that all was written."""
        return len(text)

    def writable(self) -> bool:
        """Yes: a stream handler asks."""
        return True


@contextmanager
def hush_app() -> Iterator[None]:
    """Drop what is printed and logged to the standard streams meanwhile; `VALLUM_DEBUG=1` lets it through."""
    if os.environ.get("VALLUM_DEBUG"):
        yield
        return
    with redirect_stdout(_Nowhere()), redirect_stderr(_Nowhere()):
        yield
