"""Patterns that take exponential time on hostile text: a repetition within a repetition of the same characters."""

import re
import warnings
from collections.abc import Iterator
from re import _parser as parser  # type: ignore[attr-defined] # the only reader of patterns that agrees with `re`
from typing import Any, Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_CALLS: Final = tuple(
    f"re.{name}"
    for name in ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
)  # fmt: skip
_MANY: Final = 16
"""From this count on, a bounded repetition is as bad as one without an end."""
_LONGEST: Final = 4_000
_REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT"})
_ATTACK: Final = "One request with a short hostile text keeps a worker busy for minutes."
_FIX: Final = "Let each repetition begin with a character that the one before cannot match, or bound the text's length."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every constant pattern."""
    remarks: list[Remark] = []
    for call in project.calls(*_CALLS):
        pattern = call.constant_of(0, "pattern")
        if not isinstance(pattern, str) or is_test(call.place.path) or is_document(call.place.path):
            continue
        repeated = find_nested(pattern)
        if repeated:
            why = f"{repeated} in the pattern can match the same text in many ways, and all are tried."
            remarks.append(RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM))
        else:
            remarks.append(RULE.site(call.place))
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no constant pattern is used")


def find_nested(pattern: str) -> str:
    """What a nested repetition of a pattern repeats, in words; empty if there is none, or no pattern can be read."""
    if len(pattern) > _LONGEST or not re.search(r"[*+}]\)?.*[*+}]", pattern):
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError, ValueError):
        return ""
    return "a repetition within a repetition" if _has_nested(parsed, followed=False) else ""


def _has_nested(parsed: Any, *, followed: bool) -> bool:
    """Whether an endless repetition that can fail repeats one that begins and ends with the same characters."""
    items = list(parsed)
    for place, (operation, argument) in enumerate(items):
        after = followed or place + 1 < len(items)
        name = str(operation)
        if name in _REPEATS:
            _, most, body = argument
            if most >= _MANY and after and _is_ambiguous(list(body)):
                return True
            if _has_nested(body, followed=after):
                return True
        elif name == "SUBPATTERN":
            if _has_nested(argument[-1], followed=after):
                return True
        elif name == "BRANCH" and any(_has_nested(branch, followed=after) for branch in argument[1]):
            return True
    return False


def _is_ambiguous(body: list[Any]) -> bool:
    """Whether a repeated part is itself an endless repetition, and nothing that must stand between two rounds."""
    if len(body) != 1:
        return False
    operation, argument = body[0]
    name = str(operation)
    if name == "SUBPATTERN":
        return _is_ambiguous(list(argument[-1]))
    if name == "BRANCH":
        return any(_is_ambiguous(list(branch)) for branch in argument[1])
    if name not in _REPEATS:
        return False
    return bool(argument[1] >= _MANY)


RULE = Rule(
    slug="slow-pattern",
    control="redos-safe-regex",
    languages=("python",),
    unit=("pattern", "patterns"),
    sound="no nested repetition",
    examine=examine,
    cwe=(1333,),
)
