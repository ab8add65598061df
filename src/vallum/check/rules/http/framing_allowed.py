"""Pages that any site may put in a frame: policies without frame-ancestors, and old headers that browsers ignore."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.apps import django_settings, find_apps, find_middleware, talisman_calls
from vallum.check.responses.headers import select_headers
from vallum.check.responses.policies import ContentPolicy, read_policies
from vallum.check.responses.senders import find_sender, serves_anything, serves_pages
from vallum.check.responses.text import UNKNOWN_PART
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_HEADER: Final = "x-frame-options"
_ATTACK: Final = "An attacker's page can show this one in a transparent frame and steal the clicks of its users."
_FIX: Final = "Send frame-ancestors 'none' in the Content-Security-Policy, and X-Frame-Options: DENY for old browsers."
_WIDE: Final = re.compile(r"\*|https?:|https?://\*")


def examine(project: Project) -> Iterator[Remark]:
    """Look at policies, old headers and exemptions, and at applications that serve pages without any of them."""
    remarks = [
        *(remark for policy in read_policies(project) for remark in _judge_policy(policy, project)),
        *_judge_headers(project),
        *_judge_options(project),
        *_judge_exemptions(project),
        *_judge_apps(project),
    ]
    yield from remarks
    if not remarks and not serves_anything(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here answers HTTP requests")


def _judge_policy(policy: ContentPolicy, project: Project) -> Iterator[Remark]:
    ancestors = policy.directives.get("frame-ancestors")
    if ancestors is None:
        if not policy.open and not _closed_elsewhere(policy, project):
            yield RULE.finding(policy.place, _ATTACK, "The policy says nothing of frame-ancestors.", fix=_FIX)
        return
    wide = [word for word in ancestors if _WIDE.fullmatch(word)]
    if wide:
        why = f"frame-ancestors allows {wide[0]}: every site."
        yield RULE.finding(policy.where("frame-ancestors"), _ATTACK, why, fix=_FIX)
    elif not any(UNKNOWN_PART in word for word in ancestors):
        yield RULE.site(policy.where("frame-ancestors"), f"frame-ancestors {' '.join(ancestors)}")


def _closed_elsewhere(policy: ContentPolicy, project: Project) -> bool:
    """Talisman's default policy comes with X-Frame-Options: SAMEORIGIN."""
    return any(call.place == policy.place for call in talisman_calls(project))


def _judge_headers(project: Project) -> Iterator[Remark]:
    for setting in select_headers(project, _HEADER):
        if setting.known:
            yield from _judge_value(setting.text, setting.place)
    for found in django_settings(project).get("X_FRAME_OPTIONS", []):
        if isinstance(found.constant, str):
            yield from _judge_value(found.constant, found.place)


def _judge_value(value: str, place: Place) -> Iterator[Remark]:
    if value.strip().upper() in {"DENY", "SAMEORIGIN"}:
        yield RULE.site(place, f"X-Frame-Options: {value.strip().upper()}")
    else:
        yield RULE.finding(place, _ATTACK, f'Browsers ignore the value "{value}" of X-Frame-Options.', fix=_FIX)


def _judge_options(project: Project) -> Iterator[Remark]:
    for call in talisman_calls(project):
        option = call.argument(None, "frame_options")
        if option is None:
            continue
        if option.words == "ALLOW_FROM" or (isinstance(option.constant, str) and "ALLOW" in option.constant.upper()):
            yield RULE.finding(option.place, _ATTACK, "Browsers ignore ALLOW-FROM.", fix=_FIX)
        elif option.constant is None or option.constant is False:
            yield RULE.finding(option.place, _ATTACK, "Talisman is told not to send X-Frame-Options.", fix=_FIX)


def _judge_exemptions(project: Project) -> Iterator[Remark]:
    for function in project.functions:
        for decorator in function.decorators:
            if decorator.name.endswith("clickjacking.xframe_options_exempt") and not is_test(function.place.path):
                why = "The view is exempt from X-Frame-Options, and no policy limits who may frame it."
                yield RULE.finding(
                    decorator.place, _ATTACK, why, fix="Use xframe_options_sameorigin, or name the embedders."
                )
            elif decorator.name.endswith(("xframe_options_deny", "xframe_options_sameorigin")):
                yield RULE.site(decorator.place, decorator.words)


def _judge_apps(project: Project) -> Iterator[Remark]:
    for middleware in find_middleware(project):
        place = middleware.find("XFrameOptionsMiddleware")
        if place is not None:
            yield RULE.site(place, "Django sends X-Frame-Options")
        elif find_sender(project, _HEADER) is None and not _has_ancestors(project):
            why = "MIDDLEWARE lacks XFrameOptionsMiddleware, and no policy has frame-ancestors."
            yield RULE.finding(middleware.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    apps = [app for app in find_apps(project) if app.framework != "django"]
    if not apps or not serves_pages(project) or _has_ancestors(project):
        return
    sender = find_sender(project, _HEADER) or find_sender(project, "content-security-policy")
    for app in apps:
        if sender is None:
            why = "Pages are served, and nothing in the project sends frame-ancestors or X-Frame-Options."
            yield RULE.finding(app.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
        elif sender.place is not None:
            yield RULE.site(app.place, sender.note)


def _has_ancestors(project: Project) -> bool:
    return any("frame-ancestors" in policy.directives for policy in read_policies(project))


RULE = Rule(
    slug="framing-allowed",
    control="frame-protection",
    languages=("python", "nginx"),
    unit=("place that decides on framing", "places that decide on framing"),
    sound="closed to other sites",
    examine=examine,
)
