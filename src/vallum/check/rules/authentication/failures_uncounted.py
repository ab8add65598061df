"""Accounts whose failures nobody counts, or that are locked for ever after some."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Comparison, Setting
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.endpoints import View, login_views, password_checks, text_around
from vallum.check.readings.handlers import walk_called
from vallum.check.readings.words import split_words
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_MOST: Final = 100
_COUNTS: Final = re.compile(
    r"fail(?:ed|ure)s?_|_fail(?:ed|ure)s?\b|\bfailures\b|failed_?(?:login|attempt)|attempts|lock_?out|locked|axes"
    r"|throttl|note_failure|record_failure|brute",
    re.IGNORECASE,
)
_LOCKS: Final = frozenset({"is_locked", "locked", "account_locked", "is_blocked", "login_disabled", "locked_out"})
_ENDS: Final = re.compile(
    r"until|expir|unlock|locked_at|cool|timedelta|lock_?(?:end|time|seconds|period)", re.IGNORECASE
)
_FAILS: Final = re.compile(r"fail|attempt|tries|wrong", re.IGNORECASE)
_WORDS: Final = frozenset({"failed", "failures", "failure", "attempts", "tries"})
_OF_LOGINS: Final = frozenset({"login", "logins", "failed", "failures", "password", "auth", "signin"})
_ATTACK: Final = "A patient program tries one account's passwords for weeks, and nothing stops it."
_FIX: Final = "Count failures per account and lock for a time: vallum.guard.authentication.lockout.Lockout."
_ENDLESS: Final = "Anybody locks a user out for good by typing wrong passwords."
_ENDLESS_FIX: Final = "Let the lock end by itself: 15 minutes, doubling up to a day."


def examine(project: Project) -> Iterator[Remark]:
    """Look at logins, locks, limits and the settings of django-axes."""
    remarks = [
        *(remark for view in login_views(project) for remark in _judge_login(view, project)),
        *(remark for setting in project.settings for remark in _judge_setting(setting, project)),
        *(remark for comparison in project.comparisons for remark in _judge_limit(comparison)),
        *_judge_locks(project),
    ]
    yield from remarks
    if not remarks and not login_views(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no handler signs anybody in")


def _judge_login(view: View, project: Project) -> Iterator[Remark]:
    """A login whose decision is in sight: one that another service makes is not judged."""
    functions = list(walk_called(view.function, project))
    if not any(password_checks(function) for function in functions):
        guarded = any("LoginFailedError" in function.text for function in functions)
        if guarded or any(setting.key == "AXES_FAILURE_LIMIT" for setting in project.settings):
            yield RULE.site(view.function.place)
        return
    if _COUNTS.search(text_around(view, project)) or project.uses("axes", "defender"):
        yield RULE.site(view.function.place)
    elif not find_guards(project):
        why = f"{view.function.name} verifies the password and counts no failure."
        yield RULE.finding(view.function.place, _ATTACK, why, fix=_FIX)


def _judge_setting(setting: Setting, project: Project) -> Iterator[Remark]:
    if not setting.key.startswith("AXES_") or is_test(setting.place.path) or names_development(setting.place.path):
        return
    if setting.key == "AXES_COOLOFF_TIME":
        if setting.constant is None:
            yield RULE.finding(setting.place, _ENDLESS, "AXES_COOLOFF_TIME is None.", fix=_ENDLESS_FIX)
        else:
            yield RULE.site(setting.place, "the lock ends")
    elif setting.key == "AXES_FAILURE_LIMIT" and isinstance(setting.constant, int):
        if setting.constant > _MOST:
            yield RULE.finding(setting.place, _ATTACK, f"{setting.constant} failures are allowed.", fix=_FIX)
        elif not any(other.key == "AXES_COOLOFF_TIME" for other in project.settings):
            why = "AXES_COOLOFF_TIME is not set, and its default is None."
            yield RULE.finding(setting.place, _ENDLESS, why, fix=_ENDLESS_FIX)


def _judge_limit(comparison: Comparison) -> Iterator[Remark]:
    for value, bound in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        words = set(split_words(value.words))
        if is_test(comparison.place.path) or not words & _WORDS or not words & _OF_LOGINS:
            continue
        if isinstance(bound.constant, int) and bound.constant > _MOST:
            why = f"{bound.constant} failures are allowed, more than {_MOST}."
            yield RULE.finding(comparison.place, _ATTACK, why, fix=_FIX)
        elif isinstance(bound.constant, int) and bound.constant > 1:
            yield RULE.site(comparison.place, f"{bound.constant} failures at most")


def _judge_locks(project: Project) -> Iterator[Remark]:
    wanted = [s for s in project.settings if s.key in _LOCKS and s.constant is True and s.form in {"attribute", "item"}]
    for setting in wanted:
        if is_test(setting.place.path):
            continue
        around = next(
            (
                function
                for function in project.functions
                if function.module is setting.module
                and function.node.line <= setting.node.line <= function.node.end_line
            ),
            None,
        )
        if around is not None and _FAILS.search(around.text) and not _ENDS.search(around.text):
            why = f"{setting.key} is set after failures, and nothing says when it ends."
            yield RULE.finding(setting.place, _ENDLESS, why, fix=_ENDLESS_FIX)


RULE = Rule(
    slug="failures-uncounted",
    control="account-lockout",
    languages=("python",),
    unit=("login or lock", "logins and locks"),
    sound="failures are counted",
    examine=examine,
)
