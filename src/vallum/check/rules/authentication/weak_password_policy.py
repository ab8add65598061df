"""Passwords that may be short, must not be long, must be composed, or are changed before they are used."""

import re
from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Class, Comparison, Setting, last_word
from vallum.check.flow.folding import fold
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import names_password, split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_LEAST: Final = 12
_MOST: Final = 64
_PLAUSIBLE: Final = 24
"""A bound above this is a maximum, one below it a minimum."""
_NOT_NEW: Final = frozenset({"current", "old", "existing", "confirm", "confirmation", "repeat", "login", "verify"})
_LOGIN: Final = frozenset({"login", "signin", "credentials", "authentication", "token", "authenticate", "in"})
_MINIMA: Final = ("min_length", "min", "minimum")
_MAXIMA: Final = ("max_length", "max", "maximum")
_COMPOSITION: Final = re.compile(r"\(\?=\.\*\??(?:\[|\\d|\\W)")
_CLASSES: Final = re.compile(r"\[(?:A-Z|a-z|0-9|\W{3,})+\]\+?|\\d\+?|\\W\+?")
_EACH: Final = re.compile(r"\.is(?:upper|lower|digit)\b.*\bin\s+(?:\w+\.)*\w*(?:passw|pwd)", re.IGNORECASE | re.DOTALL)
_CHANGES: Final = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize"})
_USES: Final = frozenset({
    "hash", "hash_password", "generate_password_hash", "make_password", "set_password", "hashpw", "hash_async",
    "verify", "checkpw", "check_password", "check_password_hash", "create_user", "encode",
})  # fmt: skip
_DJANGO: Final = "MinimumLengthValidator"
_ATTACK: Final = "Attackers try leaked and common passwords first, and a password like that is among them."
_FIX: Final = "Ask for 15 characters (12 beside a second factor), allow 64 and more, and refuse leaked passwords."
_SOUND: Final = ("vallum.guard.authentication.password_policy.PasswordPolicy", "zxcvbn.zxcvbn", "*zxcvbn")


def examine(project: Project) -> Iterator[Remark]:
    """Look at schemas, comparisons of lengths, patterns, Django's validators, and what is done to passwords."""
    if not any("passw" in module.source.text.lower() or "pwd" in module.source.text for module in project.modules):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no password is handled")
        return
    for found in project.classes:
        yield from _judge_class(found, project)
    for comparison in project.comparisons:
        yield from _judge_comparison(comparison)
    yield from _judge_patterns(project)
    for setting in project.settings:
        yield from _judge_setting(setting, project)
    yield from _judge_changes(project)
    for call in project.calls(*_SOUND):
        if not is_test(call.place.path):
            yield RULE.site(call.place, call.method)


def _judge_class(found: Class, project: Project) -> Iterator[Remark]:
    """The fields of a schema that takes a new password."""
    if is_test(found.place.path) or not _LOGIN.isdisjoint(split_words(found.name)):
        return
    scope = project.facts.names.scope_of(found.module, found.module.by_node[found.node])
    for statement in found.node.body:
        if isinstance(statement, nodes.Assign) and _is_new(last_word(statement.targets[0])):
            parts = [part for part in (statement.value, statement.annotation) if part is not None]
            calls = [node for part in parts for node in iter_nodes(part) if isinstance(node, nodes.Call)]
            bounds = [(_bound(call, _MINIMA, scope, project), _bound(call, _MAXIMA, scope, project)) for call in calls]
            lowest = next((least for least, _ in bounds if least is not None), None)
            highest = next((most for _, most in bounds if most is not None), None)
            yield from _judge_bounds(found.module.place(statement), lowest, highest)


def _is_new(word: str) -> bool:
    return names_password(word) and _NOT_NEW.isdisjoint(split_words(word))


def _bound(call: nodes.Call, names: tuple[str, ...], scope: Scope, project: Project) -> int | None:
    for keyword, value in call.keywords:
        if keyword in names:
            known = fold(value, scope, project.facts.names)
            return known if isinstance(known, int) else None
    return None


def _judge_bounds(place: Place, lowest: int | None, highest: int | None) -> Iterator[Remark]:
    if lowest is not None and lowest < _LEAST:
        yield RULE.finding(place, _ATTACK, f"{lowest} characters are enough, fewer than {_LEAST}.", fix=_FIX)
    elif highest is not None and highest < _MOST:
        yield RULE.finding(place, _ATTACK, f"More than {highest} characters are refused: no phrase fits.", fix=_FIX)
    elif lowest is not None:
        yield RULE.site(place, f"{lowest} characters at least")


