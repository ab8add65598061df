"""Python text to a syntax tree, whatever interpreter runs."""

import ast
import gc
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from vallum.check.read.newer import parse_newer
from vallum.check.read.source import Source, UnreadableError

_DEEPEST: Final = 8_000


def parse_python(source: Source) -> ast.Module:
    """The syntax tree of a Python file. Raises `UnreadableError` with the line at which the grammar broke.

    Syntax newer than the running interpreter's is rewritten here, position for position, before it is given up.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _parse(source)
    except SyntaxError as error:
        raise UnreadableError(f"not Python that this interpreter reads: {error.msg}", error.lineno or 1) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"too deep or not text: {type(error).__name__}") from None


def _parse(source: Source) -> ast.Module:
    try:
        return ast.parse(source.text, filename=source.path)
    except SyntaxError as error:
        tree = parse_newer(source.text, ast.parse)
        if tree is None:
            raise error from None
        return tree


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let code that is nested deeply be followed: calls of Python by Python take no room on the machine's stack."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def few_collections() -> Iterator[None]:
    """Let the garbage collector run rarely while trees are built: it frees nothing and costs two thirds of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
