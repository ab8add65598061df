"""Statements of Python's `ast`, lowered."""

import ast
from collections.abc import Callable
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.python.expressions import (
    BINARY,
    lower_all,
    lower_expression,
    lower_keywords,
    lower_optional,
    lower_parameters,
    place_of,
)


def lower_module(tree: ast.Module) -> tuple[nodes.Statement, ...]:
    """The neutral form of a whole file. Raises `RecursionError` for code nested beyond all measure."""
    return lower_body(tree.body)


def lower_body(body: list[ast.stmt]) -> tuple[nodes.Statement, ...]:
    """The neutral form of each statement."""
    result: list[nodes.Statement] = []
    for statement in body:
        lower = _LOWER.get(statement.__class__)
        if lower is not None:
            result.append(lower(statement))
    return tuple(result)


def _expression(node: ast.Expr) -> nodes.Statement:
    return nodes.Evaluate(*place_of(node), lower_expression(node.value))


def _assign(node: ast.Assign) -> nodes.Statement:
    return nodes.Assign(*place_of(node), lower_all(node.targets), lower_expression(node.value), None)


def _annotated(node: ast.AnnAssign) -> nodes.Statement:
    parts = (lower_expression(node.target),), lower_optional(node.value), lower_expression(node.annotation)
    return nodes.Assign(*place_of(node), *parts)


def _alias(node: Any) -> nodes.Statement:
    """`type X = ...`: a name for a type."""
    parts = (lower_expression(node.name),), lower_expression(node.value), None
    return nodes.Assign(*place_of(node), *parts)


def _augment(node: ast.AugAssign) -> nodes.Statement:
    target, value = lower_expression(node.target), lower_expression(node.value)
    return nodes.Augment(*place_of(node), target, BINARY[node.op.__class__], value)


def _return(node: ast.Return) -> nodes.Statement:
    return nodes.Return(*place_of(node), lower_optional(node.value))


def _raise(node: ast.Raise) -> nodes.Statement:
    return nodes.Raise(*place_of(node), lower_optional(node.exc), lower_optional(node.cause))


def _delete(node: ast.Delete) -> nodes.Statement:
    return nodes.Delete(*place_of(node), lower_all(node.targets))


def _if(node: ast.If) -> nodes.Statement:
    """An `elif` is an `if` within `otherwise`; a long chain of them is lowered from its end, without recursion."""
    chain = [node]
    while len(chain[-1].orelse) == 1 and isinstance(chain[-1].orelse[0], ast.If):
        chain.append(chain[-1].orelse[0])
    otherwise = lower_body(chain[-1].orelse)
    for link in reversed(chain):
        otherwise = (nodes.If(*place_of(link), lower_expression(link.test), lower_body(link.body), otherwise),)
    return otherwise[0]


def _while(node: ast.While) -> nodes.Statement:
    parts = lower_expression(node.test), lower_body(node.body), lower_body(node.orelse)
    return nodes.While(*place_of(node), *parts)


def _for(node: ast.For | ast.AsyncFor) -> nodes.Statement:
    head = lower_expression(node.target), lower_expression(node.iter)
    return nodes.For(*place_of(node), *head, lower_body(node.body), lower_body(node.orelse))


def _try(node: Any) -> nodes.Statement:
    handlers = tuple(
        nodes.Handler(*place_of(handler), lower_optional(handler.type), handler.name or "", lower_body(handler.body))
        for handler in node.handlers
    )
    rest = lower_body(node.orelse), lower_body(node.finalbody)
    return nodes.Try(*place_of(node), lower_body(node.body), handlers, *rest)


def _with(node: ast.With | ast.AsyncWith) -> nodes.Statement:
    items = tuple((lower_expression(item.context_expr), lower_optional(item.optional_vars)) for item in node.items)
    return nodes.With(*place_of(node), items, lower_body(node.body))


def _match(node: ast.Match) -> nodes.Statement:
    cases = tuple(
        nodes.Case(*place_of(case.pattern), _pattern(case.pattern), lower_optional(case.guard), lower_body(case.body))
        for case in node.cases
    )
    return nodes.Match(*place_of(node), lower_expression(node.subject), cases)