def _judge_comparison(comparison: Comparison) -> Iterator[Remark]:
    left, right, operator = comparison.left, comparison.right, comparison.operator
    if isinstance(right.node, nodes.Call):
        left, right = right, left
        operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
    if not _is_length(left.node) or not isinstance(right.constant, int) or is_test(comparison.place.path):
        return
    bound = right.constant + (operator in {"<=", ">"} and right.constant < _PLAUSIBLE)
    if operator not in {"<", "<=", ">", ">="} or bound <= 1:
        return
    if bound < _PLAUSIBLE:
        yield from _judge_bounds(comparison.place, bound, None)
    elif operator in {">", ">="}:
        yield from _judge_bounds(comparison.place, None, bound)


def _is_length(node: nodes.Expression) -> bool:
    if not isinstance(node, nodes.Call) or last_word(node.function) != "len" or len(node.arguments) != 1:
        return False
    return _is_new(last_word(node.arguments[0]))


def _judge_patterns(project: Project) -> Iterator[Remark]:
    why = "It asks for kinds of characters, which makes people write Password1! and refuses long phrases."
    for literal in project.literals:
        if (
            isinstance(literal.constant, str)
            and _COMPOSITION.search(literal.constant)
            and not is_test(literal.place.path)
        ):
            yield RULE.finding(literal.place, _ATTACK, why, fix=_FIX)
    for call in project.calls("re.search", "re.match", "re.findall"):
        pattern, text = call.constant_of(0, "pattern"), call.argument(1, "string")
        if (
            isinstance(pattern, str)
            and text is not None
            and _is_new(text.words)
            and _CLASSES.fullmatch(pattern)
            and not is_test(call.place.path)
        ):
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)
    for call in project.calls("any", "sum"):
        if _EACH.search(call.text) and not is_test(call.place.path):
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _judge_setting(setting: Setting, project: Project) -> Iterator[Remark]:
    if is_test(setting.place.path):
        return
    if setting.key == "AUTH_PASSWORD_VALIDATORS" and isinstance(setting.node, nodes.Items):
        yield from _judge_validators(setting, project)
    elif setting.key == "SECURITY_PASSWORD_LENGTH_MIN" and isinstance(setting.constant, int):
        yield from _judge_bounds(setting.place, setting.constant, None)


def _judge_validators(setting: Setting, project: Project) -> Iterator[Remark]:
    """Django's list: without a validator of the length, or with one of 8, its default."""
    scope = origins_of(project).scope_at(setting)
    elements = setting.node.elements if isinstance(setting.node, nodes.Items) else ()
    tables = [fold(node, scope, project.facts.names) for node in elements]
    named = False
    for node, table in zip(elements, tables, strict=True):
        if isinstance(table, dict) and str(table.get("NAME", "")).endswith(_DJANGO):
            named = True
            options: Any = table.get("OPTIONS", {})
            least = options.get("min_length", 8) if isinstance(options, dict) else None
            place = setting.module.place(_options_of(node) or node)
            yield from _judge_bounds(place, least if isinstance(least, int) else None, None)
    if not named and all(isinstance(table, dict) for table in tables):
        yield RULE.finding(setting.place, _ATTACK, f"{_DJANGO} is not in it: one character is enough.", fix=_FIX)


def _options_of(node: nodes.Expression) -> nodes.Expression | None:
    if isinstance(node, nodes.Table):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, nodes.Const) and key.value == "OPTIONS":
                return value
    return None


def _judge_changes(project: Project) -> Iterator[Remark]:
    for call in project.calls(*(f"*.{change}" for change in sorted(_CHANGES))):
        if call.receiver is None or not names_password(call.receiver.words) or is_test(call.place.path):
            continue
        if _is_used(call.node, project, call.function):
            why = f"`{call.text}` is what is used, not what was typed."
            yield RULE.finding(call.place, _ATTACK, why, fix="Use the password exactly as it was typed.")


def _is_used(node: nodes.Expression, project: Project, function: Any) -> bool:
    """Whether the changed password is hashed, or takes the place of the password."""
    if function is None:
        return False
    for statement in origins_of(project).scope_of(function).nodes:
        if isinstance(statement, nodes.Assign) and statement.value is node:
            return any(names_password(last_word(target)) for target in statement.targets)
        if isinstance(statement, nodes.Call) and last_word(statement.function) in _USES:
            given = (*statement.arguments, *(value for _, value in statement.keywords))
            if any(inner is node for part in given for inner in iter_nodes(part)):
                return True
    return False


RULE = Rule(
    slug="weak-password-policy",
    control="password-policy",
    languages=("python",),
    unit=("rule for passwords", "rules for passwords"),
    sound="long enough",
    examine=examine,
)
