"""Decisions about rights that rest on what the client says of itself."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Comparison, last_word
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.inputs import CLIENT, inputs_of
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_CLAIM: Final = re.compile(
    r"^(?:x[-_])?(?:user[-_]?)?(?:role|roles|is[-_]?admin|admin|is[-_]?staff|tier|customer[-_]tier|permissions?|tenant(?:[-_]id)?|user[-_]?id|is[-_]?superuser)$",
    re.IGNORECASE,
)
_KNOWN: Final = re.compile(r"\.(?:user|session|auth|state|identity|principal|claims)\b")
_OWN: Final = re.compile(r"_for$|^for_|statement|_of$|by_user|by_owner")
_ATTACK: Final = "A visitor writes role=admin, or another user's number, into the request, and it is believed."
_FIX: Final = "Take the caller from the session or a verified token, and read the role from the store."


def examine(project: Project) -> Iterator[Remark]:
    """Look at comparisons of roles, and at lookups of the caller's own data by a cookie."""
    remarks: list[Remark] = []
    for found in project.comparisons:
        if not is_test(found.place.path):
            remarks += _judge(found, project)
    for call in project.calls():
        if _OWN.search(call.method) and call.arguments and not is_test(call.place.path):
            remarks += _judge_lookup(call, project)
    remarks += guard_sites(RULE, project, "vallum.guard.requires", "*.current_actor")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no decision about rights is in sight")


def _judge(found: Comparison, project: Project) -> Iterator[Remark]:
    for side, other in ((found.left, found.right), (found.right, found.left)):
        if not _CLAIM.match(side.words) or not (other.known or isinstance(other.node, nodes.Items)):
            continue
        if other.constant is None:
            return
        if _is_client(side.node, found, project):
            why = f"`{side.text}` comes with the request."
            yield RULE.finding(found.place, _ATTACK, why, fix=_FIX)
            return
        if re.search(r"user|session|principal|actor|member|claims", side.text):
            yield RULE.site(found.place, "the server's own knowledge of the caller")
            return


def _is_client(node: nodes.Node, found: Comparison, project: Project) -> bool:
    """Read from the request, or a parameter that FastAPI takes from a header, cookie, query or form."""
    if _KNOWN.search(found.module.text_of(node)) or found.function is None:
        return False
    inputs = inputs_of(project)
    if inputs.read_from(node, origins_of(project).scope_of(found.function), frozenset(CLIENT)):
        return True
    if not isinstance(node, nodes.Name):
        return False
    own = [parameter for parameter in found.function.parameters if parameter.name == node.id]
    texts = [
        value.text for parameter in own for value in (parameter.annotation, parameter.default) if value is not None
    ]
    return any(re.search(r"\b(?:Header|Cookie|Query|Form|Body)\(", text) for text in texts)


def _judge_lookup(call: Call, project: Project) -> Iterator[Remark]:
    """`Account.statement_for(request.cookies["user_id"])`."""
    if call.function is None:
        return
    origins, inputs = origins_of(project), inputs_of(project)
    parts = frozenset({"cookies", "COOKIES", "headers"})
    for argument in call.arguments:
        scope = origins.scope_at(argument)
        named = any(
            _CLAIM.match(last_word(node))
            for node, _ in origins.trace(argument.node, scope)
            if isinstance(node, nodes.Expression)
        )
        if named and inputs.reads(argument, parts):
            yield RULE.finding(call.place, _ATTACK, f"`{argument.text}` is what the client says it is.", fix=_FIX)
            return


RULE = Rule(
    slug="privilege-from-client",
    control="server-side-authorization",
    languages=("python",),
    unit=("decision about rights", "decisions about rights"),
    sound="from the server's own knowledge",
    examine=examine,
)
