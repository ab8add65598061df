import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.output.styles import StyleError, check_colour, check_length, check_token, escape_css

TRICKS = [
    "red;background:url(//x)",
    "</style><script>",
    "expression(alert(1))",
    "#fff}",
    "#12345",
    "#fff\n",
    "url(x)",
    "\\75rl(x)",
    "10px;x",
    "1e3px",
    "10px ",
    "calc(1px)",
    "@import x",
    "",
]


@pytest.mark.parametrize("text", TRICKS)
def test_tricks_are_neither_colour_nor_length(text):
    with pytest.raises(StyleError):
        check_colour(text)
    with pytest.raises(StyleError):
        check_length(text)


def test_colours():
    assert [check_colour(text) for text in ("#FFF", "#ff00AA", "#ff00aa80")] == ["#fff", "#ff00aa", "#ff00aa80"]


def test_lengths_have_bounds_and_units():
    assert check_length("12.5px") == "12.5px"
    assert check_length("-3em", least=-5, units=("em", "rem")) == "-3em"
    for text in ("-1px", "10001px", "3em", "12"):
        with pytest.raises(StyleError):
            check_length(text)
    with pytest.raises(ConfigError, match="unit"):
        check_length("1px", units=("px", "url"))
    with pytest.raises(ConfigError, match="unit"):
        check_length("1px", units="px")


def test_a_token_is_one_of_the_known():
    assert check_token("theme-dark", {"theme-dark"}) == "theme-dark"
    with pytest.raises(StyleError):
        check_token("theme", {"theme-dark"})
    with pytest.raises(ConfigError, match="set"):
        check_token("dark", "theme-dark")


def read_css(text: str) -> str:
    return re.sub(r"\\([0-9a-f]{6})", lambda match: chr(int(match[1], 16)), text)


@given(st.text(st.characters(exclude_characters="\0")))
def test_an_escape_reads_back_and_holds_nothing_that_css_reads(text):
    escaped = escape_css(text)
    assert read_css(escaped) == text
    assert re.fullmatch(r"(?:[A-Za-z0-9]|\\[0-9a-f]{6})*", escaped)


def test_zero_becomes_the_replacement_character():
    assert escape_css("\0") == "\\00fffd"
