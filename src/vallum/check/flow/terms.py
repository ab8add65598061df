"""The expressions of the intermediate form: the same few nodes for every language.

Lines count from 1; columns count UTF-8 bytes from 0, as both `ast` and tree-sitter give them. Nodes compare by
identity.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """Anything with a place in a file."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(slots=True, eq=False, repr=False)
class Expression(Node):
    """A node with a value."""


@dataclass(slots=True, eq=False, repr=False)
class Statement(Node):
    """A node with an effect."""


@dataclass(slots=True, eq=False, repr=False)
class Const(Expression):
    """A literal: text, bytes, number, True, False, None or the ellipsis."""

    value: Any


@dataclass(slots=True, eq=False, repr=False)
class Name(Expression):
    """A variable."""

    id: str


@dataclass(slots=True, eq=False, repr=False)
class Attribute(Expression):
    """`base.name`."""

    base: Expression
    name: str


@dataclass(slots=True, eq=False, repr=False)
class Subscript(Expression):
    """`base[index]`."""

    base: Expression
    index: Expression


@dataclass(slots=True, eq=False, repr=False)
class Slice(Expression):
    """`lower:upper:step` within a subscript."""

    lower: Expression | None
    upper: Expression | None
    step: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Call(Expression):
    """`function(arguments, keyword=value)`; a keyword named None is a double star."""

    function: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[str | None, Expression], ...]


@dataclass(slots=True, eq=False, repr=False)
class Binary(Expression):
    """`left operator right`, with the operator as it is written."""

    operator: str
    left: Expression
    right: Expression


@dataclass(slots=True, eq=False, repr=False)
class Unary(Expression):
    """`-x`, `+x`, `~x` or `not x`."""

    operator: str
    operand: Expression


@dataclass(slots=True, eq=False, repr=False)
class Compare(Expression):
    """`left operators[0] others[0] operators[1] others[1] ...`."""

    left: Expression
    operators: tuple[str, ...]
    others: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Logic(Expression):
    """`and` or `or` over at least two values."""

    operator: str
    values: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Choice(Expression):
    """`then if test else otherwise`."""

    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(slots=True, eq=False, repr=False)
class Text(Expression):
    """An f-string or template literal: constants and holes in a row."""

    parts: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Hole(Expression):
    """A replacement field of a `Text`, with its conversion (`r`, `s`, `a` or nothing) and format specification."""

    value: Expression
    conversion: str
    specification: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Items(Expression):
    """A `list`, `tuple` or `set` display."""

    kind: str
    elements: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Table(Expression):
    """A dictionary display; a key of None is a double star."""

    keys: tuple[Expression | None, ...]
    values: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Lambda(Expression):
    """A function without a name."""

    function: Any
    """A `Function`."""


@dataclass(slots=True, eq=False, repr=False)
class Loop(Expression):
    """One `for target in source if test` of a comprehension."""

    target: Expression
    source: Expression
    tests: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Comprehension(Expression):
    """A `list`, `set`, `dict` or `generator` comprehension; `value` only for a dictionary."""

    kind: str
    element: Expression
    value: Expression | None
    loops: tuple[Loop, ...]


@dataclass(slots=True, eq=False, repr=False)
class Await(Expression):
    """`await value`."""

    value: Expression


@dataclass(slots=True, eq=False, repr=False)
class Yield(Expression):
    """`yield value`; `whole` for `yield from`."""

    value: Expression | None
    whole: bool


@dataclass(slots=True, eq=False, repr=False)
class Walrus(Expression):
    """`target := value`."""

    target: Expression
    value: Expression


@dataclass(slots=True, eq=False, repr=False)
class Star(Expression):
    """`*value` in a call, a display or a target."""

    value: Expression
