"""Logins whose status tells the cause, and errors that are answered with success."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Function
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.answers import Answer, iter_entries, list_answers
from vallum.check.readings.handlers import login_handlers
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "Whoever tries a list of names reads from the status which of them have an account."
_FIX: Final = 'Answer every failed login with 401 and {"error": "Invalid credentials"}.'
_SUCCESS: Final = "Monitors, caches, limiters and clients take the failure for a success."
_CAUSES: Final = frozenset({404, 410, 423})
_SUBJECT: Final = re.compile(
    r"user|account|password|e-?mail|locked|disabled|inactive|suspend|not found|exist", re.IGNORECASE
)
_BOTH: Final = re.compile(
    r"credential|(?:user\s?name|e-?mail|login|name)\W+(?:or|and)\W+password|password\W+(?:or|and)", re.IGNORECASE
)
_ERROR_KEYS: Final = frozenset({"error", "errors", "err", "exception"})
_NO_ERROR: Final = (None, False, "", 0)
_FLAGS: Final = frozenset({"ok", "success", "succeeded"})
_STATUSES: Final = frozenset({"error", "fail", "failed", "failure"})
_SETS_STATUS: Final = re.compile(r"\.status(?:_code)?\s*=(?!=)|\bset_status\(")
_GRAPHQL: Final = re.compile(r"graphql|jsonrpc|json_rpc|slack|alexa", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every answer of a login, and at every answer of a handler that speaks of an error."""
    logins = login_handlers(project)
    for function in logins:
        yield from _judge_login(function, list_answers(function, project))
    handlers = {route.handler.qualified: route.handler for route in project.routes if not is_test(route.place.path)}
    for function in (*handlers.values(), *_responders(project, set(handlers))):
        yield from _judge_errors(function, project)
    if not handlers:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "there are no handlers")


def _responders(project: Project, known: set[str]) -> list[Function]:
    """Functions that take a request and answer with JSON, though no route in sight leads to them."""
    makers = {call.function.qualified: call.function for call in project.calls("*.JsonResponse") if call.function}
    return [
        function
        for name, function in makers.items()
        if name not in known
        and not is_test(function.place.path)
        and function.parameters[:1]
        and function.parameters[0].name == "request"
    ]


def _judge_login(function: Function, answers: list[Answer]) -> Iterator[Remark]:
    told = [answer for answer in answers if answer.status in _CAUSES]
    refused = [answer for answer in answers if answer.status in {400, 401, 403} and answer.text]
    texts = {answer.text for answer in refused}
    if len(texts) > 1 or (told and len(texts) > 0):
        told += [answer for answer in refused if _SUBJECT.search(answer.text) and not _BOTH.search(answer.text)]
    for answer in dict.fromkeys(told):
        why = f"A failed login is answered with {answer.status}" + (f": {answer.text[:60]}." if answer.text else ".")
        yield RULE.finding(answer.place, _ATTACK, why, fix=_FIX)
    if not told:
        yield RULE.site(function.place, "no answer tells the cause")


def _judge_errors(function: Function, project: Project) -> Iterator[Remark]:
    if _GRAPHQL.search(f"{function.module.path} {function.qualified}") or _SETS_STATUS.search(function.text):
        return
    for answer in list_answers(function, project):
        if not _speaks_error(answer):
            continue
        if answer.status is None or 200 <= answer.status < 300:
            why = f"An error is answered with {answer.status or 200}."
            sure = Confidence.HIGH if answer.status is None or answer.status == 200 else Confidence.MEDIUM
            fix = "Give the status of the failure: 400, 401, 403, 404, 409, 429 or 500."
            yield RULE.finding(answer.place, _SUCCESS, why, fix=fix, confidence=sure)
        else:
            yield RULE.site(answer.place, "an error with a status of its own")


def _speaks_error(answer: Answer) -> bool:
    entries = dict(iter_entries(answer.body))
    for key, value in entries.items():
        constant = value.value if isinstance(value, nodes.Const) else ...
        if key in _FLAGS and constant is False:
            return True
        if key == "status" and constant in _STATUSES:
            return True
        if key in _ERROR_KEYS and constant not in _NO_ERROR and _is_told(value) and not _brings_data(entries):
            return True
    return False


def _is_told(value: nodes.Expression) -> bool:
    """A text, or an exception turned into one; a variable may as well hold nothing."""
    match value:
        case nodes.Const(value=str()) | nodes.Text() | nodes.Table():
            return True
        case nodes.Call(function=nodes.Name(id="str" | "repr")):
            return True
    return False


def _brings_data(entries: dict[str, nodes.Expression]) -> bool:
    return bool({"data", "result", "results", "items"} & set(entries))


RULE = Rule(
    slug="misleading-status",
    control="status-code-hygiene",
    languages=("python",),
    unit=("login or error answer", "logins and error answers"),
    sound="with a status of its own",
    examine=examine,
)
