"""The matrix: what each role may do to each resource, for a reviewer to read and a test to pin."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from vallum.guard.authorization.policy.conditions import Condition, Every, Negation, Roles, Some
from vallum.guard.authorization.policy.decisions import Policy
from vallum.guard.authorization.policy.sheets import Sheet

STRANGER: Final = "(stranger)"
SIGNED_IN: Final = "(no role)"


class Answer(Enum):
    """What can be said without knowing actor, object and environment further."""

    ALLOW = "allow"
    DENY = "deny"
    CONDITIONAL = "conditional"


@dataclass(frozen=True, slots=True)
class Cell:
    """One role, one action. A field stands as the action `read:title`."""

    role: str
    resource: str
    action: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Somebody:
    """An actor of whom only the roles are known."""

    roles: frozenset[str]


def build_matrix(policy: Policy) -> list[Cell]:
    """A cell for each role that the policy names, for the signed-in without role, and for strangers."""
    return list(_walk(policy))


def render_matrix(policy: Policy) -> str:
    """The matrix as text: a line for each action, a column for each role. The same policy gives the same text."""
    cells = build_matrix(policy)
    roles = list(dict.fromkeys(cell.role for cell in cells))
    rows: dict[str, list[str]] = {}
    for cell in cells:
        rows.setdefault(f"{cell.resource}:{cell.action}", []).append(cell.answer.value)
    table = [["", *roles], *([name, *answers] for name, answers in rows.items())]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in table)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _walk(policy: Policy) -> Iterator[Cell]:
    for name, register in sorted(policy.registers.items()):
        for action, sheet in sorted(register.sheets.items()):
            yield Cell(STRANGER, name, action, _judge(sheet, None))
            yield Cell(SIGNED_IN, name, action, _judge(sheet, _Somebody(frozenset())))
            for role in sorted(_all_roles(policy)):
                yield Cell(role, name, action, _judge(sheet, _Somebody(frozenset([role]))))


def _judge(sheet: Sheet, actor: Any) -> Answer:
    """With nothing known but the roles, an unknown answer means that it depends on the rest."""
    forbidding = [test(actor, None, {}) for test in sheet.forbids]
    allowing = [test(actor, None, {}) for test in (sheet.public if actor is None else sheet.allows)]
    if True in forbidding or not any(answer is not False for answer in allowing):
        return Answer.DENY
    if True in allowing and None not in forbidding:
        return Answer.ALLOW
    return Answer.CONDITIONAL


def _all_roles(policy: Policy) -> frozenset[str]:
    rules = [
        rule
        for register in policy.registers.values()
        for sheet in register.sheets.values()
        for rule, _ in (*sheet.forbidding, *sheet.allowing)
    ]
    return policy.roles.union(*(_roles_in(rule.condition) for rule in rules))


def _roles_in(condition: Condition) -> frozenset[str]:
    match condition:
        case Roles(names):
            return names
        case Every(parts) | Some(parts):
            return frozenset().union(*map(_roles_in, parts))
        case Negation(part):
            return _roles_in(part)
        case _:
            return frozenset()
