"""Python literals as plain data: strings, numbers, True, False, None, lists, tuples and dicts. Nothing is evaluated."""

import re
from typing import Final

from vallum.guard.input.formulas import ExpressionRefusedError

Literal = str | int | float | bool | None | list["Literal"] | tuple["Literal", ...] | dict["Literal", "Literal"]
LONGEST_LITERAL: Final = 10_000
DEEPEST_LITERAL: Final = 25
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)(?![\w.])|(?P<word>[A-Za-z]+)"
    r"|(?P<text>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|(?P<sign>[\[\](){},:]))",
    re.ASCII,
)
_ESCAPE: Final = re.compile(
    r"\\(?:([\\'\"nrt])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4})|(.?))", re.DOTALL
)
_WORDS: Final = {"True": True, "False": False, "None": None}
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t"}
_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}
_MOST_DIGITS: Final = 400


def parse_literal(text: str) -> Literal:
    r"""Return the value that `text` writes down. Raises `ExpressionRefusedError` (400) for anything but a literal.

    At most 10,000 characters, 25 levels and 400 digits. Escapes: `\\ \' \" \n \r \t \xhh \uhhhh \Uhhhhhhhh`.
    """
    if len(text) > LONGEST_LITERAL:
        raise ExpressionRefusedError("a literal is too long.")
    reader = _Reader(text.rstrip())
    value = reader.read_value(0)
    if reader.kind:
        raise ExpressionRefusedError("a literal has something after its end.")
    return value


class _Reader:
    """Walks over the tokens; `kind` and `text` are the one that comes next."""

    def __init__(self, text: str) -> None:
        self._source = text
        self._place = 0
        self.kind = self.text = ""
        self._advance()

    def read_value(self, depth: int) -> Literal:
        kind, text = self.kind, self.text
        self._advance()
        if kind == "number" and len(text) <= _MOST_DIGITS:
            return _read_number(text)
        if kind == "text":
            return _ESCAPE.sub(_unescape, text[1:-1])
        if kind == "word" and text in _WORDS:
            return _WORDS[text]
        if text in _CLOSING and depth < DEEPEST_LITERAL:
            return self._read_dict(depth) if text == "{" else self._read_list(text, depth)
        raise ExpressionRefusedError("a literal holds something that is no plain value, or is nested too deeply.")

    def _read_list(self, opening: str, depth: int) -> Literal:
        items: list[Literal] = []
        comma = False
        while self.text != _CLOSING[opening]:
            items.append(self.read_value(depth + 1))
            comma = self._skip_comma(_CLOSING[opening])
        self._advance()
        if opening == "[":
            return items
        return items[0] if len(items) == 1 and not comma else tuple(items)

    def _read_dict(self, depth: int) -> Literal:
        items: dict[Literal, Literal] = {}
        while self.text != "}":
            key = self.read_value(depth + 1)
            if not isinstance(key, str | int | float | bool | None) or key in items or self.text != ":":
                raise ExpressionRefusedError("a dict in a literal has a key twice, or one that is no plain value.")
            self._advance()
            items[key] = self.read_value(depth + 1)
            self._skip_comma("}")
        self._advance()
        return items

    def _skip_comma(self, closing: str) -> bool:
        comma = self.text == ","
        if comma:
            self._advance()
        elif self.text != closing:
            raise ExpressionRefusedError("a literal lacks a comma or a closing bracket.")
        return comma

    def _advance(self) -> None:
        if self._place == len(self._source):
            self.kind = self.text = ""
            return
        found = _TOKEN.match(self._source, self._place)
        if not found or not found.lastgroup:
            raise ExpressionRefusedError("a literal holds something that is no plain value.")
        self._place = found.end()
        self.kind, self.text = found.lastgroup, found[found.lastgroup]


def _read_number(text: str) -> int | float:
    number = int(text) if text.lstrip("+-").isdecimal() else float(text)
    if number in {float("inf"), float("-inf")}:
        raise ExpressionRefusedError("a literal has too large a number.")
    return number


def _unescape(found: re.Match[str]) -> str:
    short, *points, other = found.groups()
    if other is not None:
        raise ExpressionRefusedError("a literal holds an escape that is not known.")
    return _SHORT.get(short, short) if short else chr(int("".join(filter(None, points)), 16))
