"""Sessions that somebody who keeps them busy can keep for ever."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Function, Setting
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.lifetimes import find_lifetimes
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_MOST: Final = 86_400
_KEYS: Final = frozenset({"REMEMBER_COOKIE_DURATION", "PERMANENT_SESSION_LIFETIME", "SESSION_COOKIE_AGE"})
_BIRTHS: Final = frozenset({
    "created_at", "created", "authenticated_at", "login_at", "logged_in_at", "started_at", "auth_time", "issued_at",
    "began",
})  # fmt: skip
_NOW: Final = re.compile(r"\bnow\b|\btime\(\)|utcnow|time\.time|today")
_ROTATES: Final = re.compile(r"rotat|renew|refresh|regenerat|cycle|reissue|extend")
_NEW_LOGIN: Final = re.compile(r"log_?in|sign_?in|authenticat|token|secret|key", re.IGNORECASE)
_LIMITS: Final = re.compile(
    r"(?:created_at|created|authenticated_at|login_at|logged_in_at|started_at|auth_time|began|age)\b[^\n]*(?:>|<)",
)
_ATTACK: Final = "Who stole a cookie sends a request every ten minutes and keeps the account for as long as he likes."
_FIX: Final = "End every session 24 hours after its login; carry the time of the login over when the id is renewed."


def examine(project: Project) -> Iterator[Remark]:
    """Look at lifetimes, at what rotation writes, and at where the age of a session is compared."""
    remarks = [
        *_judge_settings(project),
        *_judge_rotations(project),
        *_find_limits(project),
        *(RULE.site(call.place, "the guard ends sessions after a day") for call in find_guards(project)),
    ]
    yield from remarks
    if not remarks and not project.uses("flask.session", "django.contrib.auth", "flask_login"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no session is kept here")


def _judge_settings(project: Project) -> Iterator[Remark]:
    for setting, seconds in find_lifetimes(project, _KEYS):
        if seconds > _MOST:
            why = f"{setting.key} is {seconds} seconds, more than a day."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
        elif setting.key == "REMEMBER_COOKIE_DURATION":
            yield RULE.site(setting.place, f"{seconds} seconds")


def _judge_rotations(project: Project) -> Iterator[Remark]:
    """A new id for the same login that stamps a new birth."""
    for function in project.functions:
        if not _ROTATES.search(function.name) or is_test(function.place.path) or _NEW_LOGIN.search(function.name):
            continue
        if "session" not in function.text.lower():
            continue
        stamped = [setting for setting in project.settings if _stamps(setting, function)]
        for setting in stamped:
            why = f"{function.name} sets {setting.key} anew, so the limit begins again."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
        if not stamped:
            yield RULE.site(function.place, "the time of the login is kept")


def _stamps(setting: Setting, function: Function) -> bool:
    if setting.key not in _BIRTHS or setting.module is not function.module:
        return False
    inside = function.node.line <= setting.node.line <= function.node.end_line
    return inside and setting.form != "default" and _NOW.search(setting.text) is not None


def _find_limits(project: Project) -> Iterator[Remark]:
    for function in project.functions:
        if (
            "session" in function.module.source.text
            and not is_test(function.place.path)
            and _LIMITS.search(function.text)
            and "session" in f"{function.name} {function.text}".lower()
        ):
            yield RULE.site(function.place, "the age is compared")


RULE = Rule(
    slug="endless-session",
    control="session-absolute-timeout",
    languages=("python",),
    unit=("session lifetime", "session lifetimes"),
    sound="a limit that nothing moves",
    examine=examine,
)
