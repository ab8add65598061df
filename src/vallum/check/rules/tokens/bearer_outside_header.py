"""Tokens of access in addresses, forms and logs."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import first_by_place
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.logs import log_calls
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import iter_identifiers
from vallum.check.rule import Rule
from vallum.findings.finding import Finding, Remark, Silence, Site
from vallum.findings.place import Place

_NAMES: Final = re.compile(r"(?:access|bearer|auth|jwt)_?token|^jwt$", re.IGNORECASE)
_PLAIN: Final = re.compile(r"^token$")
_FROM: Final = re.compile(r"\b(?:args|form|values|query_params|GET|POST)\s*(?:\.get(?:list)?\(|\[)\s*[\"'](\w+)[\"']")
_BEARER: Final = re.compile(r"bearer|authorization", re.IGNORECASE)
_HEADER: Final = re.compile(
    r"headers(?:\.get(?:list)?\(|\[)\s*[\"']authorization[\"']|HTTP_AUTHORIZATION", re.IGNORECASE
)
_LIBRARIES: Final = ("httpx", "requests", "httpx.Client()", "requests.Session()", "aiohttp.ClientSession()")
_VERBS: Final = ("get", "post", "put", "delete", "patch", "request", "stream")
_CLIENTS: Final = (
    *(f"{library}.{verb}" for library in _LIBRARIES for verb in _VERBS),
    "urllib.request.urlopen",
    "urllib.request.Request",
)
_PARAMETER: Final = re.compile(r"[?&](?:access_token|token|jwt|auth_token)=$", re.IGNORECASE)
_ATTACK: Final = "Addresses stand in histories, logs of proxies and Referer headers, and the token with them."
_FIX: Final = "Take and send the token in one Authorization header."
_LOGGED: Final = "Whoever reads the log uses the token."


def examine(project: Project) -> Iterator[Remark]:
    """Look at where tokens are read from requests, sent by clients, and written to logs."""
    carriers = project.calls("*.HTTPBearer", "*.OAuth2PasswordBearer", "*.BearerPolicy")
    remarks = [
        *first_by_place((*_judge_reads(project), *_judge_clients(project), *_judge_logs(project))),
        *(RULE.site(call.place, "the header only") for call in carriers if not is_test(call.place.path)),
    ]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no bearer token is read or sent")


def _judge_reads(project: Project) -> Iterator[Finding | Site]:
    for function in project.functions:
        if is_test(function.place.path):
            continue
        text, found = function.text, False
        for match in _FROM.finditer(text):
            near = _BEARER.search(text) is not None and _PLAIN.match(match[1]) is not None
            if _NAMES.search(match[1]) or near:
                found = True
                line = function.node.line + text[: match.start()].count("\n")
                place = _place([*function.calls], line) or _node_place(function, line)
                yield RULE.finding(place, _ATTACK, f"`{match[0]}` takes the token from elsewhere.", fix=_FIX)
        if not found and _HEADER.search(text):
            yield RULE.site(function.place, "read from the header")


def _place(calls: list[Call], line: int) -> Place | None:
    return next((call.place for call in calls if call.place.line == line), None)


def _node_place(function: Function, line: int) -> Place:
    node = next((inner for inner in iter_nodes(function.node) if inner.line == line), function.node)
    return function.module.place(node)


def _judge_clients(project: Project) -> Iterator[Finding | Site]:
    origins = origins_of(project)
    for call in project.calls(*_CLIENTS):
        if is_test(call.place.path):
            continue
        address = call.argument(0, "url")
        params = call.argument(None, "params")
        headers = call.argument(None, "headers")
        in_address = address is not None and any(
            isinstance(node, nodes.Const) and isinstance(node.value, str) and _PARAMETER.search(node.value) is not None
            for node, _ in origins.trace(address.node, origins.scope_at(call), lambda *_: False)
        )
        in_params = params is not None and isinstance(params.node, nodes.Table) and "access_token" in params.text
        if in_address or in_params:
            yield RULE.finding(call.place, _ATTACK, "The token stands in the address.", fix=_FIX)
        elif headers is not None and _BEARER.search(headers.text):
            yield RULE.site(call.place, "sent in the header")


def _judge_logs(project: Project) -> Iterator[Finding | Site]:
    for log in log_calls(project):
        for argument in log.call.arguments:
            if any(_NAMES.search(word) for word in iter_identifiers(argument.node)):
                yield RULE.finding(log.call.place, _LOGGED, "The token is written to a log.", fix="Leave it out.")
                break


RULE = Rule(
    slug="bearer-outside-header",
    control="bearer-header-only",
    languages=("python",),
    unit=("place that reads or sends a token", "places that read or send tokens"),
    sound="in the header",
    examine=examine,
)
