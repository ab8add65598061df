"""Logins, role and password changes that write no event, denials below warning, and channels that are switched off."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, Setting
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.handlers import login_handlers, walk_called
from vallum.check.readings.logs import LogCall, is_log, log_calls
from vallum.check.readings.words import split_words
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = (
    "Guessing passwords and taking roles leaves no trace, so nobody notices and nothing can be reconstructed."
)
_FIX: Final = "Write an event for success and for failure: who, what, outcome, request id (note_event of the guard)."
_EVENTS: Final = frozenset({
    "emit", "event", "events", "audit", "audited", "log", "logged", "record", "note", "track", "signal", "send_robust",
    "trail", "history", "journal",
})  # fmt: skip
_CHANGES: Final = frozenset({
    "change", "set", "update", "grant", "revoke", "assign", "promote", "demote", "add", "remove", "reset", "enable",
    "disable", "edit", "save",
})  # fmt: skip
_RIGHTS: Final = frozenset({"role", "roles", "permission", "permissions", "admin", "privilege", "privileges"})
_DENIAL: Final = re.compile(
    r"\b(?:access|permission|authori[sz]ation|login|log-?in|authentication|csrf|signature)\b.{0,30}?\b(?:denied|fail\w*|refused|rejected|invalid)"
    r"|\b(?:denied|forbidden|unauthori[sz]ed)\b|\b(?:failed|invalid)\b.{0,20}\b(?:login|password|credentials|token|signature)\b"
    r"|(?:login|authorization|access|auth|csrf)_(?:failed|failure|denied|refused)",
    re.IGNORECASE,
)
_CHANNEL: Final = re.compile(r"(?:^|\.)(?:security|audit|auth)(?:$|\.)", re.IGNORECASE)
_HIGH: Final = frozenset({"ERROR", "CRITICAL", "FATAL"})
_SIGNALS: Final = (
    "django.contrib.auth.signals.user_login_failed",
    "flask_login.user_login_confirmed",
    "user_login_failed",
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at handlers that sign in or change rights, at the level of denials, and at security channels."""
    remarks = [
        *_handlers(project),
        *(remark for found in log_calls(project) for remark in _judge_level(found)),
        *(remark for setting in project.settings for remark in _judge_channel(setting)),
        *_thresholds(project),
    ]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here signs in, denies, or changes rights")


def _handlers(project: Project) -> Iterator[Remark]:
    guarded, signals = bool(find_guards(project)), project.uses(*_SIGNALS)
    logins = login_handlers(project)
    for function in logins:
        if guarded or signals:
            yield RULE.site(
                function.place, "the guard writes it" if guarded else "a receiver of the framework's signal writes it"
            )
        else:
            yield from _judge(function, project, "Nobody writes down who signed in, and who failed to.")
    known = {function.qualified for function in logins}
    for function in {
        route.handler.qualified: route.handler for route in project.routes if route.changes_state
    }.values():
        if function.qualified not in known and _changes_rights(function) and not is_test(function.place.path):
            yield from _judge(function, project, "Nobody writes down who changed whose rights.")


def _changes_rights(function: Function) -> bool:
    words = set(split_words(function.name))
    return bool(words & _CHANGES) and bool(words & _RIGHTS)


def _judge(function: Function, project: Project, why: str) -> Iterator[Remark]:
    for called in walk_called(function, project):
        start = _first_branch(function, project) if called is function else 0
        for call in called.calls:
            if call.node.line > start and _is_event(call):
                yield RULE.site(function.place, f"writes an event by {call.words or call.method}()")
                return
        if any(set(split_words(decorator.words)) & _EVENTS for decorator in called.decorators):
            yield RULE.site(function.place, "a decorator writes an event")
            return
    yield RULE.finding(function.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _first_branch(function: Function, project: Project) -> int:
    """The line of the first branch: what is logged before it knows no outcome."""
    body = project.facts.iter_body(function.module, function.module.by_node[function.node])
    return next((node.line for node in body if isinstance(node, nodes.If)), 0)


def _is_event(call: Call) -> bool:
    word = call.words if call.method == "?" else call.method
    if word == "debug":
        return False
    if is_log(call):
        return True
    receiver = call.receiver.words if call.receiver is not None else ""
    return bool(_EVENTS & {*split_words(word), *split_words(receiver)}) and word not in {"login", "log_in"}


def _judge_level(found: LogCall) -> Iterator[Remark]:
    if not found.text or not _DENIAL.search(found.text):
        return
    if found.level in {"debug", "info"}:
        why = f"A denial is logged at {found.level}, which production does not keep."
        yield RULE.finding(found.call.place, _ATTACK, why, fix="Log it at warning or above.")
    elif found.level:
        yield RULE.site(found.call.place, f"a denial at {found.level}")


def _judge_channel(setting: Setting) -> Iterator[Remark]:
    if setting.form != "key" or not _CHANNEL.search(setting.key) or not isinstance(setting.constant, dict):
        return
    level = setting.constant.get("level")
    if is_test(setting.place.path) or names_development(setting.place.path) or not isinstance(level, str):
        return
    if "handlers" not in setting.constant and "propagate" not in setting.constant:
        return
    if level.upper() in _HIGH:
        why = f"The channel {setting.key} drops all below {level}, and denials are warnings."
        yield RULE.finding(setting.place, _ATTACK, why, fix="Give it INFO and a handler of its own.")
    else:
        yield RULE.site(setting.place, f"the channel keeps {level}")


def _thresholds(project: Project) -> Iterator[Remark]:
    for call in project.calls("logging.getLogger().setLevel", "*.setLevel"):
        name = call.receiver.text if call.receiver is not None else ""
        level = call.argument(0, "level")
        if level is None or is_test(call.place.path) or not re.search(r"security|audit", name, re.IGNORECASE):
            continue
        if level.words.upper() in _HIGH or level.constant in _HIGH:
            why = "The security channel drops all below that level, and denials are warnings."
            yield RULE.finding(call.place, _ATTACK, why, fix="Give it INFO.")
        else:
            yield RULE.site(call.place, "the security channel has a level of its own")


RULE = Rule(
    slug="security-event-unlogged",
    control="security-events-logged",
    languages=("python",),
    unit=("handler, denial or channel", "handlers, denials and channels"),
    sound="writes an event",
    examine=examine,
)
