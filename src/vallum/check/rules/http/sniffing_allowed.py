"""X-Content-Type-Options that is missing, switched off, or has a value that no browser knows."""

from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.responses.apps import django_settings, find_apps, find_middleware, talisman_calls
from vallum.check.responses.headers import select_headers
from vallum.check.responses.senders import find_sender, serves_anything
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_HEADER: Final = "x-content-type-options"
_ATTACK: Final = "A browser may take an uploaded picture or a text for a page or a script and run it."
_FIX: Final = 'Send "X-Content-Type-Options: nosniff" on every response.'


def examine(project: Project) -> Iterator[Remark]:
    """Look at every place that sets the header, and at applications that nothing sets it for."""
    remarks = [*_judge_headers(project), *_judge_talisman(project), *_judge_django(project), *_judge_apps(project)]
    yield from remarks
    if not remarks and not serves_anything(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here answers HTTP requests")


def _judge_headers(project: Project) -> Iterator[Remark]:
    for setting in select_headers(project, _HEADER):
        if not setting.known:
            continue
        if setting.text.strip().lower() == "nosniff":
            yield RULE.site(setting.place)
        else:
            yield RULE.finding(setting.place, _ATTACK, f'Browsers know only "nosniff", not "{setting.text}".', fix=_FIX)


def _judge_talisman(project: Project) -> Iterator[Remark]:
    for call in talisman_calls(project):
        option = call.argument(None, "x_content_type_options")
        if option is not None and option.constant is False:
            why = "Talisman is told not to send the header."
            yield RULE.finding(option.place, _ATTACK, why, fix="Leave x_content_type_options at its default.")
        elif not call.expands and (option is None or option.constant is True):
            yield RULE.site(call.place, "Talisman sends nosniff")


def _judge_django(project: Project) -> Iterator[Remark]:
    settings = django_settings(project).get("SECURE_CONTENT_TYPE_NOSNIFF", [])
    for setting in settings:
        if setting.constant is False:
            why = "SECURE_CONTENT_TYPE_NOSNIFF is False, so the middleware leaves the header out."
            yield RULE.finding(setting.place, _ATTACK, why, fix="Delete the line: the default is True.")
        elif setting.constant is True:
            yield RULE.site(setting.place, "SECURE_CONTENT_TYPE_NOSNIFF is True")
    for middleware in find_middleware(project):
        place = middleware.find("SecurityMiddleware")
        if place is None and find_sender(project, _HEADER) is None:
            why = "MIDDLEWARE lacks SecurityMiddleware, which sends the header."
            fix = 'Put "django.middleware.security.SecurityMiddleware" first.'
            yield RULE.finding(middleware.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)
        elif place is not None and not settings:
            yield RULE.site(place, "Django's security middleware sends nosniff")


def _judge_apps(project: Project) -> Iterator[Remark]:
    apps = [app for app in find_apps(project) if app.framework != "django"]
    sender = find_sender(project, _HEADER) if apps else None
    for app in apps:
        if sender is None:
            why = "Nothing in the project sends X-Content-Type-Options."
            yield RULE.finding(app.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
        elif sender.place is not None:
            yield RULE.site(app.place, sender.note)


RULE = Rule(
    slug="sniffing-allowed",
    control="nosniff",
    languages=("python", "nginx"),
    unit=("place that decides on the header", "places that decide on the header"),
    sound="nosniff",
    examine=examine,
)