def _pattern(pattern: ast.pattern) -> nodes.Pattern:
    where = place_of(pattern)
    match pattern:
        case ast.MatchValue():
            return nodes.Pattern(*where, "value", lower_expression(pattern.value), "", (), ())
        case ast.MatchSingleton():
            return nodes.Pattern(*where, "value", nodes.Const(*where, pattern.value), "", (), ())
        case ast.MatchSequence():
            return nodes.Pattern(*where, "sequence", None, "", tuple(map(_pattern, pattern.patterns)), ())
        case ast.MatchMapping():
            keys = lower_all(pattern.keys)
            return nodes.Pattern(
                *where, "mapping", None, pattern.rest or "", tuple(map(_pattern, pattern.patterns)), keys
            )
        case ast.MatchClass():
            inner = tuple(map(_pattern, [*pattern.patterns, *pattern.kwd_patterns]))
            names = ("",) * len(pattern.patterns) + tuple(pattern.kwd_attrs)
            return nodes.Pattern(*where, "class", lower_expression(pattern.cls), "", inner, names)
        case ast.MatchStar():
            return nodes.Pattern(*where, "star", None, pattern.name or "", (), ())
        case ast.MatchAs(pattern=None):
            return nodes.Pattern(*where, "capture" if pattern.name else "any", None, pattern.name or "", (), ())
        case ast.MatchAs(pattern=ast.pattern() as inside):
            return nodes.Pattern(*where, "as", None, pattern.name or "", (_pattern(inside),), ())
        case ast.MatchOr():
            return nodes.Pattern(*where, "or", None, "", tuple(map(_pattern, pattern.patterns)), ())
        case _:
            return nodes.Pattern(*where, "any", None, "", (), ())


def _assert(node: ast.Assert) -> nodes.Statement:
    return nodes.Check(*place_of(node), lower_expression(node.test), lower_optional(node.msg))


def _import(node: ast.Import) -> nodes.Statement:
    names = tuple((alias.name, alias.asname or "") for alias in node.names)
    return nodes.Import(*place_of(node), "", 0, names, True)


def _import_from(node: ast.ImportFrom) -> nodes.Statement:
    names = tuple((alias.name, alias.asname or alias.name) for alias in node.names)
    return nodes.Import(*place_of(node), node.module or "", node.level, names, False)


def _global(node: ast.Global) -> nodes.Statement:
    return nodes.Outer(*place_of(node), "global", tuple(node.names))


def _nonlocal(node: ast.Nonlocal) -> nodes.Statement:
    return nodes.Outer(*place_of(node), "nonlocal", tuple(node.names))


def _jump(kind: str) -> Callable[[Any], nodes.Statement]:
    return lambda node: nodes.Jump(*place_of(node), kind)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> nodes.Statement:
    body = lower_body(node.body)
    return nodes.Function(
        *place_of(node),
        node.name,
        lower_parameters(node.args),
        body,
        lower_all(node.decorator_list),
        lower_optional(node.returns),
        isinstance(node, ast.AsyncFunctionDef),
        node.decorator_list[0].lineno if node.decorator_list else node.lineno,
    )


def _class(node: ast.ClassDef) -> nodes.Statement:
    return nodes.Class(
        *place_of(node),
        node.name,
        lower_all(node.bases),
        lower_keywords(node.keywords),
        lower_body(node.body),
        lower_all(node.decorator_list),
        node.decorator_list[0].lineno if node.decorator_list else node.lineno,
    )


_LOWER: Final[dict[type[ast.stmt], Callable[[Any], nodes.Statement]]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augment,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Delete: _delete,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: _match,
    ast.Assert: _assert,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Break: _jump("break"),
    ast.Continue: _jump("continue"),
    ast.Pass: _jump("pass"),
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
}
if hasattr(ast, "TypeAlias"):
    _LOWER[ast.TypeAlias] = _alias
