"""Settings that take a flag from the session cookie, give it a domain, or leave the framework's name and defaults."""

from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow.facts import Call, Setting
from vallum.check.flow.folding import UNKNOWN
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.responses.apps import App, django_settings, find_apps, find_middleware, talisman_calls
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_PREFIX: Final = "SESSION_COOKIE_"
_KEYS: Final = tuple(_PREFIX + part for part in ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "DOMAIN", "PATH"))
_DEFAULT_NAMES: Final = frozenset({"session", "sessionid", "connect.sid", "sid", "phpsessid", "jsessionid"})
_FORMS: Final = frozenset({"name", "item", "keyword", "key", "attribute"})
_LOADERS: Final = tuple(
    f"*.config.{method}"
    for method in (
        "from_object", "from_pyfile", "from_file", "from_json", "from_mapping", "from_prefixed_env", "from_envvar",
    )
)  # fmt: skip
_ATTACK: Final = "Whoever gets at the session's cookie is signed in as its owner."
_FIXES: Final = {
    "NAME": 'Name it "__Host-session".',
    "SECURE": "Set it to True.",
    "HTTPONLY": "Set it to True.",
    "SAMESITE": 'Set it to "Strict", or to "Lax" for a site that is entered by links.',
    "DOMAIN": "Leave it out: the cookie then belongs to this host alone.",
}


def examine(project: Project) -> Iterator[Remark]:
    """Look at the settings of Django and Flask, at Starlette's session middleware, and at what is left out."""
    remarks = [*_judge_settings(project), *_judge_middleware(project), *_judge_django(project), *_judge_flask(project)]
    yield from remarks
    if not remarks and not project.uses("flask.session", "django", "starlette.middleware.sessions"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no framework keeps sessions here")


def _judge_settings(project: Project) -> Iterator[Remark]:
    for setting in _session_settings(project):
        part = setting.key.removeprefix(_PREFIX)
        why = _weakness(part, setting.constant)
        if why:
            confidence = Confidence.MEDIUM if part == "NAME" else Confidence.HIGH
            yield RULE.finding(setting.place, _ATTACK, f"{setting.key} {why}", fix=_FIXES[part], confidence=confidence)
        elif setting.known:
            yield RULE.site(setting.place, f"{setting.key} is {setting.constant!r}")


def _session_settings(project: Project) -> list[Setting]:
    """The settings outside tests and outside configurations whose name says that they are a developer's."""
    return [
        setting
        for setting in project.settings
        if setting.key in _KEYS
        and setting.form in _FORMS
        and not is_test(setting.place.path)
        and not names_development(f"{setting.place.path} {setting.place.scope}")
    ]


def _weakness(part: str, value: Any) -> str:
    if value is UNKNOWN:
        return ""
    if part in {"SECURE", "HTTPONLY"} and not value:
        return f"is {value!r}: the flag is not sent."
    if part == "SAMESITE" and (not isinstance(value, str) or value.lower() not in {"strict", "lax"}):
        return f"is {value!r}: other sites can make requests with the cookie."
    if part == "DOMAIN" and value:
        return f"is {value!r}: every subdomain gets the cookie."
    if part == "NAME" and isinstance(value, str) and value.lower() in _DEFAULT_NAMES:
        return f"is {value!r}, which a subdomain can overwrite; a name with __Host- cannot be."
    return ""


def _judge_middleware(project: Project) -> Iterator[Remark]:
    for call in project.calls("*.add_middleware", "*.Middleware", "starlette.middleware.sessions.SessionMiddleware"):
        first = call.argument(0, "middleware_class", "cls", "app")
        added = first is not None and first.name == "starlette.middleware.sessions.SessionMiddleware"
        direct = call.name == "starlette.middleware.sessions.SessionMiddleware"
        if (not added and not direct) or call.expands or is_test(call.place.path):
            continue
        lacks = _middleware_lacks(call)
        if lacks:
            fix = 'Pass session_cookie="__Host-session", https_only=True and same_site="strict".'
            only_name = len(lacks) == 1 and lacks[0].startswith("the cookie")
            confidence = Confidence.MEDIUM if only_name else Confidence.HIGH
            yield RULE.finding(call.place, _ATTACK, f"{'; '.join(lacks)}.", fix=fix, confidence=confidence)
        elif all(argument.known for argument in call.arguments if argument.keyword in {"https_only", "same_site"}):
            yield RULE.site(call.place, "https_only and same_site are set")


def _middleware_lacks(call: Call) -> list[str]:
    lacks = []
    if call.constant_of(None, "https_only", default=False) is False:
        lacks.append("https_only is not True, so the cookie travels in clear")
    if call.constant_of(None, "same_site", default="lax") in {"none", "None", None}:
        lacks.append("same_site is none, so other sites can use the cookie")
    if call.constant_of(None, "domain", default=None) not in {None, UNKNOWN}:
        lacks.append("a domain gives the cookie to every subdomain")
    if call.constant_of(None, "session_cookie", default="session") in _DEFAULT_NAMES:
        lacks.append("the cookie has the default name without __Host-")
    return lacks


def _judge_django(project: Project) -> Iterator[Remark]:
    """A whole settings file with sessions and without SESSION_COOKIE_SECURE, whose default is False."""
    settings = django_settings(project)
    if not {"ROOT_URLCONF", "INSTALLED_APPS"} & settings.keys():
        return
    for middleware in find_middleware(project):
        place = middleware.find("SessionMiddleware")
        if place is not None and "SESSION_COOKIE_SECURE" not in settings:
            why = "SESSION_COOKIE_SECURE is not set, and its default is False."
            yield RULE.finding(
                place, _ATTACK, why, fix="Set SESSION_COOKIE_SECURE = True.", confidence=Confidence.MEDIUM
            )


def _judge_flask(project: Project) -> Iterator[Remark]:
    """An application that keeps sessions, and whose whole configuration is in sight and says nothing of the flags."""
    keys = {setting.key for setting in project.settings if setting.key in _KEYS}
    lacks = [key for key in ("SESSION_COOKIE_SECURE", "SESSION_COOKIE_SAMESITE") if key not in keys]
    if not lacks or not project.uses("flask.session", "flask_login") or talisman_calls(project):
        return
    for app in find_apps(project):
        if app.framework == "flask" and not _is_configured_elsewhere(app, project):
            why = f"{' and '.join(lacks)} {'are' if len(lacks) > 1 else 'is'} not set: Flask leaves the flags out."
            fix = 'Set SESSION_COOKIE_SECURE=True and SESSION_COOKIE_SAMESITE="Strict".'
            yield RULE.finding(app.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


def _is_configured_elsewhere(app: App, project: Project) -> bool:
    updates = [call for call in project.calls("*.config.update") if call.expands or call.argument(0) is not None]
    known = project.facts.index.by_name
    loads = [
        call for call in project.calls(*_LOADERS) if not call.arguments or call.arguments[0].name not in known
    ]  # a class of the project that is loaded has its settings among the project's
    return any(call.place.path == app.place.path or not is_test(call.place.path) for call in (*updates, *loads))


RULE = Rule(
    slug="weak-session-settings",
    control="session-cookie-flags",
    languages=("python",),
    unit=("session setting", "session settings"),
    sound="set",
    examine=examine,
)
