import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tests.findings.strategies import texts
from vallum.findings.text import cut_middle, measure, pad, show_hidden, spell_ascii


@given(texts)
def test_nothing_hidden_is_left_and_nothing_visible_is_lost(text: str):
    shown = show_hidden(text)
    assert all(character.isprintable() or unicodedata.category(character) == "Zs" for character in shown)
    assert show_hidden(shown) == shown
    if text.isprintable():
        assert shown == text


def test_names_of_hidden_characters():
    assert show_hidden("a\x1b[31m\u202e\U000e0041\r\n") == "a\\x1b[31m\\u202e\\U000e0041\\x0d\\x0a"


@given(texts)
def test_ascii_is_ascii(text: str):
    assert spell_ascii(text).isascii()


def test_ascii_keeps_the_meaning_of_marks():
    assert spell_ascii("■□…─ “é”") == '#....- "\\xe9"'


@given(texts.map(show_hidden), st.integers(0, 60))
def test_a_cut_line_fits_and_keeps_its_end(text: str, width: int):
    cut = cut_middle(text, width)
    assert measure(cut) <= max(width, 1)
    if measure(text) > width > 8 and text.isascii():
        assert "…" in cut
        assert text.endswith(cut.partition("…")[2])


def test_cut_as_pictured():
    line = 'sql = f"SELECT id, name, price FROM product WHERE category = %s ORDER BY {sort}"'
    assert cut_middle(line, 65) == 'sql = f"SELECT id, name, p…t WHERE category = %s ORDER BY {sort}"'
    assert cut_middle(line, 65, ellipsis="...") == 'sql = f"SELECT id, name, p...WHERE category = %s ORDER BY {sort}"'


def test_wide_characters_are_never_halved():
    assert cut_middle("日" * 40, 11) == "日" * 2 + "…" + "日" * 3
    assert measure(cut_middle("日" * 40, 10)) <= 10


def test_wide_and_combining_characters_are_measured():
    assert measure("日本") == 4
    assert measure("e\u0301") == 1
    assert pad("日", 4) == "日  "
