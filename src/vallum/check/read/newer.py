"""Syntax that is newer than the running interpreter, rewritten so that it reads it; places stay the same."""

import ast
import re
import string
from collections.abc import Callable, Iterator
from typing import Final

from vallum.check.read.fields import Literal, UnclosedError, find_literals

_DIGITS: Final = string.digits + string.ascii_lowercase
_PARAMETERS: Final = re.compile(r"\b(?:def|class)\s+\w+\s*(\[)")
_ALIAS: Final = re.compile(r"^([ \t]*)(type[ \t]+)(\w+)([ \t]*)(\[|=)", re.MULTILINE)
_EXCEPT: Final = re.compile(r"\bexcept\b\*?[^\S\n]*(?![\s(])([^:()\n]*,[^:()\n]*):")
_COMMENT: Final = re.compile(r"#[^\n]*")
_HARD: Final = re.compile(r"""['"\\\n#]""")
_DEEPEST: Final = 12
Parse = Callable[[str], ast.Module]


class _Holes:
    """The fields that were taken out of their strings, by the name that was put in their place."""

    def __init__(self, text: str) -> None:
        """Names that the text has are not given."""
        self.text = text
        self.fields: dict[str, tuple[str, int, int]] = {}
        self._count = 0

    def name_for(self, length: int) -> str:
        """A name of this length that nothing else has. Raises `UnclosedError` when there is none left."""
        for _ in range(10_000):
            number, letters = self._count, ""
            self._count += 1
            for _ in range(length - 1):
                number, digit = divmod(number, len(_DIGITS))
                letters += _DIGITS[digit]
            name = f"_{letters}"
            if name not in self.fields and name not in self.text:
                return name
        raise UnclosedError(length)


def parse_newer(text: str, parse: Parse, depth: int = 0) -> ast.Module | None:
    """The tree of text in newer syntax; None if that is not why it could not be read."""
    if depth > _DEEPEST:
        return None
    holes = _Holes(text)
    try:
        literals = list(find_literals(text))
        rewritten = _rewrite(text, literals, holes)
    except (UnclosedError, IndexError, StopIteration, ValueError):
        return None
    if rewritten == text:
        return None
    try:
        tree = parse(rewritten)
    except SyntaxError:
        return None
    _split_handlers(tree)
    return tree if _fill(tree, holes, parse, depth) else None


def _rewrite(text: str, literals: list[Literal], holes: _Holes) -> str:
    pieces: list[str] = []
    masked: list[str] = []
    position = 0
    for literal in literals:
        code, plainer = text[position : literal.start], _plainer(text, literal, holes)
        pieces += [code, plainer]
        masked += [_COMMENT.sub(_cover, code), "_" * len(plainer)]
        position = literal.end
    pieces.append(text[position:])
    masked.append(_COMMENT.sub(_cover, text[position:]))
    return _rewrite_code("".join(masked), "".join(pieces))


def _cover(match: re.Match[str]) -> str:
    return "_" * len(match[0])


def _plainer(text: str, literal: Literal, holes: _Holes) -> str:
    """A string as the running interpreter reads it: its hard fields replaced by names, a template made an f-string."""
    whole = text[literal.start : literal.end]
    if "t" in literal.prefix:
        whole = whole[: len(literal.prefix)].replace("t", "f").replace("T", "f") + whole[len(literal.prefix) :]
    pieces, position = [], 0
    for start, end in literal.fields:
        field = text[start:end]
        if not _HARD.search(field):
            continue
        name = holes.name_for(max(len(field.encode()), 2) - field.count("\n"))
        line_start = text.rfind("\n", 0, start) + 1
        column = len(text[line_start:start].encode())
        holes.fields[name] = (field, text.count("\n", 0, start) + 1, column)
        pieces.append(whole[position : start - literal.start - 1])
        pieces.append("\\\n" * field.count("\n") + "{" + name)
        position = end - literal.start
    return "".join([*pieces, whole[position:]])


def _rewrite_code(masked: str, text: str) -> str:
    """Type parameters, `type` statements and lists of exceptions without parentheses."""
    for match in reversed(list(_PARAMETERS.finditer(masked))):
        end = _closing(masked, match.start(1))
        text = text[: match.start(1)] + _blank(text[match.start(1) : end]) + text[end:]
    for match in _ALIAS.finditer(masked):
        indent, word, name, space, sign = match.groups()
        end = _closing(masked, match.start(5)) if sign == "[" else match.start(5)
        moved = indent + name + " " * (len(word) + len(space)) + _blank(text[match.start(5) : end])
        text = text[: match.start()] + moved + text[end:]
    for match in _EXCEPT.finditer(masked):
        text = text[: match.start(1)] + match[1].replace(",", "|") + text[match.end(1) :]
    return text


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _closing(masked: str, start: int) -> int:
    depth = 0
    for position in range(start, len(masked)):
        depth += (masked[position] == "[") - (masked[position] == "]")
        if not depth:
            return position + 1
    raise UnclosedError(start)


def _split_handlers(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.BinOp):
            kinds = list(_sides(node.type))
            node.type = ast.copy_location(ast.Tuple(kinds, ast.Load()), node.type)


def _sides(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _sides(node.left)
        yield from _sides(node.right)
    else:
        yield node


def _fill(tree: ast.Module, holes: _Holes, parse: Parse, depth: int) -> bool:
    """Put each field where its name stands; whether all could be read."""
    if not holes.fields:
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name):
            hole = holes.fields.pop(node.value.id, None)
            if hole is not None:
                inner = _parse_field(*hole, parse, depth)
                if inner is None:
                    return False
                node.value = inner
    return not holes.fields


def _parse_field(field: str, line: int, column: int, parse: Parse, depth: int) -> ast.expr | None:
    text = f"({field}\n)"
    try:
        tree: ast.Module | None = parse(text)
    except SyntaxError:
        tree = parse_newer(text, parse, depth + 1)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    _shift(tree.body[0].value, line - 1, column - 1)
    return tree.body[0].value


def _shift(root: ast.expr, lines: int, columns: int) -> None:
    """Move what was parsed alone to its place; only what stands on the first line has other columns."""
    for node in ast.walk(root):
        if isinstance(node, ast.expr | ast.keyword | ast.arg):
            if node.lineno == 1:
                node.col_offset += columns
            if node.end_lineno == 1 and node.end_col_offset is not None:
                node.end_col_offset += columns
            node.lineno += lines
            node.end_lineno = (node.end_lineno or node.lineno) + lines
