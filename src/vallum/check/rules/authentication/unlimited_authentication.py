"""Logins, codes and resets that anybody may try as often as he likes."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.endpoints import View, find_views, login_views, text_around
from vallum.check.readings.origins import origins_of
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_OTHER: Final = re.compile(
    r"^(?:enter|verify|confirm|check|submit)_(?:code|otp|totp|mfa|pin|two_factor|second_factor)|^(?:otp|mfa|totp)_verify"
    r"|^forgot(?:_password)?$|^password_reset$|^reset_password$"
)
_OTHER_PATH: Final = re.compile(r"/(?:login/(?:code|otp|mfa)|otp|mfa/verify|2fa|two-factor|forgot(?:-password)?)/?$")
_LIMITS: Final = re.compile(
    r"limit|throttl|axes|lock_?out|lockout|attempts?\b|failures?\b|failed_|too_many|slow_?down|brute|backoff|captcha",
    re.IGNORECASE,
)
_GLOBAL: Final = frozenset({
    "DEFAULT_THROTTLE_CLASSES", "DEFAULT_THROTTLE_RATES", "RATELIMIT_DEFAULT", "AXES_FAILURE_LIMIT",
})  # fmt: skip
_LIMITERS: Final = (
    "flask_limiter.Limiter",
    "slowapi.Limiter",
    "slowapi.extension.Limiter",
    "flask_limiter.extension.Limiter",
)
_STORES: Final = frozenset({"RATELIMIT_STORAGE_URI", "RATELIMIT_STORAGE_URL"})
_ATTACK: Final = "A program tries passwords or codes until one fits: six digits fall within the hour."
_FIX: Final = "Count attempts per account and per address in a store that all workers share, and answer 429."
_STORE_ATTACK: Final = "Each worker counts for itself, and a restart forgets: the limit is a multiple of what it says."
_KEY_ATTACK: Final = "A program sends another address with each request, and is never limited."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every route of a login, a code or a reset, and at every limiter."""
    views = {view.function.qualified: view for view in login_views(project)}
    views |= {view.function.qualified: view for view in find_views(project, _OTHER, _OTHER_PATH) if view.takes_post}
    everywhere = _limit_of_all(project)
    for view in views.values():
        yield from _judge(view, everywhere, project)
    limiters = [call for call in project.calls(*_LIMITERS) if not is_test(call.place.path)]
    for call in limiters:
        yield from _judge_limiter(call, project)
    if not views and not limiters:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no route signs anybody in")


def _limit_of_all(project: Project) -> str:
    """What limits every route; empty when nothing does."""
    for setting in project.settings:
        if setting.key in _GLOBAL and setting.constant not in (None, [], (), {}) and not is_test(setting.place.path):
            return setting.key
    for call in project.calls(*_LIMITERS):
        if call.argument(None, "default_limits", "application_limits") is not None:
            return "default_limits"
    return ""


def _judge(view: View, everywhere: str, project: Project) -> Iterator[Remark]:
    place = view.function.place
    if everywhere:
        yield RULE.site(place, f"limited by {everywhere}")
    elif _LIMITS.search(text_around(view, project)):
        yield RULE.site(place)
    elif not find_guards(project):
        why = f"Nothing counts the attempts at {view.path or view.function.name}."
        yield RULE.finding(place, _ATTACK, why, fix=_FIX)


def _judge_limiter(call: Call, project: Project) -> Iterator[Remark]:
    found = list(_judge_key(call, project))
    yield from found
    storage = call.constant_of(None, "storage_uri", default="")
    elsewhere = any(setting.key in _STORES for setting in project.settings)
    if names_development(call.place.path) or call.expands:
        return
    if isinstance(storage, str) and storage.startswith("memory://"):
        yield RULE.finding(call.place, _STORE_ATTACK, "It counts in the memory of one process.", fix=_FIX)
    elif storage == "" and not elsewhere:
        why = "No storage_uri is given, so it counts in the memory of one process."
        yield RULE.finding(call.place, _STORE_ATTACK, why, fix=_FIX, confidence=Confidence.LOW)
    elif not found:
        yield RULE.site(call.place, "a store that the workers share")


def _judge_key(call: Call, project: Project) -> Iterator[Remark]:
    key = call.argument(0, "key_func")
    function = origins_of(project).function_named(key.name) if key is not None else None
    if function is None:
        return
    for literal in project.literals:
        inside = function.node.line <= literal.node.line <= function.node.end_line
        if (
            literal.module is function.module
            and inside
            and isinstance(literal.constant, str)
            and literal.constant.lower() in {"x-forwarded-for", "x-real-ip", "http_x_forwarded_for"}
        ):
            why = f"The key of the limit is {literal.constant}, which the client writes."
            yield RULE.finding(literal.place, _KEY_ATTACK, why, fix="Use the address that the trusted proxy gave.")


RULE = Rule(
    slug="unlimited-authentication",
    control="login-rate-limit",
    languages=("python",),
    unit=("way to authenticate", "ways to authenticate"),
    sound="limited",
    examine=examine,
)
