"""Permissions-Policy for everybody, in the syntax of another header, or only under its old name."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Setting
from vallum.check.project import Project
from vallum.check.responses.apps import django_settings
from vallum.check.responses.headers import HeaderSetting, select_headers
from vallum.check.responses.text import CONSTANT_PART
from vallum.check.rule import Rule
from vallum.findings.finding import Remark

_ATTACK: Final = "A script or frame that gets into a page may ask for camera, microphone or place in the site's name."
_FIX: Final = 'Send "Permissions-Policy: geolocation=(self), camera=(), microphone=()".'
_ENTRY: Final = re.compile(r"\s*(?P<name>[a-z][a-z0-9-]*)\s*=\s*(?P<allowed>\([^)]*\)|\*|[\w\"':/.-]+)\s*(?:;[^,]*)?")
_GUARDED: Final = ("camera", "microphone", "geolocation")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every place that sets either header, and at Django's table."""
    current = select_headers(project, "permissions-policy")
    for setting in current:
        yield from _judge(setting)
    beside = {(setting.place.path, setting.place.scope) for setting in current}
    for setting in select_headers(project, "feature-policy"):
        if (setting.place.path, setting.place.scope) not in beside:
            why = "Feature-Policy is the old name, which current browsers ignore."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
    for found in django_settings(project).get("PERMISSIONS_POLICY", []):
        yield from _judge_table(found)


def _judge(setting: HeaderSetting) -> Iterator[Remark]:
    if not setting.known or CONSTANT_PART in setting.text:
        return
    entries = [_ENTRY.fullmatch(part) for part in setting.text.lower().split(",") if part.strip()]
    features = {match["name"]: match["allowed"] for match in entries if match}
    open_to_all = [name for name in _GUARDED if "*" in features.get(name, "")]
    if not all(entries) or not entries:
        why = 'The value is not in the form "feature=(list)", so browsers ignore it.'
        yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
    elif open_to_all:
        yield RULE.finding(setting.place, _ATTACK, f"{', '.join(open_to_all)} may be used by every site.", fix=_FIX)
    elif {"camera", "microphone"} <= set(features):
        yield RULE.site(setting.place)
    else:
        missing = [name for name in ("camera", "microphone") if name not in features]
        yield RULE.finding(setting.place, _ATTACK, f"{' and '.join(missing)} are not switched off.", fix=_FIX)


def _judge_table(found: Setting) -> Iterator[Remark]:
    if not isinstance(found.constant, dict):
        return
    wide = [name for name in _GUARDED if "*" in str(found.constant.get(name, ""))]
    if wide:
        yield RULE.finding(found.place, _ATTACK, f"{', '.join(wide)} may be used by every site.", fix=_FIX)
    else:
        yield RULE.site(found.place)


RULE = Rule(
    slug="weak-permissions-policy",
    control="permissions-policy",
    languages=("python", "nginx"),
    unit=("permissions policy", "permissions policies"),
    sound="closed to other sites",
    examine=examine,
)
