"""Arithmetic with a closed grammar and a bounded cost.

Numbers, names, `+ - * / // % **`, comparisons, `and or not`, parentheses, and the functions abs, ceil, floor, max, min,
round, sqrt. No attributes, no indexing, no strings, no other calls.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import add, eq, floordiv, ge, gt, le, lt, mod, mul, ne, neg, pos, sub, truediv
from typing import Final, NamedTuple

from vallum.base.errors import ConfigError, RefusedError

Value = float | bool
Names = Mapping[str, float]
Node = Callable[[Names], Value]
_TOKEN: Final = re.compile(
    r"[ \t]*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)(?![\w.])"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%()<>,]))",
    re.ASCII,
)
_PREFIXES: Final[Mapping[str, Callable[[float], float]]] = {"-": neg, "+": pos}
_COMPARISONS: Final = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
_BINARY: Final = {"+": (4, add), "-": (4, sub), "*": (5, mul), "/": (5, truediv), "//": (5, floordiv), "%": (5, mod)}
_OR, _AND, _NOT, _COMPARE, _UNARY, _POWER = 0, 1, 2, 3, 6, 7


class ExpressionRefusedError(RefusedError):
    """A formula or literal that is outside the grammar, costs too much, or has no result."""

    code = "expression-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaLimits:
    """The most characters, levels of parentheses, operations, and bits of an integer on the way."""

    length: int = 500
    depth: int = 25
    operations: int = 100
    bits: int = 256

    def __post_init__(self) -> None:
        """Raise `ConfigError` for limits that the interpreter's own stack could not bear."""
        if not (self.length > 0 and 0 < self.depth <= 50 and 0 < self.operations <= 300 and 0 < self.bits <= 8192):
            raise ConfigError("a formula has at most 50 levels, 300 operations and 8192 bits.")


_DEFAULT_LIMITS: Final = FormulaLimits()


class _Token(NamedTuple):
    kind: str
    text: str


class Formula:
    """A parsed formula: check it when it is entered, evaluate it as often as you like."""

    def __init__(self, text: str, *, limits: FormulaLimits = _DEFAULT_LIMITS) -> None:
        """Parse. Raises `ExpressionRefusedError` (400) for anything outside the grammar or the limits."""
        parser = _Parser(text, limits)
        self._node = parser.parse()
        self._limits = limits
        self.names = frozenset(parser.names)
        """The names that need a value."""

    def evaluate(self, values: Names | None = None) -> Value:
        """Return the result with these numbers for the names.

        Raises `ExpressionRefusedError` (400) for a name without a number, a division by zero, and a result that is not
        finite, not real, or longer than the limit.
        """
        given = values or {}
        missing = sorted(self.names - given.keys())
        if missing:
            raise ExpressionRefusedError(f"the formula needs a value for {', '.join(missing)}.")
        numbers = {name: _check_number(given[name], self._limits.bits) for name in self.names}
        try:
            return self._node(numbers)
        except ZeroDivisionError:
            raise ExpressionRefusedError("the formula divides by zero.") from None
        except OverflowError:
            raise ExpressionRefusedError("the formula has too large a result.") from None


