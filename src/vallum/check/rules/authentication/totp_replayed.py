"""Codes of an authenticator app that work for minutes, or more than once."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call, Function
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.endpoints import login_views, password_checks
from vallum.check.readings.handlers import walk_called
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_VERIFIERS: Final = (
    "pyotp.TOTP().verify", "pyotp.parse_uri().verify", "pyotp.totp.TOTP().verify", "passlib.totp.TOTP().match",
    "passlib.totp.TOTP.verify", "passlib.totp.TOTP.using().verify", "cryptography.*.totp.TOTP().verify",
)  # fmt: skip
_GENERATORS: Final = (
    "pyotp.TOTP().at",
    "pyotp.TOTP().now",
    "pyotp.TOTP().generate_otp",
    "cryptography.*.totp.TOTP().generate",
)
_GUARD: Final = ("vallum.guard.authentication.totp*", "*TotpVerifier*", "*.TOTPDevice.objects.create", "*.verify_token")
_REMEMBERS: Final = re.compile(
    r"last_?(?:used_?)?(?:step|code|counter|otp|totp|token|t\b|timecode|interval)|last_t\b|used_?(?:codes?|steps?|otp|totp)"
    r"|replay|already_used|_step\b.*\b(?:set|update|add|advance|consume)|(?:spend|consume|advance|remember|burn)_\w*"
    r"|\bnx\s*=\s*True|\.add\(|last_counter|seen_(?:codes?|steps?)",
    re.IGNORECASE,
)
_COMPARES: Final = re.compile(r"compare_digest|==")
_ATTACK: Final = "Who looks over a shoulder, or phishes a code, signs in with it a second time."
_FIX: Final = "Take a window of 1, and store the step of each code that was accepted: only a later one counts."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every verification of a code."""
    looked = False
    for call in project.calls(*_VERIFIERS):
        if not is_test(call.place.path):
            looked = True
            yield from _judge(call, project)
    for function in project.functions:
        places = [call for call in function.calls if _is_generated(call)]
        if places and not is_test(function.place.path) and _COMPARES.search(function.text):
            looked = True
            yield from _judge_own(function, project)
    for call in project.calls(*_GUARD):
        if not is_test(call.place.path) and ("otp" in call.name.lower() or "otp" in call.module.source.text.lower()):
            looked = True
            yield RULE.site(call.place, "the library remembers the step")
    if not looked and not _has_logins(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nobody signs in here")


def _has_logins(project: Project) -> bool:
    return any(password_checks(view.function) for view in login_views(project))


def _is_generated(call: Call) -> bool:
    return any(call.name == name for name in _GENERATORS) or call.name.endswith(".totp.TOTP().generate")


def _judge(call: Call, project: Project) -> Iterator[Remark]:
    window = call.constant_of(2, "valid_window", default=0)
    if call.name.startswith("passlib."):
        window = 0 if (call.constant_of(None, "window", default=30) or 0) in range(31) else 2
    if isinstance(window, int) and window > 1:
        yield RULE.finding(call.place, _ATTACK, f"The window of {window} accepts codes for minutes.", fix=_FIX)
    elif _remembers(call.function, project):
        yield RULE.site(call.place)
    elif not _is_enrolment(call.function):
        yield RULE.finding(call.place, _ATTACK, "Nothing remembers which code was used.", fix=_FIX)


def _is_enrolment(function: Function | None) -> bool:
    """A first code that proves a new factor signs nobody in."""
    return (
        function is not None
        and re.search(r"enrol|setup|set_up|activate|confirm_(?:factor|totp|mfa)", function.name) is not None
    )


def _remembers(function: Function | None, project: Project) -> bool:
    """Whether the function, one that it calls, or one that calls it keeps the last step."""
    if function is None:
        return False
    near = [*walk_called(function, project)]
    near += [other for other in project.functions if any(call.name == function.qualified for call in other.calls)]
    return any(_REMEMBERS.search(other.text) for other in near)


def _judge_own(function: Function, project: Project) -> Iterator[Remark]:
    """Codes that are computed and compared by hand."""
    if _remembers(function, project):
        yield RULE.site(function.place)
        return
    compared = next((call for call in function.calls if call.method == "compare_digest"), None)
    place = compared.place if compared else function.place
    if not _is_enrolment(function) and not _returns_step(function):
        yield RULE.finding(place, _ATTACK, "Nothing remembers which code was used.", fix=_FIX)


def _returns_step(function: Function) -> bool:
    """A function that tells its caller which step matched leaves it to him."""
    return any(
        "step" in value.text or "counter" in value.text for value in function.returns if len(value.text) < _SHORT
    )


_SHORT: Final = 30

RULE = Rule(
    slug="totp-replayed",
    control="mfa-totp",
    languages=("python",),
    unit=("verification of a code", "verifications of codes"),
    sound="remembers the last step",
    examine=examine,
)
