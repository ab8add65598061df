"""Patterns that other engines hang on answer at once; what cannot be linear is refused when it is built."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.input.models import InputRefusedError
from vallum.guard.input.patterns import Pattern, escape

EVIL = {
    r"(a+)+": "a" * 9_999 + "!",
    r"(a|aa)+": "a" * 9_999 + "!",
    r"(a|a?)+": "a" * 9_999 + "!",
    r"(.*a){20}": "a" * 5_000 + "!",
    r"([a-zA-Z]+)*": "a" * 9_999 + "!",
    r"^(\d+)*$": "1" * 9_999 + "x",
    r"\s*\s*\s*x": " " * 9_999,
}


@pytest.mark.parametrize("pattern", EVIL)
def test_no_text_takes_long(pattern: str) -> None:
    begun = time.process_time()
    assert not Pattern(pattern).matches(EVIL[pattern])
    assert time.process_time() - begun < 5  # seconds; a backtracking engine needs years


@pytest.mark.parametrize(
    "pattern", [r"(a)\1", r"(?=a)", r"(?!a)", r"(?<=a)b", r"(?P<x>a)(?P=x)", "(", "[", "a{5001}", "x" * 10_001]
)
def test_what_is_not_linear_or_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError):
        Pattern(pattern)


def test_the_whole_text_counts() -> None:
    phone = Pattern(r"\+?[0-9 ]{6,20}", most=20)
    assert phone.matches("+49 30 1234")
    for text in ("+49 30 1234\n", "x+49 30 1234", ""):
        assert not phone.matches(text)
    with pytest.raises(InputRefusedError) as caught:
        phone.matches("1" * 21)
    assert caught.value.status == 400


def test_parts_are_found_and_replaced() -> None:
    words = Pattern("[a-z]+")
    assert words.find("12 ab cd") == "ab"
    assert words.find("12") is None
    assert words.find_all("12 ab cd é") == ["ab", "cd"]
    assert words.replace("ab 1 cd", r"\0&") == r"\0& 1 \0&"
    for act in (words.find, words.find_all, lambda text: words.replace(text, "")):
        with pytest.raises(InputRefusedError):
            act("x" * 10_001)


@given(st.text(st.characters(codec="utf-8"), max_size=50))
def test_what_a_user_typed_means_itself(text: str) -> None:
    assert Pattern(escape(text)).matches(text)
    assert not Pattern(escape(text)).matches(text + "x")


def test_texts_of_no_length_are_a_mistake() -> None:
    with pytest.raises(ConfigError):
        Pattern("a", most=0)
