"""Bytes to text: marks, cookies, line ends."""

import ast
import gc
import sys

import pytest

from vallum.check.read.source import UnreadableError, decode_source, make_source
from vallum.check.read.syntax import deep_recursion, few_collections, parse_python


def test_the_encoding_cookie_is_obeyed():
    source = decode_source("a.py", "# coding: latin-1\nx = 'é'\n".encode("latin-1"))
    assert source.line(2) == "x = 'é'"


def test_a_cookie_counts_only_in_the_first_two_lines():
    with pytest.raises(UnreadableError, match="not utf-8"):
        decode_source("a.py", b"import a\n# coding: latin-1\nx = '\xe9'\n")


def test_an_unknown_encoding_is_named():
    with pytest.raises(UnreadableError, match="klingon"):
        decode_source("a.py", b"# -*- coding: klingon -*-\n")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_are_read(encoding: str):
    assert decode_source("a.txt", "é\n".encode(encoding)).text == "é\n"


def test_line_ends_are_unified():
    assert make_source("a.py", "a\r\nb\rc\n").lines == ("a", "b", "c", "")


def test_lines_beyond_the_end_are_empty():
    assert make_source("a.py", "a").line(9) == ""
    assert make_source("a.py", "a").line(0) == ""


def test_broken_syntax_names_its_line():
    with pytest.raises(UnreadableError) as caught:
        parse_python(make_source("a.py", "x = 1\ndef f(:\n"))
    assert caught.value.line == 2


def test_a_null_byte_is_not_a_crash():
    with pytest.raises(UnreadableError):
        parse_python(make_source("a.py", "x = '\0'\n"))


def test_warnings_of_the_analysed_code_are_silent():
    assert isinstance(parse_python(make_source("a.py", "x = '\\d'\nx is 1\n")), ast.Module)


def test_limits_are_restored():
    before = gc.get_threshold(), sys.getrecursionlimit()
    with few_collections(), deep_recursion():
        assert sys.getrecursionlimit() >= 8000
    assert (gc.get_threshold(), sys.getrecursionlimit()) == before
