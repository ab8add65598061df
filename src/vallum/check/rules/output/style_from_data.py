"""Data inside style elements and style attributes."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.readings.origins import origins_of
from vallum.check.readings.pages import Insertion, insertions_of
from vallum.check.rule import Rule
from vallum.check.taint.flows import Flow
from vallum.check.taint.record import Outcome
from vallum.findings.finding import Confidence, Remark, Silence

_FIXED: Final = re.compile(
    r"nonce|\|\s*(?:int|float|css_escape|check_\w+|round)\b|^loop\.|^\d|^[\w.]*(?:percent|pct|_px|count|index)$"
)
_OPENED: Final = re.compile(r"<style\b[^>]*>[^<]*$|\bstyle\s*=\s*(?:\"[^\"]*|'[^']*)$", re.IGNORECASE)
_ATTACK: Final = "A visitor restyles the page, loads addresses of his own by url(), or ends the style element."
_FIX: Final = "Map the choice to a class, or pass it through check_colour() or check_length() of the guard."


def examine(project: Project) -> Iterator[Remark]:
    """Look at what templates put into styles, and at pages that code puts together."""
    remarks = [remark for found in insertions_of(project, "style", "style-attribute") for remark in _judge(found)]
    for flow in project.flows("html", "markup"):
        if flow.outcome is Outcome.REACHED and _in_style(flow, project):
            why = "The page is put together, and the data stand inside a style."
            remarks.append(RULE.finding(flow.place, _ATTACK, why, fix=_FIX))
    remarks += guard_sites(RULE, project, "vallum.guard.output.styles.*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no data are put into styles")


def _judge(found: Insertion) -> Iterator[Remark]:
    if _FIXED.search(found.expression):
        yield RULE.site(found.place, "a number or a checked value")
    else:
        why = "HTML escapes do nothing in CSS."
        yield RULE.finding(found.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _in_style(flow: Flow, project: Project) -> bool:
    """Whether a text that goes into the page puts a value after the beginning of a style."""
    origins = origins_of(project)
    definition = None
    for one in flow.module.definitions:
        if one.node.line <= flow.argument.line <= one.node.end_line:
            definition = one
    scope = project.facts.names.scope_of(flow.module, definition)
    for node, _ in origins.trace(flow.argument, scope):
        if isinstance(node, nodes.Text | nodes.Binary) and _opens(node):
            return True
    return False


def _opens(node: nodes.Node) -> bool:
    before = ""
    for part in iter_nodes(node):
        if isinstance(part, nodes.Const) and isinstance(part.value, str):
            before += part.value
        elif isinstance(part, nodes.Hole | nodes.Name) and _OPENED.search(before):
            return True
    return False


RULE = Rule(
    slug="style-from-data",
    control="css-context-encoded",
    languages=("python", "html", "jinja"),
    unit=("value in a style", "values in styles"),
    sound="checked",
    examine=examine,
)
