import io

import pytest

from vallum.findings.formats.terminal.progress import ProgressLine
from vallum.findings.options import Options


class Terminal(io.StringIO):
    """A stream that is a terminal, and what one would see on it."""

    def isatty(self) -> bool:
        return True

    def seen(self) -> str:
        cells: list[str] = []
        column = 0
        for character in self.getvalue():
            if character == "\r":
                column = 0
                continue
            cells[column : column + 1] = [character]
            column += 1
        return "".join(cells).rstrip()


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_draws_one_line_and_takes_it_away():
    screen, clock = Terminal(), Clock()
    with ProgressLine(screen, Options(width=60), clock=clock) as show:
        show("checking shop/views.py", 30, 120)
        assert screen.seen() == "checking shop/views.py  ■■■■■□□□□□□□□□□□□□□□  30 of 120"
        clock.now = 1
        show("checking a.py", 60, 120)
        assert screen.seen() == "checking a.py  ■■■■■■■■■■□□□□□□□□□□  60 of 120"
    assert screen.seen() == ""
    assert "\n" not in screen.getvalue()
    assert "\x1b" not in screen.getvalue()


def test_is_silent_when_nobody_watches():
    pipe = io.StringIO()
    with ProgressLine(pipe, Options()) as show:
        show("checking", 1, 2)
    assert pipe.getvalue() == ""


def test_draws_seldom_but_always_the_last():
    screen, clock = Terminal(), Clock()
    show = ProgressLine(screen, Options(), clock=clock)
    show("a", 1, 3)
    show("b", 2, 3)
    assert screen.seen().startswith("a ")
    show("c", 3, 3)
    assert screen.seen().startswith("c ")


def test_line_is_gone_after_an_interrupt():
    screen = Terminal()

    def run() -> None:
        with ProgressLine(screen, Options()) as show:
            show("checking", 1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert screen.seen() == ""


def test_unknown_total_counts_only():
    screen = Terminal()
    ProgressLine(screen, Options())("crawling", 7, 0)
    assert screen.seen() == "crawling  7"


@pytest.mark.parametrize("width", [24, 44, 80])
@pytest.mark.parametrize("plain", [False, True])
def test_any_name_fits_and_steers_nothing(width: int, plain: bool):
    screen = Terminal()
    ProgressLine(screen, Options(width=width, ascii_only=plain))("checking \x1b[2J\n" + "é/long" * 40, 1, 12)
    assert len(screen.seen()) < width
    assert "\x1b" not in screen.getvalue()
    assert "\n" not in screen.getvalue()
    assert not plain or screen.getvalue().isascii()
