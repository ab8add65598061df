import io
import os

import pytest

from vallum.base.errors import ConfigError
from vallum.findings.options import Color, Options, detect_options


class Screen(io.StringIO):
    """A stream that says what it is told to say about itself."""

    def __init__(self, *, terminal: bool = True, encoding: str = "utf-8", columns: int = 0) -> None:
        super().__init__()
        self.terminal, self.name_of_encoding, self.columns = terminal, encoding, columns

    @property
    def encoding(self) -> str:
        return self.name_of_encoding

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("environ", "terminal", "color", "expected"),
    [
        ({}, True, "auto", True),
        ({}, False, "auto", False),
        ({"NO_COLOR": "1"}, True, "auto", False),
        ({"NO_COLOR": ""}, True, "auto", True),
        ({"TERM": "dumb"}, True, "auto", False),
        ({"FORCE_COLOR": "1"}, False, "auto", True),
        ({"FORCE_COLOR": "0"}, False, "auto", False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, "auto", False),
        ({}, False, "always", True),
        ({"NO_COLOR": "1", "TERM": "dumb"}, True, "always", True),
        ({"FORCE_COLOR": "1"}, True, "never", False),
    ],
)
def test_who_decides_about_colour(environ: dict[str, str], terminal: bool, color: Color, expected: bool):
    assert detect_options(Screen(terminal=terminal), environ, color=color).color is expected


@pytest.mark.parametrize(
    ("columns", "expected"), [("100", 100), ("200", 120), ("3", 24), ("wide", 80), ("", 80), ("\u0663", 80)]
)
def test_width_from_the_environment(columns: str, expected: int):
    assert detect_options(Screen(terminal=False), {"COLUMNS": columns}).width == expected


def test_width_from_the_terminal(monkeypatch: pytest.MonkeyPatch):
    screen = Screen()
    monkeypatch.setattr(screen, "fileno", lambda: 9)
    monkeypatch.setattr(os, "get_terminal_size", lambda _fd: os.terminal_size((60, 20)))
    assert detect_options(screen, {}).width == 60


def test_terminal_without_a_descriptor_has_eighty_columns():
    assert detect_options(Screen(), {}).width == 80


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", False), ("UTF8", False), ("ascii", True), ("latin-1", True), ("cp1252", True)]
)
def test_only_unicode_gets_marks_beyond_ascii(encoding: str, expected: bool):
    assert detect_options(Screen(encoding=encoding), {}).ascii_only is expected


def test_too_narrow_is_refused():
    with pytest.raises(ConfigError, match="24"):
        Options(width=10)
