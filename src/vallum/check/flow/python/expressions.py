"""Expressions of Python's `ast`, lowered."""

import ast
from collections.abc import Callable
from typing import Any, Final

from vallum.check.flow import nodes

Place = tuple[int, int, int, int]

BINARY: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.MatMult: "@",
}  # fmt: skip
UNARY: Final[dict[type[ast.unaryop], str]] = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
COMPARE: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


def lower_expression(node: ast.expr) -> nodes.Expression:
    """The neutral form of an expression."""
    lower = _LOWER.get(node.__class__)
    if lower is None:
        return nodes.Const(*place_of(node), None)
    result: nodes.Expression = lower(node)
    return result


def lower_optional(node: ast.expr | None) -> nodes.Expression | None:
    """The neutral form of an expression that may be missing."""
    return None if node is None else lower_expression(node)


def lower_all(items: list[ast.expr]) -> tuple[nodes.Expression, ...]:
    """The neutral form of each expression."""
    return tuple([lower_expression(item) for item in items])


def place_of(node: Any) -> Place:
    """Where a node stands."""
    line, column = node.lineno, node.col_offset
    return line, column, node.end_lineno or line, node.end_col_offset or column


def lower_parameters(arguments: ast.arguments) -> tuple[nodes.Parameter, ...]:
    """The parameters in the order of their declaration."""
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    result: list[nodes.Parameter] = []
    for index, argument in enumerate(positional):
        kind = "position" if index < len(arguments.posonlyargs) else "any"
        result.append(_parameter(argument, kind, arguments.defaults[index - missing] if index >= missing else None))
    if arguments.vararg:
        result.append(_parameter(arguments.vararg, "args", None))
    result.extend(
        _parameter(argument, "keyword", default)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    )
    if arguments.kwarg:
        result.append(_parameter(arguments.kwarg, "kwargs", None))
    return tuple(result)


def lower_keywords(keywords: list[ast.keyword]) -> tuple[tuple[str | None, nodes.Expression], ...]:
    """Keyword arguments as (name, value)."""
    return tuple([(keyword.arg, lower_expression(keyword.value)) for keyword in keywords])


def _parameter(argument: ast.arg, kind: str, default: ast.expr | None) -> nodes.Parameter:
    return nodes.Parameter(
        *place_of(argument), argument.arg, kind, lower_optional(argument.annotation), lower_optional(default)
    )


def _name(node: ast.Name) -> nodes.Expression:
    return nodes.Name(*place_of(node), node.id)


def _constant(node: ast.Constant) -> nodes.Expression:
    return nodes.Const(*place_of(node), node.value)


def _attribute(node: ast.Attribute) -> nodes.Expression:
    return nodes.Attribute(*place_of(node), lower_expression(node.value), node.attr)


def _call(node: ast.Call) -> nodes.Expression:
    function = lower_expression(node.func)
    return nodes.Call(*place_of(node), function, lower_all(node.args), lower_keywords(node.keywords))


def _subscript(node: ast.Subscript) -> nodes.Expression:
    return nodes.Subscript(*place_of(node), lower_expression(node.value), lower_expression(node.slice))


def _slice(node: ast.Slice) -> nodes.Expression:
    parts = lower_optional(node.lower), lower_optional(node.upper), lower_optional(node.step)
    return nodes.Slice(*place_of(node), *parts)


def _binary(node: ast.BinOp) -> nodes.Expression:
    """A long chain of one operator leans to the left: it is lowered without recursion on that side."""
    chain = [node]
    while isinstance(chain[-1].left, ast.BinOp):
        chain.append(chain[-1].left)
    result = lower_expression(chain[-1].left)
    for link in reversed(chain):
        right = lower_expression(link.right)
        result = nodes.Binary(*place_of(link), BINARY[link.op.__class__], result, right)
    return result


def _unary(node: ast.UnaryOp) -> nodes.Expression:
    return nodes.Unary(*place_of(node), UNARY[node.op.__class__], lower_expression(node.operand))


def _compare(node: ast.Compare) -> nodes.Expression:
    operators = tuple(COMPARE[operator.__class__] for operator in node.ops)
    return nodes.Compare(*place_of(node), lower_expression(node.left), operators, lower_all(node.comparators))


def _logic(node: ast.BoolOp) -> nodes.Expression:
    return nodes.Logic(*place_of(node), "and" if isinstance(node.op, ast.And) else "or", lower_all(node.values))


def _choice(node: ast.IfExp) -> nodes.Expression:
    parts = lower_expression(node.test), lower_expression(node.body), lower_expression(node.orelse)
    return nodes.Choice(*place_of(node), *parts)


def _joined(node: ast.JoinedStr) -> nodes.Expression:
    return nodes.Text(*place_of(node), lower_all(node.values))


def _hole(node: ast.FormattedValue) -> nodes.Expression:
    conversion = chr(node.conversion) if node.conversion > 0 else ""
    value = lower_expression(node.value)
    return nodes.Hole(*place_of(node), value, conversion, lower_optional(node.format_spec))


def _list(node: ast.List) -> nodes.Expression:
    return nodes.Items(*place_of(node), "list", lower_all(node.elts))


def _tuple(node: ast.Tuple) -> nodes.Expression:
    return nodes.Items(*place_of(node), "tuple", lower_all(node.elts))


def _set(node: ast.Set) -> nodes.Expression:
    return nodes.Items(*place_of(node), "set", lower_all(node.elts))


def _dict(node: ast.Dict) -> nodes.Expression:
    keys = tuple([lower_optional(key) for key in node.keys])
    return nodes.Table(*place_of(node), keys, lower_all(node.values))


def _lambda(node: ast.Lambda) -> nodes.Expression:
    where = place_of(node)
    body = nodes.Return(*place_of(node.body), lower_expression(node.body))
    parameters = lower_parameters(node.args)
    function = nodes.Function(*where, "<lambda>", parameters, (body,), (), None, False, where[0])
    return nodes.Lambda(*where, function)


def _comprehension(kind: str) -> Callable[[Any], nodes.Expression]:
    def lower(node: Any) -> nodes.Expression:
        element, value = (node.key, node.value) if kind == "dict" else (node.elt, None)
        loops = tuple(
            nodes.Loop(
                *place_of(loop.target), lower_expression(loop.target), lower_expression(loop.iter), lower_all(loop.ifs)
            )
            for loop in node.generators
        )
        parts = lower_expression(element), lower_optional(value), loops
        return nodes.Comprehension(*place_of(node), kind, *parts)

    return lower


def _await(node: ast.Await) -> nodes.Expression:
    return nodes.Await(*place_of(node), lower_expression(node.value))


def _yield(node: ast.Yield) -> nodes.Expression:
    return nodes.Yield(*place_of(node), lower_optional(node.value), False)


def _yield_from(node: ast.YieldFrom) -> nodes.Expression:
    return nodes.Yield(*place_of(node), lower_expression(node.value), True)


def _walrus(node: ast.NamedExpr) -> nodes.Expression:
    return nodes.Walrus(*place_of(node), lower_expression(node.target), lower_expression(node.value))


def _star(node: ast.Starred) -> nodes.Expression:
    return nodes.Star(*place_of(node), lower_expression(node.value))


_LOWER: Final[dict[type[ast.expr], Callable[[Any], nodes.Expression]]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _logic,
    ast.IfExp: _choice,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _hole,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension("list"),
    ast.SetComp: _comprehension("set"),
    ast.DictComp: _comprehension("dict"),
    ast.GeneratorExp: _comprehension("generator"),
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.NamedExpr: _walrus,
    ast.Starred: _star,
}
