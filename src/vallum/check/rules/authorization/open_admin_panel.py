"""Administrative panels and routes that stand open, and administrators with passwords that everybody guesses."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.callers import callers_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_ADMIN: Final = re.compile(
    r"(?:^|/)(?:admin|administration|backoffice|actuator|adminer|manage|console)(?:/|$)", re.IGNORECASE
)
_VIEWS: Final = ("flask_admin.contrib.*", "flask_admin.BaseView", "flask_admin.AdminIndexView")
_COMMON: Final = re.compile(
    r"^(?:admin|administrator|password|passw0rd|changeme|change_me|secret|root|test|12345\d*|letmein|admin\d+)$",
    re.IGNORECASE,
)
_FACTOR: Final = re.compile(r"OTPAdmin|two_factor|otp|mfa|second_factor|AdminSiteOTPRequired", re.IGNORECASE)
_ATTACK: Final = "Whoever opens the address, or guesses one password, administers the application."
_FIX: Final = (
    "Demand a permission and a recent second factor for the whole router, and write an audit event per action."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at mounts of panels, at administrative routes, and at accounts that code creates."""
    remarks = [*_judge_panels(project), *_judge_routes(project), *_judge_accounts(project)]
    remarks += guard_sites(RULE, project, "vallum.guard.authorization.admin*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing administrative is in sight")


def _judge_panels(project: Project) -> Iterator[Remark]:
    for call in project.calls("flask_admin.Admin", "*.add_view", "django.urls.path", "django.urls.re_path"):
        if is_test(call.place.path):
            continue
        if call.method in {"path", "re_path"}:
            yield from _judge_django(call, project)
        elif call.name == "flask_admin.Admin":
            index = call.argument(None, "index_view")
            if index is None and not call.expands:
                yield RULE.finding(call.place, _ATTACK, "The index view of Flask-Admin checks nobody.", fix=_FIX)
            elif index is not None:
                yield RULE.site(call.place, "an index view of its own")
        elif call.arguments and project.uses("flask_admin"):
            view = call.arguments[0]
            bare = view.name.removesuffix("()")
            if any(bare.startswith(one.removesuffix("*")) for one in _VIEWS):
                yield RULE.finding(call.place, _ATTACK, f"{bare.rpartition('.')[2]} checks nobody.", fix=_FIX)


def _judge_django(call: Call, project: Project) -> Iterator[Remark]:
    view = call.argument(1, "view")
    if view is None or not view.name.endswith("admin.site.urls"):
        return
    if any(_FACTOR.search(name) for name in project.imports) or project.uses("django_otp", "two_factor", "allauth.mfa"):
        yield RULE.site(call.place, "a second factor is installed")
    else:
        why = "Django's admin asks for a password alone."
        yield RULE.finding(call.place, _ATTACK, why, fix="OTPAdminSite of django-otp.", confidence=Confidence.MEDIUM)


def _judge_routes(project: Project) -> Iterator[Remark]:
    callers, seen = callers_of(project), set[Place]()
    for route in project.routes:
        if not _ADMIN.search(route.path) or route.place in seen or is_test(route.place.path):
            continue
        seen.add(route.place)
        access = callers.access(route)
        if access.checked:
            yield RULE.site(route.place, access.checked)
        elif not access.unsure:
            why = f"{route.path} has no check, and nothing before it has one."
            yield RULE.finding(route.place, _ATTACK, why, fix=_FIX)


def _judge_accounts(project: Project) -> Iterator[Remark]:
    for call in project.calls("*.create", "*.create_superuser", "*.create_user", "*.User", "*.add_user"):
        if is_test(call.place.path):
            continue
        named = call.argument(None, "is_superuser", "is_admin", "is_staff", "role")
        password = call.argument(2 if call.method == "create_superuser" else None, "password")
        if password is None or (named is None and call.method != "create_superuser"):
            continue
        found = re.search(r"[\"']([^\"']+)[\"']", password.text)
        if found and _COMMON.match(found[1]):
            yield RULE.finding(call.place, _ATTACK, "An administrator is created with a common password.", fix=_FIX)


RULE = Rule(
    slug="open-admin-panel",
    control="admin-protected",
    languages=("python",),
    unit=("administrative route or panel", "administrative routes and panels"),
    sound="protected",
    examine=examine,
)
