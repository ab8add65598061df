"""Logins and second factors that raise a session whose id somebody may have planted."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, Setting, last_word
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.endpoints import login_views, password_checks
from vallum.check.readings.handlers import walk_called
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Finding, Remark, Silence, Site

_IDENTITY: Final = re.compile(
    r"^_?(?:auth_)?(?:user|account|member|customer|uid|userid|username|user_?name|logged_?in|is_?authenticated|email"
    r"|user_?id|account_?id|member_?id|SESSION_KEY|_auth_user_id|mfa_?verified(?:_at)?|mfa_?(?:done|passed|ok)"
    r"|otp_?verified|is_?admin|role|second_?factor)$",
    re.IGNORECASE,
)
_SESSION: Final = re.compile(r"(?:^|[._])(?:session|http_session)(?:\(\))?\[|\.session\b")
_ROTATES: Final = re.compile(
    r"(?:cycle_key|flush|regenerate(?:_id)?|rotate(?:_session|_id|_key)?|renew_session|invalidate|new_session|clear"
    r"|create_session|reset_session)\("
)
_FRAMEWORK: Final = (
    "django.contrib.auth.login", "django.contrib.auth.alogin", "vallum.guard.sign_in", "vallum.guard.renew_session",
    "flask_security.utils.login_user",
)  # fmt: skip
_OLD_ID: Final = re.compile(r"request\.(?:state\.)?(?:session_id|cookies)")
_STORES: Final = re.compile(r"insert\s+or\s+replace\s+into\s+sessions|update\s+sessions\s+set\s+user", re.IGNORECASE)
_ATTACK: Final = "Whoever planted the id in the victim's browser beforehand is signed in together with him."
_FIX: Final = "Give a new id before the user is written: session.clear(), request.session.cycle_key(), sign_in()."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every place that writes a user, a right or a factor into the session."""
    seen: set[object] = set()
    judged: set[str] = set()
    for setting in project.settings:
        if not _raises(setting) or is_test(setting.place.path):
            continue
        function = _around(setting, project)
        if function is None or function.qualified in judged:
            continue
        judged.add(function.qualified)
        seen.add(setting.place)
        if _rotated_before(function, setting.node.line, project):
            yield RULE.site(setting.place)
        else:
            why = f"`{setting.place.text.strip()[:60]}` goes into the session that the visitor brought."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
    for remark in _judge_constants(judged, project):
        seen.add(remark.where)
        yield remark
    for call in project.calls(*_FRAMEWORK):
        if not is_test(call.place.path):
            seen.add(call.place)
            yield RULE.site(call.place, f"{call.method} gives a new id")
    for remark in _judge_adopted(project):
        seen.add(remark.where)
        yield remark
    if not seen and not any(password_checks(view.function) for view in login_views(project)):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no session is raised here")


def _raises(setting: Setting) -> bool:
    if setting.form != "item" or setting.constant in (None, False):
        return False
    key = setting.key if setting.key.isidentifier() else setting.key.rpartition(".")[2]
    return _SESSION.search(setting.target) is not None and _IDENTITY.match(key) is not None


def _judge_constants(judged: set[str], project: Project) -> Iterator[Finding | Site]:
    """`request.session[SESSION_KEY] = ...`: the key is a constant of a library."""
    for function in project.functions:
        if "session[" not in function.text or function.qualified in judged or is_test(function.place.path):
            continue
        for node in origins_of(project).scope_of(function).nodes:
            target = node.targets[0] if isinstance(node, nodes.Assign) else None
            if not isinstance(target, nodes.Subscript) or last_word(target.base) != "session":
                continue
            if isinstance(target.index, nodes.Name | nodes.Attribute) and _IDENTITY.match(last_word(target.index)):
                place = function.module.place(node)
                if _rotated_before(function, node.line, project):
                    yield RULE.site(place)
                else:
                    why = f"{last_word(target.index)} goes into the session that the visitor brought."
                    yield RULE.finding(place, _ATTACK, why, fix=_FIX)


def _around(setting: Setting, project: Project) -> Function | None:
    for function in project.functions:
        if function.module is setting.module and function.node.line <= setting.node.line <= function.node.end_line:
            return function
    return None


def _rotated_before(function: Function, line: int, project: Project) -> bool:
    """Whether the id is renewed ahead of the line, here or in a function called there; or by whoever calls this."""
    lines = function.text.splitlines()[: line - function.node.line + 1]
    if _ROTATES.search("\n".join(lines)):
        return True
    return any(
        _ROTATES.search(inner.text)
        for call in function.calls
        if call.place.line <= line
        for inner in _called(call, project)
    )


def _called(call: Call, project: Project) -> Iterator[Function]:
    found = origins_of(project).function_named(call.name)
    if found is not None:
        yield from walk_called(found, project)


def _judge_adopted(project: Project) -> Iterator[Finding | Site]:
    """A table of sessions: the row of the login is written under the id that came with the request."""
    for function in project.functions:
        if is_test(function.place.path) or not _OLD_ID.search(function.text) or not _STORES.search(function.text):
            continue
        call = next((call for call in function.calls if _STORES.search(call.text)), None)
        if call is not None and not re.search(r"token_|new_session|urandom|new_id", function.text):
            why = "The row of the login gets the id that the request brought."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)


RULE = Rule(
    slug="session-kept-across-login",
    control="session-rotation",
    languages=("python",),
    unit=("session that is raised", "sessions that are raised"),
    sound="under a new id",
    examine=examine,
)
