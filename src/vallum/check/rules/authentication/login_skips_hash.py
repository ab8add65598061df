"""Logins that compute no hash when there is no such account, so that the time tells who has one."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.endpoints import password_checks
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_BCRYPT: Final = re.compile(r"\$2[abxy]?\$\d\d\$.*")
_WELL_FORMED: Final = re.compile(r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}")
_PREFIX: Final = 8
_OTHER_TASKS: Final = frozenset({"change", "confirm", "reset", "update", "delete", "register"})
_SOUND: Final = (
    "django.contrib.auth.authenticate", "django.contrib.auth.aauthenticate",
    "vallum.guard.authentication.login.Login().authenticate", "*Login().authenticate_async",
)  # fmt: skip
_ATTACK: Final = "Answers for unknown names come at once: a list of addresses is sorted into customers and others."
_FIX: Final = "Verify once on every path, against a hash made at start-up where no account was found."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every function that compares a password, and at literal hashes."""
    seen = False
    for function in project.functions:
        if is_test(function.place.path) or not _OTHER_TASKS.isdisjoint(split_words(function.name)):
            continue
        checks = password_checks(function)
        remarks = [_finding(place, why) for check in checks[:2] for place, why in _skips(function, check, project)]
        yield from remarks
        seen = seen or bool(checks)
        if checks and not remarks and _looks_up(function, checks):
            yield RULE.site(function.place)
    for literal in project.literals:
        text = literal.constant.decode("latin-1") if isinstance(literal.constant, bytes) else literal.constant
        if (
            _BCRYPT.match(text)
            and len(text) > _PREFIX
            and not _WELL_FORMED.fullmatch(text)
            and not is_test(literal.place.path)
        ):
            seen = True
            yield _finding(literal.place, f"`{text[:30]}` is no bcrypt hash: it is refused without computing.")
    for call in project.calls(*_SOUND):
        if not is_test(call.place.path):
            seen = True
            yield RULE.site(call.place, f"{call.method} computes one for everybody")
    if not seen:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no password is compared")


def _finding(place: Place, why: str) -> Remark:
    return RULE.finding(place, _ATTACK, why, fix=_FIX, confidence=Confidence.HIGH)


def _looks_up(function: Function, checks: list[Call]) -> bool:
    """Whether the account is found here: a function that is given the hash decides nothing."""
    given = {parameter.name for parameter in function.parameters}
    return any(bool(_roots(check.node) - given) for check in checks)


def _roots(node: nodes.Node) -> set[str]:
    """The names that a call is made of."""
    return {inner.id for inner in iter_nodes(node) if isinstance(inner, nodes.Name)}


def _skips(function: Function, check: Call, project: Project) -> Iterator[tuple[Place, str]]:
    roots = _roots(check.node)
    given = {parameter.name for parameter in function.parameters}
    for node in origins_of(project).scope_of(function).nodes:
        if isinstance(node, nodes.Logic) and _holds(node, check.node):
            tested = _tested(node.values[0]) & roots
            if tested - given and not _holds(node.values[0], check.node):
                yield function.module.place(node), "The short circuit leaves the hash out when there is no account."
        elif isinstance(node, nodes.If) and node.line <= check.node.line:
            yield from _skips_branch(node, roots - given, check, function)
        elif isinstance(node, nodes.Try) and node.line <= check.node.line:
            yield from _skips_try(node, roots - given, check, function)


def _skips_branch(node: nodes.If, roots: set[str], check: Call, function: Function) -> Iterator[tuple[Place, str]]:
    if not _tested(node.test) & roots or _holds(node.test, check.node):
        return
    if any(_holds(part, check.node) for part in node.then):
        if not any(_is_check(inner) for part in node.otherwise for inner in iter_nodes(part)) and not _negated(
            node.test
        ):
            yield function.module.place(node), "The hash is computed only when there is an account."
        return
    leaves = next((part for part in node.then if isinstance(part, nodes.Return | nodes.Raise)), None)
    if leaves is not None and not any(_is_check(inner) for part in node.then for inner in iter_nodes(part)):
        yield function.module.place(leaves), "It leaves before the hash when there is no account."


def _skips_try(node: nodes.Try, roots: set[str], check: Call, function: Function) -> Iterator[tuple[Place, str]]:
    """`User.objects.get()` in a `try` whose `except` returns."""
    bound = {
        target.id
        for part in node.body
        if isinstance(part, nodes.Assign)
        for target in part.targets
        if isinstance(target, nodes.Name)
    }
    if not bound & roots or any(_holds(part, check.node) for part in node.body):
        return
    for handler in node.handlers:
        leaves = next((part for part in handler.body if isinstance(part, nodes.Return | nodes.Raise)), None)
        if leaves is not None and not any(_is_check(inner) for part in handler.body for inner in iter_nodes(part)):
            yield function.module.place(leaves), "It leaves before the hash when there is no account."


def _holds(node: nodes.Node, sought: nodes.Node) -> bool:
    return any(inner is sought for inner in iter_nodes(node))


def _is_check(node: nodes.Node) -> bool:
    if not isinstance(node, nodes.Call):
        return False
    function = node.function
    word = function.name if isinstance(function, nodes.Attribute) else getattr(function, "id", "")
    return re.search(r"verif|check|hash|compare|burn|dummy|make_password|set_password", word) is not None


def _negated(test: nodes.Expression) -> bool:
    return isinstance(test, nodes.Unary) or (isinstance(test, nodes.Compare) and test.operators[0] in {"is", "=="})


def _tested(test: nodes.Expression) -> set[str]:
    """The names whose absence is tested: `not user`, `user is None`, `user`, `not user.password_hash`."""
    match test:
        case nodes.Name(id=name):
            return {name}
        case nodes.Unary(operand=inner) | nodes.Attribute(base=inner):
            return _tested(inner)
        case nodes.Walrus(target=inner):
            return _tested(inner)
        case nodes.Logic(values=values):
            return {name for value in values for name in _tested(value)}
        case nodes.Compare() if any(isinstance(part, nodes.Const) and part.value is None for part in iter_nodes(test)):
            return {part.id for part in iter_nodes(test) if isinstance(part, nodes.Name)}
    return set()


RULE = Rule(
    slug="login-skips-hash",
    control="login-constant-time",
    languages=("python",),
    unit=("comparison of a password", "comparisons of passwords"),
    sound="one hash on every path",
    examine=examine,
)
