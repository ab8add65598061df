"""Addresses that hold raw data: parameters without encoding, and links to whatever was sent."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, last_word
from vallum.check.flow.scope import Scope
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.inputs import inputs_of
from vallum.check.readings.origins import origins_of
from vallum.check.readings.pages import Insertion, insertions_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_SENDS: Final = (
    "*.get", "*.post", "*.put", "*.delete", "*.request", "*.urlopen", "*.redirect", "*.RedirectResponse",
    "*.HttpResponseRedirect",
)  # fmt: skip
_CLIENTS: Final = re.compile(
    r"^(?:requests|httpx|urllib|aiohttp|urllib3)\b|(?:client|session|http)$|redirect|RedirectResponse", re.IGNORECASE
)
_ENCODERS: Final = frozenset(
    {"quote", "quote_plus", "urlencode", "build_url", "url_for", "reverse", "int", "str_id", "urlquote"}
)
_ENCODED: Final = re.compile(r"\|\s*(?:urlencode|url_encode|int|tojson)\b|url_for|\burl\(|\breverse\(")
_SOURCE: Final = re.compile(r"^request\.(?:args|GET|form|POST|query_params|values|cookies)\b")
_PARAMETER: Final = re.compile(r"[?&](?:amp;)?[\w\[\]-]+=[^&#{}]*$|[?&]$")
_WEB_TYPES: Final = re.compile(r"^(?:int|float|bool|UUID|UUID4|date|datetime)\b")
_ATTACK: Final = "A visitor adds parameters, segments or a javascript: scheme to the address by what he sends."
_FIX: Final = "build_url(base, *segments, query={...}) of the guard, or quote(value, safe='') and urlencode."


def examine(project: Project) -> Iterator[Remark]:
    """Look at the addresses that code sends to, and at those that templates write."""
    remarks: list[Remark] = []
    for call in project.calls(*_SENDS):
        if not is_test(call.place.path) and _is_request(call):
            remarks += _judge_call(call, project)
    for found in insertions_of(project, "address"):
        remarks += _judge_link(found)
    remarks += guard_sites(RULE, project, "vallum.guard.output.urls.*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no address holds data")


def _is_request(call: Call) -> bool:
    receiver = call.receiver.text if call.receiver is not None else ""
    return _CLIENTS.search(call.name) is not None or _CLIENTS.search(receiver) is not None


def _judge_call(call: Call, project: Project) -> Iterator[Remark]:
    address = call.argument(1 if call.method == "request" else 0, "url", "location", "redirect_to")
    if address is None or address.known or call.function is None:
        return
    origins, raw, built = origins_of(project), False, False
    for node, scope in origins.trace(address.node, origins.scope_at(address), _enters):
        for part in _holes(node):
            built = True
            raw = raw or _is_raw(part, scope, project)
    if raw:
        why = "A part of the address is what was sent, and & = # ? / in it count."
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    elif built:
        yield RULE.site(call.place, "no raw value of a request is in it")


def _enters(node: nodes.Call, _scope: Scope) -> bool:
    return last_word(node.function) not in _ENCODERS


def _holes(node: nodes.Node) -> Iterator[nodes.Expression]:
    """The values that a text with an address is put together from, after its first constant part."""
    if isinstance(node, nodes.Text):
        yield from (part.value for part in node.parts if isinstance(part, nodes.Hole))
    elif isinstance(node, nodes.Binary) and node.operator == "+":
        yield node.right


def _is_raw(node: nodes.Expression, scope: Scope, project: Project) -> bool:
    inputs = inputs_of(project)
    if isinstance(node, nodes.Call) and last_word(node.function) in _ENCODERS:
        return False
    if isinstance(node, nodes.Name):
        function = project.facts.function_at(scope)
        if function is not None and _is_query(node.id, function, project):
            return True
    return inputs.read_from(node, scope, frozenset({"args", "GET", "query_params", "form", "POST", "cookies"}))


def _is_query(name: str, function: Function, project: Project) -> bool:
    """A parameter that FastAPI takes from the query or the form as a text."""
    route = next((route for route in project.routes if route.handler.node is function.node), None)
    if route is None or route.framework != "fastapi" or "{" + name in route.path:
        return False
    for parameter in function.parameters:
        if parameter.name == name and parameter.annotation is not None:
            text = parameter.annotation.text
            return text.startswith("str") and not _WEB_TYPES.match(text)
    return False


def _judge_link(found: Insertion) -> Iterator[Remark]:
    if _ENCODED.search(found.expression):
        yield RULE.site(found.place, "encoded for an address")
    elif not found.before.strip() and _SOURCE.match(found.expression):
        yield RULE.finding(found.place, _ATTACK, "The link goes wherever the request says, javascript: too.", fix=_FIX)
    elif _PARAMETER.search(found.before) and not re.search(
        r"(?:^|[._])(?:id|pk|page|number|count)\b", found.expression
    ):
        why = "HTML escapes leave & = # and + as they are."
        fix = "{{ value | urlencode }}"
        yield RULE.finding(found.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


RULE = Rule(
    slug="url-from-data",
    control="url-encoded",
    languages=("python", "html", "jinja"),
    unit=("address with data", "addresses with data"),
    sound="encoded",
    examine=examine,
)
