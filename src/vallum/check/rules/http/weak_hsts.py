"""Strict-Transport-Security that is missing, too short, or without the subdomains."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call, Setting
from vallum.check.project import Project
from vallum.check.responses.apps import django_settings, find_apps, find_middleware, talisman_calls
from vallum.check.responses.headers import HeaderSetting, select_headers
from vallum.check.responses.senders import find_sender, serves_anything
from vallum.check.responses.text import CONSTANT_PART, UNKNOWN_PART
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_HEADER: Final = "strict-transport-security"
_YEAR: Final = 31_536_000
_AGE: Final = re.compile(r"max-age\s*=\s*\"?([^\s;\"]*)", re.IGNORECASE)
_ATTACK: Final = "Whoever holds the network can keep a visitor on plain HTTP and read and change everything."
_FIX: Final = 'Send "Strict-Transport-Security: max-age=31536000; includeSubDomains" on every response.'
_DJANGO_FIX: Final = "Set SECURE_HSTS_SECONDS = 31_536_000 and SECURE_HSTS_INCLUDE_SUBDOMAINS = True."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every place that sets the header, and at applications that nothing sets it for."""
    remarks = [
        *(remark for setting in select_headers(project, _HEADER) for remark in _judge_header(setting)),
        *(remark for call in talisman_calls(project) for remark in _judge_talisman(call)),
        *_judge_django(project),
        *_judge_apps(project),
    ]
    yield from remarks
    if not remarks and not serves_anything(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here answers HTTP requests")


def _judge_header(setting: HeaderSetting) -> Iterator[Remark]:
    match = _AGE.search(setting.text)
    age = match[1] if match else ""
    if not setting.known and not age.isdigit():
        return
    weakness = _weakness(age, setting)
    if weakness:
        yield RULE.finding(setting.place, _ATTACK, weakness, fix=_FIX)
    elif setting.known:
        yield RULE.site(setting.place, f"max-age={age}, subdomains included")


def _weakness(age: str, setting: HeaderSetting) -> str:
    if not age.isdigit():
        return "The value has no max-age, so browsers ignore it." if CONSTANT_PART not in age else ""
    if int(age) < _YEAR:
        return f"max-age is {int(age)} seconds; at least a year ({_YEAR}) is needed."
    if "includesubdomains" not in setting.text.lower() and UNKNOWN_PART not in setting.text:
        return "includeSubDomains is missing."
    return "" if setting.always else "Without `always` nginx leaves the header off error pages."


def _judge_talisman(call: Call) -> Iterator[Remark]:
    if call.expands:
        return
    on = call.argument(None, "strict_transport_security")
    age = call.argument(None, "strict_transport_security_max_age")
    below = call.argument(None, "strict_transport_security_include_subdomains")
    fix = "Leave Talisman's defaults: a year, with subdomains."
    if on is not None and on.constant is False:
        yield RULE.finding(on.place, _ATTACK, "Talisman is told not to send the header.", fix=fix)
    elif age is not None and isinstance(age.constant, int) and age.constant < _YEAR:
        yield RULE.finding(age.place, _ATTACK, f"max-age is {age.constant} seconds; a year is needed.", fix=fix)
    elif below is not None and below.constant is False:
        yield RULE.finding(below.place, _ATTACK, "The subdomains are left out.", fix=fix)
    elif all(part is None or part.known for part in (on, age, below)):
        yield RULE.site(call.place, "Talisman sends it for a year, with subdomains")


def _judge_django(project: Project) -> Iterator[Remark]:
    settings = django_settings(project)
    ages, below = settings.get("SECURE_HSTS_SECONDS", []), settings.get("SECURE_HSTS_INCLUDE_SUBDOMAINS", [])
    for setting in ages:
        yield from _judge_age(setting, bool(below))
    for setting in below:
        if setting.constant is False:
            yield RULE.finding(setting.place, _ATTACK, "The subdomains are left out.", fix=_DJANGO_FIX)
    for middleware in () if ages else find_middleware(project):
        place = middleware.find("SecurityMiddleware")
        if find_sender(project, _HEADER) is None:
            why = "SECURE_HSTS_SECONDS is not set, so Django sends no such header."
            confidence = Confidence.HIGH if place else Confidence.MEDIUM
            yield RULE.finding(place or middleware.place, _ATTACK, why, fix=_DJANGO_FIX, confidence=confidence)


def _judge_age(setting: Setting, has_below: bool) -> Iterator[Remark]:
    age = setting.constant
    if not isinstance(age, int):
        return
    if age < _YEAR:
        why = f"SECURE_HSTS_SECONDS is {int(age)}; at least a year ({_YEAR}) is needed."
        yield RULE.finding(setting.place, _ATTACK, why, fix=_DJANGO_FIX)
    elif not has_below:
        why = "SECURE_HSTS_INCLUDE_SUBDOMAINS is not set, and its default is False."
        yield RULE.finding(setting.place, _ATTACK, why, fix=_DJANGO_FIX)
    else:
        yield RULE.site(setting.place, f"SECURE_HSTS_SECONDS is {age}")


def _judge_apps(project: Project) -> Iterator[Remark]:
    apps = [app for app in find_apps(project) if app.framework != "django"]
    sender = find_sender(project, _HEADER) if apps else None
    for app in apps:
        if sender is None:
            why = "Nothing in the project sends Strict-Transport-Security."
            yield RULE.finding(app.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
        elif sender.place is not None:
            yield RULE.site(app.place, sender.note)


RULE = Rule(
    slug="weak-hsts",
    control="hsts",
    languages=("python", "nginx"),
    unit=("place that decides on the header", "places that decide on the header"),
    sound="a year or more, with subdomains",
    examine=examine,
)
