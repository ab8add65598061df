"""The house check: sizes, names, and what must never stand in `src`. Exit status 1 names every breach.

usage: python tools/house.py [ROOT]
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LONGEST_FILE: Final = 400
LONGEST_FUNCTION: Final = 40
MOST_NAME_WORDS: Final = 3
FORBIDDEN_FILES: Final = {"utils", "util", "common", "helpers", "helper", "misc"}
FORBIDDEN_CLASS_ENDS: Final = ("Manager", "Helper", "Util", "Utils")
LEFT_BEHIND: Final = re.compile(r"#.*\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def main(root: Path) -> int:
    """Check every Python file under `root/src`, `root/tools`, `root/examples` and `root/benchmarks`."""
    breaches = [
        breach
        for folder in ("src", "tools", "examples", "benchmarks")
        for path in sorted((root / folder).rglob("*.py"))
        for breach in check_file(path, path.relative_to(root))
    ]
    for breach in breaches:
        print(breach)
    print(f"house: {len(breaches)} breaches" if breaches else "house: in order")
    return bool(breaches)


def check_file(path: Path, name: Path) -> Iterator[str]:
    """Yield one line for each breach in the file at `path`."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > LONGEST_FILE:
        yield f"{name}: {len(lines)} lines, at most {LONGEST_FILE}"
    if path.stem in FORBIDDEN_FILES:
        yield f"{name}: a module is a noun that says what is in it, not {path.stem!r}"
    for number, line in enumerate(lines, 1):
        if LEFT_BEHIND.search(line):
            yield f"{name}:{number}: a to-do left behind"
    for node in ast.walk(ast.parse(text)):
        yield from check_node(node, name)


def check_node(node: ast.AST, name: Path) -> Iterator[str]:
    """Yield the breaches of one syntax node."""
    if isinstance(node, ast.Assert):
        yield f"{name}:{node.lineno}: assert vanishes under python -O; raise an error with a code"
    elif isinstance(node, ast.ClassDef) and node.name.endswith(FORBIDDEN_CLASS_ENDS):
        yield f"{name}:{node.lineno}: class {node.name} is named after nothing in particular"
    elif isinstance(node, Function):
        length = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_length(node)
        if length > LONGEST_FUNCTION:
            yield f"{name}:{node.lineno}: {node.name} has {length} lines, at most {LONGEST_FUNCTION}"
        if len(node.name.strip("_").split("_")) > MOST_NAME_WORDS and name.parts[0] == "src":
            yield f"{name}:{node.lineno}: {node.name} has more than {MOST_NAME_WORDS} words"


def docstring_length(node: Function) -> int:
    """How many lines the docstring takes: it does not count as code."""
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return (first.end_lineno or first.lineno) - first.lineno + 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
