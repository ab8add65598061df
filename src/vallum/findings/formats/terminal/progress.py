"""A line on standard error that tells how far a long run is: on a terminal only, one line, gone at the end."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

from vallum.findings.options import Options
from vallum.findings.text import cut_middle, measure, pad, show_hidden, spell_ascii

BAR: Final = 20
PAUSE: Final = 0.08
"""Seconds between two drawings, so that drawing costs nothing."""


class ProgressLine:
    """A `Progress` that draws a bar: `checking shop/views.py  ■■■■■□□□□□  62 of 120`.

    Use it in a `with` statement, which clears the line at the end, also after Ctrl-C. It writes nothing when the stream
    is not a terminal. `clock` gives seconds and never runs backwards.
    """

    def __init__(self, stream: TextIO, options: Options, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Draw on `stream`, in the width and characters of `options`."""
        self._stream = stream
        self._options = options
        self._clock = clock
        self._shows = stream.isatty()
        self._drawn = 0
        self._next = float("-inf")

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` is done and that `what` is being looked at."""
        if not self._shows or (self._clock() < self._next and done < total):
            return
        self._next = self._clock() + PAUSE
        line = self._line(what, done, total)
        self._stream.write("\r" + pad(line, self._drawn))
        self._stream.flush()
        self._drawn = measure(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()
            self._drawn = 0

    def __enter__(self) -> Self:
        """The line itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear the line, whatever happened."""
        self.clear()

    def _line(self, what: str, done: int, total: int) -> str:
        known = total > 0
        full = BAR * min(done, total) // total if known else 0
        bar = f"  {'■' * full}{'□' * (BAR - full)}  {done:,} of {total:,}" if known else f"  {done:,}"
        plain = self._options.ascii_only
        bar = spell_ascii(bar) if plain else bar
        # The last column stays free: a full line would make some terminals begin a new one.
        room = self._options.width - 1 - measure(bar)
        if room < 8:
            bar, room = "", self._options.width - 1
        name = spell_ascii(show_hidden(what)) if plain else show_hidden(what)
        return cut_middle(name, room, ellipsis="..." if plain else "…") + bar