class _Parser:
    """Precedence climbing over the tokens; each rule returns a function of the values."""

    def __init__(self, text: str, limits: FormulaLimits) -> None:
        self._limits = limits
        self._tokens = _read_tokens(text, limits)
        self._depth = 0
        self._operations = 0
        self.names: set[str] = set()

    def parse(self) -> Node:
        node = self._parse_level(_OR)
        if self._tokens:
            raise ExpressionRefusedError("a formula has something after its end.")
        return node

    def _parse_level(self, level: int) -> Node:
        self._depth += 1
        if self._depth > self._limits.depth:
            raise ExpressionRefusedError("a formula is nested too deeply.")
        node = self._parse_prefix()
        while step := self._parse_operator(node, level):
            node = step
        self._depth -= 1
        return node

    def _parse_prefix(self) -> Node:
        kind, text = self._take()
        if kind == "number":
            return _constant(_check_number(_read_number(text), self._limits.bits))
        if text == "not":
            return _negate(self._parse_level(_COMPARE))
        if text in {"-", "+"}:
            return self._apply(_PREFIXES[text], self._parse_level(_UNARY))
        if text == "(":
            node = self._parse_level(_OR)
            self._expect(")")
            return node
        if kind == "name" and text not in _WORDS:
            return self._parse_name(text)
        raise ExpressionRefusedError("a formula lacks a number or name where one must stand.")

    def _parse_operator(self, left: Node, level: int) -> Node | None:
        text = self._tokens[-1].text if self._tokens else ""
        if text == "or" and level <= _OR:
            return _either(left, self._take_right(_AND))
        if text == "and" and level <= _AND:
            return _both(left, self._take_right(_NOT))
        if text in _COMPARISONS and level <= _COMPARE:
            node = self._apply(_COMPARISONS[text], left, self._take_right(_COMPARE + 1))
            if self._tokens and self._tokens[-1].text in _COMPARISONS:
                raise ExpressionRefusedError("comparisons cannot be chained; write a < b and b < c.")
            return node
        if text in _BINARY and level <= _BINARY[text][0]:
            priority, operation = _BINARY[text]
            return self._apply(operation, left, self._take_right(priority + 1))
        if text == "**" and level <= _POWER:
            return self._apply(self._raise_power, left, self._take_right(_UNARY))
        return None

    def _parse_name(self, name: str) -> Node:
        if not (self._tokens and self._tokens[-1].text == "("):
            self.names.add(name)
            return lambda values: values[name]
        if name not in FUNCTIONS:
            raise ExpressionRefusedError(f"not one of the functions: {', '.join(FUNCTIONS)}.")
        self._take()
        arguments = [self._parse_level(_OR)]
        while self._tokens and self._tokens[-1].text == ",":
            arguments.append(self._take_right(_OR))
        self._expect(")")
        fewest, most, function = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            raise ExpressionRefusedError(f"the function {name} takes {fewest} to {most} numbers.")
        return self._apply(function, *arguments)

    def _apply(self, operation: Callable[..., Value], *nodes: Node) -> Node:
        self._operations += 1
        if self._operations > self._limits.operations:
            raise ExpressionRefusedError("a formula has too many operations.")
        bits = self._limits.bits

        def run(values: Names) -> Value:
            operands = [_check_number(node(values), bits) for node in nodes]
            result = operation(*operands)
            return result if isinstance(result, bool) else _check_number(result, bits)

        return run

    def _raise_power(self, base: float, exponent: float) -> float:
        # Known before it is computed: the length of a power is about the length times the exponent.
        length = abs(base).bit_length() - 1 if isinstance(base, int) and isinstance(exponent, int) else 0
        if length * exponent > self._limits.bits:
            raise ExpressionRefusedError("a formula has too large a power.")
        result: float | complex = base**exponent
        if isinstance(result, complex):
            raise ExpressionRefusedError("a formula takes a root of a negative number.")
        return result

    def _take_right(self, level: int) -> Node:
        self._take()
        return self._parse_level(level)

    def _take(self) -> _Token:
        if not self._tokens:
            raise ExpressionRefusedError("a formula ends too early.")
        return self._tokens.pop()

    def _expect(self, text: str) -> None:
        if self._take().text != text:
            raise ExpressionRefusedError(f"a formula lacks a {text}.")


_WORDS: Final = frozenset({"and", "or", "not"})


def _constant(value: float) -> Node:
    return lambda _: value


def _negate(node: Node) -> Node:
    return lambda values: not _check_truth(node(values))


def _either(left: Node, right: Node) -> Node:
    return lambda values: _check_truth(left(values)) or _check_truth(right(values))


def _both(left: Node, right: Node) -> Node:
    return lambda values: _check_truth(left(values)) and _check_truth(right(values))


def _check_truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise ExpressionRefusedError("and, or, not stand between comparisons.")
    return value


def _check_number(value: object, bits: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionRefusedError("a formula calculates with numbers.")
    if not (value.bit_length() <= bits if isinstance(value, int) else math.isfinite(value)):
        raise ExpressionRefusedError("a formula has too large a number.")
    return value


def _read_number(text: str) -> float:
    return int(text) if text.isdecimal() else float(text)


def _round(value: float, digits: float = 0) -> float:
    # round(1, -10**9) would first compute a number of a billion digits.
    if not isinstance(digits, int) or abs(digits) > 15:
        raise ExpressionRefusedError("round takes -15 to 15 digits.")
    return round(value, digits) if digits else round(value)


def _root(value: float) -> float:
    if value < 0:
        raise ExpressionRefusedError("a formula takes a root of a negative number.")
    return math.sqrt(value)


FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[..., float]]]] = {
    "abs": (1, 1, abs),
    "ceil": (1, 1, math.ceil),
    "floor": (1, 1, math.floor),
    "max": (2, 20, max),
    "min": (2, 20, min),
    "round": (1, 2, _round),
    "sqrt": (1, 1, _root),
}


def _read_tokens(text: str, limits: FormulaLimits) -> list[_Token]:
    """Return the tokens, last first."""
    if len(text) > limits.length:
        raise ExpressionRefusedError("a formula is too long.")
    tokens: list[_Token] = []
    text = text.rstrip(" \t")
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found or not found.lastgroup:
            raise ExpressionRefusedError("a formula holds something that is no number, name or operator.")
        tokens.append(_Token(found.lastgroup, found[found.lastgroup]))
        place = found.end()
    return tokens[::-1]
