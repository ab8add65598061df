"""Syntax that is newer than the interpreter which reads it."""

import ast
import sys

import pytest

from vallum.check.read.newer import parse_newer
from vallum.check.read.source import UnreadableError, make_source
from vallum.check.read.syntax import parse_python

NEWER = {
    "quotes within": ("""x = f"{a["b"]}" """, "x = f\"{a['b']}\""),
    "a backslash within": ("""x = f"{'\\n'.join(a)}" """, ".join(a)"),
    "strings within strings": ("""x = f"{f"{f"{a["b"]}"}"}" """, "a['b']"),
    "conversion and format": ("""x = f"{a["b"]!r:>{w["c"]}}" """, "{a['b']!r:>{w['c']}}"),
    "a comment and lines": ('x = f"{a[\n  1  # one\n]} {b["c"]}"\ny = 1\n', "y = 1"),
    "a lambda": ("""x = f"{(lambda y: y["q"])(z)}" """, "y['q']"),
    "inequality": ("""x = f"{a["b"] != c}" """, "a['b'] != c"),
    "raw text": ("""x = rf"\\d{a["b"]}" """, "a['b']"),
    "type parameters": ("def f[T: (int, str)](x: T) -> T:\n    return x\n", "def f(x: T) -> T"),
    "a generic class": ("class A[T, *Ts](B):\n    pass\n", "class A(B)"),
    "a type statement": ("type X[T] = list[T]\n", "X = list[T]"),
    "exceptions without parentheses": ("try:\n    pass\nexcept A, B:\n    pass\n", "except (A, B)"),
    "a template string": ('x = t"hello {name}"\n', "f'hello {name}'"),
}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="says what an older interpreter makes of newer syntax")
@pytest.mark.parametrize("name", NEWER)
def test_newer_syntax_is_read(name: str) -> None:
    """What the text means is what the tree says."""
    text, part = NEWER[name]
    tree = parse_newer(text, ast.parse)
    assert tree is not None
    assert part in ast.unparse(tree)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="a newer interpreter places the parts itself")
def test_places_stay() -> None:
    """A call within a field stands where it is written, on its line and column."""
    text = 'a = 1\nb = f"{one} {two("x", three(4))} {five}"\nc = six(b)\n'
    tree = parse_newer(text, ast.parse)
    assert tree is not None
    places = {
        ast.unparse(node.func): (node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.Call)
    }
    assert places == {
        "two": (2, text.split("\n")[1].index("two")),
        "three": (2, text.split("\n")[1].index("three")),
        "six": (3, 4),
    }


@pytest.mark.parametrize(
    "text",
    ["x = f'{a[", "x = f'{'", "def f[T", "x = f'{a!}'", "'", 'f"{a:{b"', "type X", "except A, B:", 'x = f"{a["b"} }"'],
)
def test_broken_text_is_named(text: str) -> None:
    """What no version reads is reported with its line, not guessed at."""
    with pytest.raises(UnreadableError, match="not Python"):
        parse_python(make_source("app.py", text))
