"""HTML of users that is cleaned by a deprecated library or by expressions, or declared safe without a sanitiser."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_RAW: Final = (
    "markupsafe.Markup",
    "flask.Markup",
    "django.utils.safestring.mark_safe",
    "django.utils.safestring.SafeString",
)
_CLEANERS: Final = re.compile(
    r"(?:^|\.)(?:clean|sanitise|sanitize|escape|conditional_escape|format_html|fill_html|tojson|data_block|dumps|script_json|render\w*|urlize|linebreaks|highlight|conditional_escape|render_to_string|widget|as_p|csp_nonce|url_for|static|reverse)$|^bleach\.|json"
)
_TAGS: Final = re.compile(r"^\(?(?:\?\w+\))?<(?:script|/?\w*\[\^|\[\^|\.[*+]|/?style|\\?/?\(?\?*)", re.IGNORECASE)
_STORED: Final = re.compile(r"body|html|content|comment|bio|description|message|text|markup|note", re.IGNORECASE)
_ATTACK: Final = "A visitor writes markup with an event handler or a script, and it runs for whoever reads the page."
_FIX: Final = "Clean it by nh3.clean, or sanitise() of the guard, as the last step before it is declared safe."


def examine(project: Project) -> Iterator[Remark]:
    """Look at sanitisers, at expressions that strip tags, and at what is declared safe."""
    remarks = list(_judge_imports(project))
    for call in project.calls("re.sub", "re.compile"):
        pattern = call.constant_of(0, "pattern")
        if (
            isinstance(pattern, str)
            and _TAGS.match(pattern)
            and _removes(call, pattern)
            and not is_test(call.place.path)
        ):
            why = "An expression strips tags; nested, unclosed and foreign elements pass it."
            remarks.append(RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM))
    for call in project.calls(*_RAW):
        if not is_test(call.place.path):
            remarks += _judge_raw(call, project)
    for call in project.calls("nh3.clean", "nh3.Cleaner().clean"):
        remarks.append(RULE.site(call.place, "nh3 cleans it"))
    remarks += guard_sites(RULE, project, "vallum.guard.input.rich_text.*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no HTML of users is cleaned or declared safe")


def _removes(call: Call, pattern: str) -> bool:
    """`re.sub(tags, "", text)`, and a compiled pattern of script elements, which serves nothing else."""
    if call.method == "sub":
        return call.constant_of(1, "repl") in {"", " "}
    return re.search(r"script", pattern, re.IGNORECASE) is not None


def _judge_imports(project: Project) -> Iterator[Remark]:
    for module, outer in project.facts.bodies:
        if "bleach" not in module.source.text or is_test(module.path):
            continue
        for node in project.facts.iter_body(module, outer):
            if isinstance(node, nodes.Import) and (
                node.module == "bleach" or any(name == "bleach" for name, _ in node.names)
            ):
                why = "bleach has been deprecated since 2023 and rests on a parser without maintenance."
                yield RULE.finding(module.place(node), _ATTACK, why, fix="nh3.clean takes its place.")


def _judge_raw(call: Call, project: Project) -> Iterator[Remark]:
    value = call.argument(0, "object", "base", "s")
    if value is None or value.known:
        return
    origins = origins_of(project)
    parts = list(origins.trace(value.node, origins.scope_at(value)))
    names = [origins.facts.call(node, home).name for node, home in parts if isinstance(node, nodes.Call)]
    text = " ".join(home.module.text_of(node) for node, home in parts)
    if any(name.endswith("strip_tags") for name in names):
        why = "strip_tags gives no guarantee that its result is safe HTML."
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)
    elif any(_CLEANERS.search(name) for name in names) or re.search(r"nh3\.|sanitis|sanitiz|escape\(|tojson", text):
        yield RULE.site(call.place, "the sanitiser gave it")
    elif _is_stored(value.node) or call.arguments[0].tainted:
        why = f"`{value.text}` is declared safe, and no sanitiser was near it."
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _is_stored(node: nodes.Node) -> bool:
    """`comment.body`, `row["html"]`: a field of something that was kept."""
    if isinstance(node, nodes.Attribute):
        return _STORED.search(node.name) is not None
    return (
        isinstance(node, nodes.Subscript)
        and isinstance(node.index, nodes.Const)
        and (isinstance(node.index.value, str) and _STORED.search(node.index.value) is not None)
    )


RULE = Rule(
    slug="unsanitised-markup",
    control="html-sanitised",
    languages=("python",),
    unit=("piece of HTML", "pieces of HTML"),
    sound="cleaned",
    examine=examine,
)
