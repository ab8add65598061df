"""Logins that say which half was wrong: the name, the password, or the state of the account."""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeGuard

from vallum.check.flow import nodes
from vallum.check.flow.facts import Function, last_word
from vallum.check.flow.folding import fold
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes, iter_scope
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_SUBJECT: Final = r"(?:user(?:\s?name)?|account|e-?mail(?: address)?|login|member|customer)"
_TELLS: Final = re.compile(
    rf"""
    \b{_SUBJECT}s?\b[^.]{{0,40}}?\b(?:not\ found|(?:do|did|does)(?:\ not|n't)\ exist|unknown|not\ registered|not\ known
      |(?:is\ |was\ |has\ been\ |currently\ )*(?:locked|disabled|inactive|suspended|banned|blocked|deactivated|deleted)
      |(?:is\ |was\ |has\ been\ )*not\ (?:yet\ )?(?:verified|active|activated|confirmed|enabled|recogni[sz]ed))
    |\b(?:no(?:\ such)?|unknown|could(?:\ not|n't)\ find(?:\ an?|\ the|\ your)?)\ (?:\w+\ )?{_SUBJECT}\b
    |\b(?:verify|confirm|activate)\ your\ (?:e-?mail|account)
    |\b(?:wrong|incorrect|invalid|bad)\ password\b
    |\bpassword\b[^.]{{0,20}}?\b(?:is|was|does|did)?(?:\ not|n't)?\ ?
      (?:wrong|incorrect|invalid|mismatch|match(?:es)?|correct)\b
    |\b(?:inactive|locked|disabled|suspended|unverified|banned)\ {_SUBJECT}\b
    |\b(?:wrong|incorrect|invalid|bad)\ (?:user\ ?name|e-?mail)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BOTH: Final = re.compile(
    r"(?:\b(?:or|and)\b|/).*\bpassword|password\b.*(?:\b(?:or|and)\b|/)|combination", re.IGNORECASE
)
_LOGIN: Final = re.compile(
    r"(?:^|_)(?:log_?in|sign_?in|authenticate|obtain_token|login_for_access_token|issue_token)(?:_|$)"
)
_NOT_LOGIN: Final = frozenset(
    {"required", "form", "url", "page", "is", "was", "logged", "out", "mail", "link", "log", "test"}
)
_PATH: Final = re.compile(r"(?:^|/)(?:log-?in|sign-?in|token|sessions?|authenticate)/?$")
_ANSWERS: Final = frozenset({
    "HTTPException", "abort", "JSONResponse", "jsonify", "HTMLResponse", "PlainTextResponse", "Response",
    "HttpResponse", "HttpResponseNotFound", "HttpResponseForbidden", "JsonResponse", "render", "render_template",
    "TemplateResponse", "flash", "add_error", "ValidationError", "AuthenticationFailed", "APIException", "NotFound",
    "Unauthorized", "Forbidden", "make_response", "redirect", "RedirectResponse", "error", "messages", "append",
})  # fmt: skip
_LOGS: Final = re.compile(
    r"(?:^|[._])(?:log|logger|logging|audit|events?|structlog)(?:[._]|$)|security_event|record_", re.IGNORECASE
)
_MISSING: Final = frozenset({"get_object_or_404", "first_or_404", "get_or_404", "one_or_404", "aget_object_or_404"})
_MESSAGES: Final = frozenset({"error", "errors", "message", "msg", "err", "detail", "reason", "flash"})
_CAUSES: Final = frozenset({404, 410, 423})
_ATTACK: Final = "Whoever tries a list of addresses learns which of them have an account, and guesses there only."
_FIX: Final = 'Answer every failed login with 401 and "Invalid credentials": raise LoginFailedError of the guard.'


def examine(project: Project) -> Iterator[Remark]:
    """Look at every handler of a login."""
    handlers = _handlers(project)
    for function in handlers:
        remarks = list(_judge(function, project))
        yield from remarks
        if not remarks:
            yield RULE.site(function.place, _note(function))
    for found in project.classes:
        if "django.contrib.auth.views.LoginView" in found.bases and not is_test(found.place.path):
            yield RULE.site(found.place, "Django's login view")
    if not handlers:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no handler signs anybody in")


def _handlers(project: Project) -> list[Function]:
    """What routes name a login, and functions named so that answer requests themselves."""
    found = {
        route.handler.qualified: route.handler
        for route in project.routes
        if (route.changes_state or "*" in route.methods)
        and (_PATH.search(route.path.lower()) or _is_login(route.handler.name))
    }
    for function in project.functions:
        if _is_login(function.name):
            scope = origins_of(project).scope_of(function)
            if any(_answers(value.node, scope, project) for value in (*function.returns, *function.raises)):
                found.setdefault(function.qualified, function)
    return [function for function in found.values() if not is_test(function.place.path)]


def _is_login(name: str) -> bool:
    joined = "_".join(split_words(name))
    return _LOGIN.search(joined) is not None and _NOT_LOGIN.isdisjoint(joined.split("_"))


def _note(function: Function) -> str:
    raised = any(name.endswith("LoginFailedError()") for name in (value.name for value in function.raises))
    return "the guard's one answer" if raised or "note_failure" in function.text else ""


def _judge(function: Function, project: Project) -> Iterator[Remark]:
    scope = origins_of(project).scope_of(function)
    for statement in iter_scope(function.node.body):
        why = ""
        if isinstance(statement, nodes.Return) and statement.value is not None:
            why = _why(statement.value, scope, project, plain=True)
        elif isinstance(statement, nodes.Raise | nodes.Evaluate) and statement.value is not None:
            why = _why(statement.value, scope, project, plain=False)
        elif isinstance(statement, nodes.Assign) and statement.value is not None and _is_message(statement):
            why = _tells(statement.value, scope, project)
        if why or (isinstance(statement, nodes.Call) and last_word(statement.function) in _MISSING):
            why = why or "A missing account is answered by 404."
            yield RULE.finding(function.module.place(statement), _ATTACK, why, fix=_FIX)


def _is_message(statement: nodes.Assign) -> bool:
    """`error = "User not found"`, which the page shows later."""
    names = (last_word(target) for target in statement.targets)
    return any(not _MESSAGES.isdisjoint(split_words(name)) for name in names)


def _why(value: nodes.Expression, scope: Scope, project: Project, *, plain: bool) -> str:
    """What a statement gives away, if it answers: a log line does not, a returned tuple or dictionary does."""
    answers = _answers(value, scope, project) or (plain and not isinstance(value, nodes.Call | nodes.Await))
    return _tells(value, scope, project) if answers else ""


def _tells(value: nodes.Expression, scope: Scope, project: Project) -> str:
    constants = [_constant(node, scope, project) for node in iter_nodes(value) if _is_leaf(node)]
    for text in (text for constant in constants for text in _texts(constant)):
        return f'The answer says "{text}".'
    for status in constants:
        if isinstance(status, int) and status in _CAUSES:
            return f"The answer is {status}, another status than for a wrong password."
    return ""


def _is_leaf(node: nodes.Node) -> TypeGuard[nodes.Expression]:
    return isinstance(node, nodes.Const | nodes.Name | nodes.Attribute | nodes.Text)


def _constant(node: nodes.Expression, scope: Scope, project: Project) -> Any:
    if isinstance(node, nodes.Text):
        return "".join(str(part.value) if isinstance(part, nodes.Const) else "name" for part in node.parts)
    return fold(node, scope, project.facts.names)


def _texts(constant: Any) -> Iterator[str]:
    if isinstance(constant, dict):
        for value in constant.values():
            yield from _texts(value)
    elif isinstance(constant, list | tuple):
        for value in constant:
            yield from _texts(value)
    elif isinstance(constant, str) and _TELLS.search(constant) and not _BOTH.search(constant):
        yield constant


def _answers(value: nodes.Node, scope: Scope, project: Project) -> bool:
    """Whether an expression makes a response: log lines and events do not."""
    call = next((node for node in iter_nodes(value) if isinstance(node, nodes.Call)), None)
    if call is None:
        return False
    name = _dotted(call.function)
    known = project.facts.index.by_name.get(project.facts.names.name_of(call.function, scope))
    bases = project.facts.bases(known) if known is not None else ()
    words = [name, *bases]
    return any(word.rpartition(".")[2] in _ANSWERS for word in words) and not _LOGS.search(name)


def _dotted(node: nodes.Expression) -> str:
    if isinstance(node, nodes.Attribute):
        return f"{_dotted(node.base)}.{node.name}"
    return node.id if isinstance(node, nodes.Name) else ""


RULE = Rule(
    slug="login-error-tells-cause",
    control="login-generic-errors",
    languages=("python",),
    unit=("login", "logins"),
    sound="one answer for all failures",
    examine=examine,
)
