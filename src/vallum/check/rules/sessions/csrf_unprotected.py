"""Requests that change something in a visitor's name, whichever page made his browser send them."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Decorator, Function, Route, Setting
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.identity import Identity, identity_of
from vallum.check.responses.apps import find_apps
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Finding, Remark, Silence
from vallum.findings.place import Place

_ATTACK: Final = "A page elsewhere makes a signed-in visitor's browser send this request, and it is carried out."
_FIX: Final = "Check a token of the session and the Origin of every unsafe request, as vallum.guard.Guard does."
_SIGNED: Final = re.compile(
    r"compare_digest|construct_event|verify_signature|signature|hmac\.|authorization|bearer",
    re.IGNORECASE,
)
_IDENTIFIED: Final = re.compile(r"request\.user\b|login_required|LoginRequired|current_user|\bsession\b")
_SWITCHES: Final = frozenset({"WTF_CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT", "CSRF_ENABLED", "CSRF_PROTECT"})


def examine(project: Project) -> Iterator[Remark]:
    """Look at unsafe routes, exemptions, Django's middleware and switches."""
    remarks = [*_judge_routes(project), *_judge_exemptions(project), *_judge_django(project), *_judge_switches(project)]
    yield from remarks
    if not remarks and not any(route.changes_state for route in project.routes):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no request changes anything here")


def _judge_routes(project: Project) -> Iterator[Remark]:
    """Flask and Starlette check nothing by themselves; whether something does is told where the app is built."""
    identity = identity_of(project)
    built = {"flask" if app.framework == "flask" else "starlette" for app in find_apps(project)}
    seen: set[Place] = set()
    for route in project.routes:
        family = "flask" if route.framework == "flask" else "starlette"
        if not route.changes_state or route.framework == "django" or is_test(route.place.path) or route.place in seen:
            continue
        seen.add(route.place)
        proof = identity.proof_of(route)
        if proof:
            yield RULE.site(route.place, proof)
        elif family in built:
            yield from _judge_route(route, identity)


def _judge_route(route: Route, identity: Identity) -> Iterator[Remark]:
    if identity.by_cookie(route):
        why = "The caller is known by a cookie, and nothing checks a token or where the request comes from."
        yield RULE.finding(route.place, _ATTACK, why, fix=_FIX)
    elif identity.starts_session(route):
        why = "It sets the visitor's cookie, and nothing checks a token or where the request comes from."
        yield RULE.finding(route.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    elif identity.by_header(route):
        yield RULE.site(route.place, "the caller is known by a header that no browser sends by itself")


def _judge_exemptions(project: Project) -> Iterator[Remark]:
    seen: set[Place] = set()
    for function in project.functions:
        for decorator in function.decorators:
            place = decorator.place
            if _is_exemption(decorator) and place not in seen and not is_test(place.path):
                seen.add(place)
                yield _judge_exemption(decorator, function, project)
    for call in project.calls("django.views.decorators.csrf.csrf_exempt", "*CSRFProtect().exempt"):
        if call.arguments and not is_test(call.place.path) and not isinstance(call.arguments[0].node, nodes.Lambda):
            why = f"{call.arguments[0].text} is exempt."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _is_exemption(decorator: Decorator) -> bool:
    names = [decorator.name]
    if decorator.name.endswith("method_decorator"):
        names += [argument.name for argument in decorator.arguments]
        names += [argument.text for argument in decorator.arguments if isinstance(argument.node, nodes.Items)]
    return any(re.search(r"csrf_exempt\b|csrf\w*(?:\(\))?\.exempt$", name, re.IGNORECASE) for name in names)


def _judge_exemption(decorator: Decorator, function: Function, project: Project) -> Remark:
    """An exemption is right where the request proves itself without a cookie: a signature, a bearer token."""
    text = f"{function.text} {' '.join(other.text for other in function.decorators)} {_class_text(function, project)}"
    identified = _IDENTIFIED.search(text) is not None
    if _SIGNED.search(text) and not identified:
        return RULE.site(decorator.place, "exempt, and the request proves itself by a signature or a header")
    why = "The view is exempt from the check" + (", and it knows the caller by his cookie." if identified else ".")
    confidence = Confidence.HIGH if identified else Confidence.MEDIUM
    return _finding(decorator.place, why, confidence)


def _finding(place: Place, why: str, confidence: Confidence) -> Finding:
    return RULE.finding(place, _ATTACK, why, fix="Delete the exemption.", confidence=confidence)


def _class_text(function: Function, project: Project) -> str:
    definition = project.facts.index.by_name.get(function.owner) if function.owner else None
    return definition.module.text_of(definition.node) if definition else ""


def _judge_django(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        if setting.key not in {"MIDDLEWARE", "MIDDLEWARE_CLASSES"} or not _counts(setting):
            continue
        names = setting.constant if isinstance(setting.constant, list | tuple) else ()
        words = {str(name).rpartition(".")[2] for name in names}
        if any("csrf" in word.lower() for word in words):
            yield RULE.site(setting.place, "CsrfViewMiddleware")
        elif words & {"SessionMiddleware", "AuthenticationMiddleware"}:
            why = "MIDDLEWARE has sessions and lacks CsrfViewMiddleware."
            fix = 'Add "django.middleware.csrf.CsrfViewMiddleware".'
            yield RULE.finding(setting.place, _ATTACK, why, fix=fix)


def _judge_switches(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        if setting.key in _SWITCHES and setting.constant is False and _counts(setting):
            yield RULE.finding(setting.place, _ATTACK, f"{setting.key} is False.", fix="Delete the line.")


def _counts(setting: Setting) -> bool:
    return not is_test(setting.place.path) and not names_development(f"{setting.place.path} {setting.place.scope}")


RULE = Rule(
    slug="csrf-unprotected",
    control="csrf",
    languages=("python",),
    unit=("unsafe request", "unsafe requests"),
    sound="checked",
    examine=examine,
)
