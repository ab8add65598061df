"""Sessions that outlive half an hour without a request, or that no request renews."""

from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Value, last_word
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.lifetimes import find_lifetimes, seconds_of
from vallum.check.responses.apps import django_settings, find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_MOST: Final = 1800
_KEYS: Final = frozenset({"PERMANENT_SESSION_LIFETIME", "SESSION_COOKIE_AGE"})
_RENEWS: Final = ("*.getex", "*.expire", "*.pexpire", "*.expireat", "*.touch")
_ATTACK: Final = "A browser that was left open, or a cookie that was copied yesterday, still opens the account."
_FIX: Final = "End a session 1800 seconds after its last request, by the server's clock."


def examine(project: Project) -> Iterator[Remark]:
    """Look at lifetimes in settings, middleware and stores."""
    remarks = [
        *_judge_settings(project),
        *_judge_django(project),
        *_judge_middleware(project),
        *_judge_stores(project),
        *(RULE.site(call.place, "the guard ends idle sessions") for call in find_guards(project)),
    ]
    yield from remarks
    if not remarks and not project.uses("flask.session", "django.contrib.auth", "starlette.middleware.sessions"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no session is kept here")


def _judge_settings(project: Project) -> Iterator[Remark]:
    for setting, seconds in find_lifetimes(project, _KEYS):
        if seconds > _MOST:
            why = f"{setting.key} is {seconds} seconds, more than {_MOST}."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
        else:
            yield RULE.site(setting.place, f"{seconds} seconds")


def _judge_django(project: Project) -> Iterator[Remark]:
    """A whole settings file: two weeks is the default of Django."""
    settings = django_settings(project)
    apps = settings.get("INSTALLED_APPS", [])
    if "ROOT_URLCONF" not in settings or "SESSION_COOKIE_AGE" in settings:
        return
    for setting in apps:
        if isinstance(setting.constant, list | tuple) and "django.contrib.sessions" in setting.constant:
            why = "SESSION_COOKIE_AGE is not set, and its default is two weeks."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _judge_middleware(project: Project) -> Iterator[Remark]:
    """Starlette's cookie lives for two weeks unless told otherwise."""
    for call in project.calls("*.add_middleware", "*.Middleware", "starlette.middleware.sessions.SessionMiddleware"):
        first = call.argument(0, "middleware_class", "cls")
        name = "starlette.middleware.sessions.SessionMiddleware"
        if (call.name != name and (first is None or first.name != name)) or call.expands or is_test(call.place.path):
            continue
        given = call.argument(None, "max_age")
        seconds = seconds_of(given, project) if given is not None else None
        if given is None or given.constant is None:
            why = "max_age is not given, and its default is two weeks."
            yield RULE.finding(call.place, _ATTACK, why, fix="Pass max_age=1800.", confidence=Confidence.MEDIUM)
        elif seconds is not None and seconds > _MOST:
            yield RULE.finding(call.place, _ATTACK, f"max_age is {seconds} seconds.", fix="Pass max_age=1800.")
        elif seconds is not None:
            yield RULE.site(call.place, f"{seconds} seconds")


def _judge_stores(project: Project) -> Iterator[Remark]:
    """Records with a time to live: a read has to renew it."""
    renews = [call for call in project.calls(*_RENEWS) if not is_test(call.place.path)]
    for call in project.calls("*.setex", "*.set", "*.getex"):
        time = _time_of(call)
        if time is None or not _is_session(call) or is_test(call.place.path):
            continue
        seconds = seconds_of(time, project)
        if seconds is not None and seconds > _MOST:
            yield RULE.finding(call.place, _ATTACK, f"The record lives for {seconds} seconds.", fix=_FIX)
        elif call.method != "getex" and not any(other.module is call.module for other in renews):
            if call.method == "setex" and seconds is not None and _is_read(call):
                why = "No read renews the record, so its end has nothing to do with use."
                yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
        elif seconds is not None:
            yield RULE.site(call.place, f"{seconds} seconds, renewed by reads")


def _time_of(call: Call) -> Value | None:
    return call.argument(1, "time") if call.method == "setex" else call.argument(None, "ex", "px")


def _is_read(call: Call) -> bool:
    return ".get(" in call.module.source.text


def _is_session(call: Call) -> bool:
    key = call.argument(0, "name", "key")
    if key is None:
        return False
    texts = [
        node.value for node in iter_nodes(key.node) if isinstance(node, nodes.Const) and isinstance(node.value, str)
    ]
    named = any(text.lower().startswith(("session:", "sess:", "session_", "sid:")) for text in texts)
    scope = call.function.name if call.function else ""
    return named or ("session" in last_word(key.node).lower()) or ("session" in key.text and "session" in scope)


RULE = Rule(
    slug="long-idle-session",
    control="session-idle-timeout",
    languages=("python",),
    unit=("session lifetime", "session lifetimes"),
    sound="30 minutes at most",
    examine=examine,
)
