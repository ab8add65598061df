"""What a regular expression, matched whole, leaves possible."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from vallum.check.knowledge.kinds import BITS, bits_of

_DANGEROUS: Final = {
    "sql": "'\"`;\\ -",
    "shell": ";&|$`\n<>(){}*?'\"\\ ",
    "code": "(.[",
    "object": ".",
    "path": "/\\",
    "html": "<>&\"'",
    "markup": "<>&\"'",
    "redirect": "/\\:",
    "template": "{",
    "address": "/\\:@?#",
    "entity": "<&",
    "ldap": "()*\\&|=!\0",
    "xpath": "'\"[]()/@",
    "header": "\r\n",
    "log": "\r\n",
    "pattern": "*+{}()[\\|?",
}
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS: Final = frozenset("0123456789")
_CLASSES: Final = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_WORD": _LETTERS | _DIGITS | {"_"},
    "CATEGORY_SPACE": frozenset(" \t\n\r\f\v"),
}
_ANY: Final = frozenset(map(chr, range(128)))


@cache
def cleared_by(pattern: str, how: str) -> int:
    """The bits of the kinds of sink for which text that matches is harmless.

    `how` is `fullmatch`, `match` or `search`; the latter two need anchors. 0 for a pattern that is not one.
    """
    parser: Any = re._parser  # type: ignore[attr-defined]  # noqa: SLF001 -- the only parser whose grammar is `re`'s own
    try:
        tree = list(parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return 0
    names = [str(operation) for operation, _ in tree]
    starts = how != "search" or (bool(tree) and _is_anchor(tree[0], "AT_BEGINNING"))
    ends = how == "fullmatch" or (bool(tree) and (_is_anchor(tree[-1], "AT_END")))
    if not names or not starts or not ends:
        return 0
    allowed = _characters(tree)
    return _harmless(allowed) | BITS["trust"]


@cache
def group_clears(pattern: str, key: Any) -> int:
    """The bits of the kinds that a group's text cannot harm; by number or name, 0 for the whole, None for any."""
    parser: Any = re._parser  # type: ignore[attr-defined]  # noqa: SLF001 -- the only parser whose grammar is `re`'s own
    try:
        parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return 0
    if key == 0:
        return _harmless(_characters(parsed))
    number = parsed.state.groupdict.get(key) if isinstance(key, str) else key
    groups = dict(_groups(parsed))
    chosen = list(groups.values()) if number is None else [groups[number]] if number in groups else []
    return _harmless(frozenset().union(*chosen)) if chosen else 0


def _groups(tree: Iterable[tuple[Any, Any]]) -> Iterator[tuple[int, frozenset[str]]]:
    for operation, argument in tree:
        match str(operation):
            case "SUBPATTERN":
                if argument[0] is not None:
                    yield argument[0], _characters(argument[3])
                yield from _groups(argument[3])
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                yield from _groups(argument[2])
            case "BRANCH":
                for branch in argument[1]:
                    yield from _groups(branch)


def _is_anchor(item: tuple[Any, Any], name: str) -> bool:
    operation, argument = item
    return str(operation) == "AT" and str(argument).startswith(name)


def _characters(tree: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for operation, argument in tree:
        found |= _characters_of(str(operation), argument)
    return found


def _characters_of(operation: str, argument: Any) -> frozenset[str]:
    match operation:
        case "LITERAL":
            return frozenset((chr(argument),))
        case "IN":
            return _class(argument)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _characters(argument[2])
        case "SUBPATTERN":
            return _characters(argument[3])
        case "BRANCH":
            return frozenset().union(*(_characters(branch) for branch in argument[1]))
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return frozenset()
    return _ANY


def _class(items: list[tuple[Any, Any]]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    negated = False
    for operation, argument in items:
        match str(operation):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found |= {chr(argument)}
            case "RANGE":
                found |= frozenset(map(chr, range(argument[0], min(argument[1], 0x2FFF) + 1)))
            case "CATEGORY":
                found |= _CLASSES.get(str(argument), _ANY)
    return _ANY - found if negated else found


def cleared_within(characters: str) -> int:
    """The bits cleared for text of nothing but these characters."""
    return _harmless(frozenset(characters))


@cache
def left_by(pattern: str, replacement: str) -> int:
    """The bits cleared when all that matches is replaced: `re.sub(r"[^a-z]", "", x)` leaves only letters."""
    parser: Any = re._parser  # type: ignore[attr-defined]  # noqa: SLF001 -- the only parser whose grammar is `re`'s own
    try:
        tree = list(parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return 0
    if len(tree) != 1:
        return 0
    operation, argument = str(tree[0][0]), tree[0][1]
    if operation in {"MAX_REPEAT", "MIN_REPEAT"} and argument[0] <= 1 and len(argument[2]) == 1:
        operation, argument = str(argument[2][0][0]), argument[2][0][1]
    if operation == "NOT_LITERAL":
        left = frozenset((chr(argument),))
    elif operation in {"IN", "LITERAL"}:
        left = _ANY - _characters_of(operation, argument)
    else:
        return 0
    left |= frozenset(replacement)
    return _harmless(left)


@cache
def _harmless(characters: frozenset[str]) -> int:
    """The bits of the kinds that text of these characters alone cannot harm."""
    return bits_of(kind for kind, dangerous in _DANGEROUS.items() if not characters & set(dangerous))
