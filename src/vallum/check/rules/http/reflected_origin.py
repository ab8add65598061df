"""The request's Origin copied into the answer, without a test or after one that other sites pass too."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.module import Definition
from vallum.check.flow.walk import iter_scope
from vallum.check.project import Project
from vallum.check.responses.headers import HeaderSetting, select_headers
from vallum.check.responses.origins import judge_pattern
from vallum.check.responses.text import find_binding
from vallum.check.rule import Rule
from vallum.findings.finding import Remark

_READ: Final = re.compile(
    r"""(?:\.get(?:list)?\(\s*b?["']origin["']|\[b?["']origin["']\]|["']http_origin["']|request\.origin\b|\$http_origin)""",
    re.IGNORECASE,
)
_ATTACK: Final = "A script on any page can read the answers of this site, with the session of whoever opens it."
_FIX: Final = "Compare the origin with a fixed set by `in`, and send it only when it is one of them."
_NGINX: Final = re.compile(r"add_header\s+Access-Control-Allow-Origin\s+[\"']?\$http_origin", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every header whose value comes from the request's Origin."""
    for setting in select_headers(project, "access-control-allow-origin"):
        if setting.node is None:
            if _NGINX.search(setting.place.text):
                why = "nginx sends back whatever Origin the request names."
                yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
        elif not setting.known and _reads_origin(setting):
            yield from _judge(setting, project)


def _reads_origin(setting: HeaderSetting) -> bool:
    return setting.module is not None and any(_READ.search(text) for text in _texts(setting))


def _texts(setting: HeaderSetting) -> Iterator[str]:
    if setting.module is None or setting.node is None or setting.scope is None:
        return
    yield setting.module.text_of(setting.node)
    for name in _names_in(setting.node):
        binding, home = find_binding(name, setting.scope)
        if isinstance(binding, nodes.Expression):
            yield home.module.text_of(binding)


def _names_in(node: nodes.Node) -> set[str]:
    return {part.id for part in iter_scope((node,)) if isinstance(part, nodes.Name)}


def _judge(setting: HeaderSetting, project: Project) -> Iterator[Remark]:
    definition = setting.scope.definition if setting.scope else None
    names = _names_in(setting.node) if setting.node else set()
    tests = list(_tests(definition, names)) if definition else []
    tests += _patterns(definition, names, project) if definition else []
    weak = [reason for reason in tests if reason]
    if weak:
        yield RULE.finding(setting.place, _ATTACK, weak[0], fix=_FIX)
    elif tests:
        yield RULE.site(setting.place, "compared with a list first")
    elif definition is None or not _is_checked(definition, names):
        yield RULE.finding(setting.place, _ATTACK, "The Origin of the request is sent back untested.", fix=_FIX)


def _patterns(definition: Definition, names: set[str], project: Project) -> Iterator[str]:
    """What is weak in the patterns that the origin is matched with."""
    scope = project.facts.names.scope_of(definition.module, definition)
    for node in iter_scope(definition.node.body):
        if isinstance(node, nodes.Call) and any(
            isinstance(argument, nodes.Name) and argument.id in names for argument in node.arguments
        ):
            call = project.facts.call(node, scope)
            pattern = call.constant_of(0, "pattern")
            if call.name in {"re.match", "re.search", "re.fullmatch"} and isinstance(pattern, str):
                yield judge_pattern(pattern, anchored=call.method == "fullmatch")


def _tests(definition: Definition, names: set[str]) -> Iterator[str]:
    """For each test of the origin what is weak in it; empty for one that is exact."""
    for node in iter_scope(definition.node.body):
        match node:
            case nodes.Compare(left=nodes.Name(id=name), operators=("in" | "not in",), others=(other,)) if (
                name in names
            ):
                is_text = isinstance(other, nodes.Const) and isinstance(other.value, str)
                yield "The test looks for the origin within a text." if is_text else ""
            case nodes.Compare(left=nodes.Name(id=name), operators=("==" | "!=",)) if name in names:
                yield ""
            case nodes.Compare(left=nodes.Const(value=str()), operators=("in",), others=(nodes.Name(id=name),)) if (
                name in names
            ):
                yield "The test looks for a text within the origin, which other sites can contain too."
            case nodes.Call(
                function=nodes.Attribute(base=nodes.Name(id=name), name="endswith" | "startswith" as how)
            ) if name in names:
                yield f"The test is `{how}`, which origins of other sites pass too."


def _is_checked(definition: Definition, names: set[str]) -> bool:
    """Whether a branch depends on a call with the origin, which cannot be followed: `is_allowed(origin)`."""
    tests = [node.test for node in iter_scope(definition.node.body) if isinstance(node, nodes.If | nodes.Choice)]
    calls = [part for test in tests for part in iter_scope((test,)) if isinstance(part, nodes.Call)]
    return any(
        isinstance(argument, nodes.Name) and argument.id in names for call in calls for argument in call.arguments
    )


RULE = Rule(
    slug="reflected-origin",
    control="cors-allowlist",
    languages=("python", "nginx"),
    unit=("answer that names the request's origin", "answers that name the request's origin"),
    sound="tested against a list",
    examine=examine,
)
