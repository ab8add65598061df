"""Policy functions that end in yes, fall off their end, or turn an exception into access."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Function
from vallum.check.flow.walk import iter_scope
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_POLICY: Final = re.compile(
    r"^_?(?:can|may|is_allowed|is_authorized|is_permitted|allows?|authorize|has_(?:access|permission|object_permission)"
    r"|check_(?:access|permission)s?|permits?)(?:_|$)"
)
_ATTACK: Final = "Whoever meets none of the rules, or makes a lookup fail, is let in."
_FIX: Final = "Return True for each rule that allows, and end with return False."


def examine(project: Project) -> Iterator[Remark]:
    """Look at how each policy function ends."""
    seen = False
    for function in project.functions:
        if _POLICY.match(function.name) and not is_test(function.place.path) and _decides(function):
            seen = True
            yield from _judge(function)
    guards = list(guard_sites(RULE, project, "vallum.guard.authorization.policy*"))
    yield from guards
    if not seen and not guards:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "there are no policy functions")


def _decides(function: Function) -> bool:
    """It has parameters, and returns True or False somewhere."""
    return len(function.parameters) >= 1 and any(isinstance(value.constant, bool) for value in function.returns)


def _judge(function: Function) -> Iterator[Remark]:
    module, body = function.module, function.node.body
    broken = False
    for node in iter_scope(body):
        if isinstance(node, nodes.Handler):
            for inner in iter_scope(node.body):
                if isinstance(inner, nodes.Return) and _is_true(inner):
                    broken = True
                    yield RULE.finding(module.place(inner), _ATTACK, "An exception gives access.", fix=_FIX)
    last = body[-1]
    if isinstance(last, nodes.Return) and _is_true(last) and len(body) > 1:
        if any(isinstance(node, nodes.Return) and _is_false(node) for node in iter_scope(body)):
            broken = True
            why = "The last result is yes; an attribute that is unknown or missing falls through to it."
            yield RULE.finding(module.place(last), _ATTACK, why, fix=_FIX)
    elif not _ends(last):
        broken = True
        why = "The function can end without a result, which `is not False` reads as yes."
        yield RULE.finding(function.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    if not broken:
        yield RULE.site(function.place, "its last result is no, or a comparison")


def _is_true(node: nodes.Return) -> bool:
    return isinstance(node.value, nodes.Const) and node.value.value is True


def _is_false(node: nodes.Return) -> bool:
    return isinstance(node.value, nodes.Const) and node.value.value is False


def _ends(node: nodes.Statement) -> bool:
    """Whether a statement always returns or raises, as far as its form shows."""
    match node:
        case nodes.Return() | nodes.Raise():
            return True
        case nodes.If(then=then, otherwise=otherwise):
            return bool(then and otherwise) and _ends(then[-1]) and _ends(otherwise[-1])
        case nodes.Try(body=body, handlers=handlers, otherwise=otherwise):
            main = otherwise or body
            return _ends(main[-1]) and all(_ends(one.body[-1]) for one in handlers)
        case nodes.With(body=body):
            return _ends(body[-1])
        case nodes.Match(cases=cases):
            return (
                all(_ends(case.body[-1]) for case in cases)
                and cases[-1].test is None
                and not cases[-1].pattern.patterns
            )
    return False


RULE = Rule(
    slug="policy-without-denial",
    control="abac",
    languages=("python",),
    unit=("policy function", "policy functions"),
    sound="ends with a refusal",
    examine=examine,
)
