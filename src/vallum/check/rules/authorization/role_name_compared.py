"""Handlers that ask for the name of a role in place of a permission."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Comparison, Value
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_ROLE: Final = re.compile(r"^(?:user_?)?roles?(?:_name)?$|^rank$", re.IGNORECASE)
_NAMES: Final = re.compile(
    r"^(?:ROLE_)?(?:admin|administrator|moderator|editor|staff|superuser|super_?admin|manager|owner|root|agent|lead|viewer|author)$",
    re.IGNORECASE,
)
_CALLER: Final = re.compile(
    r"current_user|request\.(?:user|state)|\buser\b|actor|principal|claims|session|identity|member"
)
_CHECKS: Final = (
    "*.permission_required", "*.require_permission", "*.requires_permission", "*.has_perm", "*.has_perms",
    "*.permission_classes",
)  # fmt: skip
_ATTACK: Final = "Rights are scattered over the handlers: a role that is renamed or added gets too much or too little."
_FIX: Final = "Name a permission, @requires('notes:delete') of the guard, and map roles to permissions in one table."


def examine(project: Project) -> Iterator[Remark]:
    """Look at comparisons of the caller's role, and at decorators that name a permission."""
    found: dict[Place, Remark] = {}
    lines: set[tuple[str, int]] = set()
    for one in project.comparisons:
        key = (one.place.path, one.place.line)
        if _names_role(one) and key not in lines and not is_test(one.place.path):
            lines.add(key)
            why = f"`{one.text}` compares the name of a role."
            found[one.place] = RULE.finding(one.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    remarks = list(found.values())
    seen: set[Place] = set()
    for function in project.functions:
        for decorator in function.decorators:
            known = re.search(r"permission|requires", decorator.text.partition("(")[0], re.IGNORECASE)
            if known and decorator.place not in seen:
                seen.add(decorator.place)
                remarks.append(RULE.site(decorator.place, "a permission is named"))
    remarks += [
        RULE.site(call.place, "a permission is named") for call in project.calls(*_CHECKS) if call.place not in seen
    ]
    remarks += guard_sites(RULE, project, "*.GuardPolicy")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no roles are used")


def _names_role(found: Comparison) -> bool:
    for role, names in ((found.left, found.right), (found.right, found.left)):
        if _ROLE.match(role.words) and _CALLER.search(role.text) and _are_names(names):
            return found.function is not None
    return False


def _are_names(value: Value) -> bool:
    """One name of a role, or a display of them."""
    if isinstance(value.constant, str):
        return _NAMES.match(value.constant) is not None
    if isinstance(value.node, nodes.Items):
        return any(
            isinstance(one, nodes.Const) and isinstance(one.value, str) and _NAMES.match(one.value)
            for one in value.node.elements
        )
    return isinstance(value.node, nodes.Attribute) and _NAMES.match(value.node.name) is not None


RULE = Rule(
    slug="role-name-compared",
    control="rbac",
    languages=("python",),
    unit=("test of a role or permission", "tests of roles and permissions"),
    sound="a permission is named",
    examine=examine,
)
