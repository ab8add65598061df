"""Denylists that stand alone, patterns that match a part or let a newline pass, numbers with one bound."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Comparison, Function, last_word
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.inputs import iter_fields, schemas_of
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_DENIED: Final = re.compile(
    r"(?:^|_)(?:forbidden|blocked|banned|blacklist|denylist|bad|invalid|illegal|denied|reserved)", re.IGNORECASE
)
_ALSO: Final = re.compile(
    r"fullmatch|\\[zZ]|\bisalnum\(|\bisidentifier\(|\bisdecimal\(|ALLOWED|model_validate|validate_"
)
_VALIDATES: Final = re.compile(r"valid|check|problem|clean|accept|allow|require|verify|parse|is_", re.IGNORECASE)
_WHOLE: Final = re.compile(r"(?<!\\)\$\Z")
_NEWLINE: Final = "A name with a newline at its end passes, and splits a header, a log line or a file name."


def examine(project: Project) -> Iterator[Remark]:
    """Look at patterns of whole values, at tests against lists, and at numbers in schemas."""
    remarks: list[Remark] = []
    for call in project.calls("re.match", "re.fullmatch", "?.match", "?.fullmatch", "re.compile().*"):
        if not is_test(call.place.path):
            remarks += _judge_match(call, project)
    for found in project.comparisons:
        if found.operator in {"in", "not in"} and not is_test(found.place.path):
            remarks += _judge_denial(found)
    remarks += _judge_bounds(project)
    remarks += guard_sites(RULE, project, "vallum.guard.input.fields.*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no value is tested by a pattern, a list or a bound")


def _judge_match(call: Call, project: Project) -> Iterator[Remark]:
    if call.method not in {"match", "fullmatch"}:
        return
    direct = call.name.startswith("re.") and not call.name.startswith("re.compile")
    pattern = call.constant_of(0, "pattern") if direct else _compiled(call, project)
    if not isinstance(pattern, str):
        return
    if call.method == "fullmatch":
        yield RULE.site(call.place, "the whole value is matched")
    elif pattern.endswith((r"\Z", r"\z")):
        yield RULE.site(call.place, r"\Z ends the pattern")
    elif _WHOLE.search(pattern) and pattern.startswith("^") and "MULTILINE" not in call.text:
        yield RULE.finding(
            call.place, _NEWLINE, "In Python `$` also matches before a last newline.", fix="Use fullmatch, or \\Z."
        )


def _compiled(call: Call, project: Project) -> object:
    """The pattern of `NAME.match(...)`, wherever the name is compiled."""
    if call.receiver is None:
        return UNKNOWN
    origins = origins_of(project)
    scope = origins.scope_at(call)
    for node, home in origins.trace(call.receiver.node, scope):
        if isinstance(node, nodes.Call) and origins.facts.call(node, home).name == "re.compile" and node.arguments:
            return origins.facts.call(node, home).constant_of(0, "pattern")
    return UNKNOWN


def _judge_denial(found: Comparison) -> Iterator[Remark]:
    """`if word in name` for the words of a denylist; `name in BLOCKED`, and no positive rule beside it."""
    function = found.function
    if function is None or not _VALIDATES.search(function.name):
        return
    looped = found.operator == "in" and _loops_denied(last_word(found.left.node), function)
    named = _DENIED.search(found.right.words) is not None
    if not looped and not named:
        return
    module = found.module.source.text
    typed = f"AfterValidator({function.name})" in module or any("validator" in one.text for one in function.decorators)
    if typed or _ALSO.search(function.text):
        yield RULE.site(found.place, "a positive rule stands beside the list")
    else:
        yield RULE.finding(
            found.place,
            "What the list forgot passes: other quotes, other words, other alphabets.",
            "The value is only tested against a list of what is forbidden.",
            fix="Match the whole value by a positive pattern; keep the list as an addition.",
            confidence=Confidence.MEDIUM,
        )


def _loops_denied(name: str, function: Function) -> bool:
    for node in iter_nodes(function.node):
        if isinstance(node, nodes.For | nodes.Loop) and name and last_word(node.target) == name:
            return _DENIED.search(last_word(node.source)) is not None
    return False


def _judge_bounds(project: Project) -> Iterator[Remark]:
    for found in schemas_of(project).values():
        if is_test(found.place.path) or found.name.endswith(("Out", "Response", "Read")):
            continue
        for field in iter_fields(found):
            if field.annotation is None or not re.search(
                r"\b(?:int|float|Decimal)\b", found.module.text_of(field.annotation)
            ):
                continue
            text = found.module.text_of(field)
            low, high = re.search(r"\bg[et]\s*=", text), re.search(r"\bl[et]\s*=", text)
            place = found.module.place(field)
            if low and high:
                yield RULE.site(place, "both bounds are given")
            elif low or high:
                side = "upper" if low else "lower"
                yield RULE.finding(
                    place,
                    "A number far outside of what is meant passes, and overflows what comes after.",
                    f"The {side} bound is missing.",
                    fix="Field(ge=..., le=...)",
                    confidence=Confidence.MEDIUM,
                )


RULE = Rule(
    slug="loose-validation",
    control="allowlist-validation",
    languages=("python",),
    unit=("test of a value", "tests of values"),
    sound="positive and bounded",
    examine=examine,
)
