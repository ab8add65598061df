"""The intermediate form: expressions from `terms`, and statements.

A front end of another language lowers to the same nodes.
"""

from dataclasses import dataclass, fields
from typing import Any

from vallum.check.flow.terms import (
    Attribute,
    Await,
    Binary,
    Call,
    Choice,
    Compare,
    Comprehension,
    Const,
    Expression,
    Hole,
    Items,
    Lambda,
    Logic,
    Loop,
    Name,
    Node,
    Slice,
    Star,
    Statement,
    Subscript,
    Table,
    Text,
    Unary,
    Walrus,
    Yield,
)

__all__ = [
    "Assign",
    "Attribute",
    "Augment",
    "Await",
    "Binary",
    "Call",
    "Case",
    "Check",
    "Choice",
    "Class",
    "Compare",
    "Comprehension",
    "Const",
    "Delete",
    "Evaluate",
    "Expression",
    "For",
    "Function",
    "Handler",
    "Hole",
    "If",
    "Import",
    "Items",
    "Jump",
    "Lambda",
    "Logic",
    "Loop",
    "Match",
    "Name",
    "Node",
    "Outer",
    "Parameter",
    "Pattern",
    "Raise",
    "Return",
    "Slice",
    "Star",
    "Statement",
    "Subscript",
    "Table",
    "Text",
    "Try",
    "Unary",
    "Walrus",
    "While",
    "With",
    "Yield",
    "child_fields",
]


@dataclass(slots=True, eq=False, repr=False)
class Assign(Statement):
    """`targets[0] = targets[1] = value`, with the annotation if there is one; no value for a bare annotation."""

    targets: tuple[Expression, ...]
    value: Expression | None
    annotation: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Augment(Statement):
    """`target operator= value`."""

    target: Expression
    operator: str
    value: Expression


@dataclass(slots=True, eq=False, repr=False)
class Evaluate(Statement):
    """An expression that stands alone."""

    value: Expression


@dataclass(slots=True, eq=False, repr=False)
class Return(Statement):
    """`return value`."""

    value: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Raise(Statement):
    """`raise value from cause`."""

    value: Expression | None
    cause: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Delete(Statement):
    """`del targets`."""

    targets: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class If(Statement):
    """`if test: then else: otherwise`."""

    test: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class While(Statement):
    """`while test: body else: otherwise`."""

    test: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class For(Statement):
    """`for target in source: body else: otherwise`."""

    target: Expression
    source: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class Handler(Node):
    """`except caught as name: body`."""

    caught: Expression | None
    name: str
    body: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class Try(Statement):
    """`try: body except ...: handlers else: otherwise finally: final`."""

    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    otherwise: tuple[Statement, ...]
    final: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class With(Statement):
    """`with context as target, ...: body`."""

    items: tuple[tuple[Expression, Expression | None], ...]
    body: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class Pattern(Node):
    """A pattern of `match`: `value`, `capture`, `sequence`, `mapping`, `class`, `or`, `star`, `as` or `any`."""

    kind: str
    value: Expression | None
    name: str
    patterns: tuple["Pattern", ...]
    keys: tuple[Any, ...]
    """Expressions for a mapping, attribute names (empty when positional) for a class."""


@dataclass(slots=True, eq=False, repr=False)
class Case(Node):
    """`case pattern if test: body`."""

    pattern: Pattern
    test: Expression | None
    body: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class Match(Statement):
    """`match subject: cases`."""

    subject: Expression
    cases: tuple[Case, ...]


@dataclass(slots=True, eq=False, repr=False)
class Check(Statement):
    """`assert test, message`."""

    test: Expression
    message: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Import(Statement):
    """`import a.b as c` or `from ..a import b as c`: what each local name stands for.

    `module` is as it is written, `level` counts the dots before it, and each of `names` is (name, local name);
    `whole` for `import a.b`, where names hold dotted modules.
    """

    module: str
    level: int
    names: tuple[tuple[str, str], ...]
    whole: bool


@dataclass(slots=True, eq=False, repr=False)
class Outer(Statement):
    """`global` or `nonlocal` names."""

    kind: str
    names: tuple[str, ...]


@dataclass(slots=True, eq=False, repr=False)
class Jump(Statement):
    """`break`, `continue` or `pass`."""

    kind: str


@dataclass(slots=True, eq=False, repr=False)
class Parameter(Node):
    """One parameter; `kind` is `position` (only), `any`, `keyword` (only), `args` or `kwargs`."""

    name: str
    kind: str
    annotation: Expression | None
    default: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Function(Statement):
    """A function or lambda, with its decorators from the outermost."""

    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    decorators: tuple[Expression, ...]
    returns: Expression | None
    is_async: bool
    first_line: int
    """The line of the first decorator, or of the definition."""


@dataclass(slots=True, eq=False, repr=False)
class Class(Statement):
    """A class, with its decorators from the outermost."""

    name: str
    bases: tuple[Expression, ...]
    keywords: tuple[tuple[str | None, Expression], ...]
    body: tuple[Statement, ...]
    decorators: tuple[Expression, ...]
    first_line: int
    """The line of the first decorator, or of the definition."""


_PLACE = frozenset(field.name for field in fields(Node))
_LEAVES = frozenset({
    "id", "name", "kind", "operator", "operators", "conversion", "module", "level", "names", "whole", "is_async",
    "first_line",
})  # fmt: skip


def child_fields(cls: type[Node]) -> tuple[str, ...]:
    """The names of the fields of a node class that can hold nodes."""
    if cls is Const:
        return ()
    return tuple(field.name for field in fields(cls) if field.name not in _PLACE and field.name not in _LEAVES)
