"""Applications and routes that anybody may call without end, and limits that the caller or a restart can void."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, Route, Setting
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words
from vallum.check.responses.apps import find_apps, find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_ATTACK: Final = "Lists are copied page by page, codes are tried, and each call costs money, for as long as it pays."
_FIX: Final = "Limit each account and address in a store that all workers share; the guard does by default."
_LIMITS: Final = re.compile(
    r"rate_?limit|limiter|throttl|slowapi|flask_limiter|(?:^|[._])limits?(?:$|[._])|ratelimit|axes|aiolimiter|pyrate",
    re.IGNORECASE,
)
_OWN: Final = re.compile(r"rate_?limit|throttle|limiter", re.IGNORECASE)
_SERVERS: Final = re.compile(
    r"\blimit_req\b|rate_limit|ratelimit|rate-limit|rate_limiting|usage_plan|throttl", re.IGNORECASE
)
_FORWARDED: Final = frozenset(
    {"x-forwarded-for", "http_x_forwarded_for", "x-real-ip", "x-client-ip", "http_x_real_ip", "forwarded"}
)
_UNSAFE_KEYS: Final = ("flask_limiter.util.get_ipaddr", "slowapi.util.get_ipaddr")
_AUTH: Final = re.compile(r"log_?-?in|sign_?-?in|sign_?-?up|register|password|reset|token|otp|verify", re.IGNORECASE)
_CHEAP: Final = re.compile(r"health|ready|live|ping|metrics|static|favicon|robots|status", re.IGNORECASE)
_THROTTLES: Final = frozenset({"DEFAULT_THROTTLE_CLASSES", "throttle_classes"})


def examine(project: Project) -> Iterator[Remark]:
    """Look at applications, at limiters with their key and store, and at what is exempt."""
    limiters = [
        call
        for call in project.calls(
            "slowapi.Limiter", "slowapi.extension.Limiter", "flask_limiter.Limiter", "flask_limiter.extension.Limiter"
        )
        if not is_test(call.place.path)
    ]
    remarks = [
        *(remark for call in limiters for remark in _judge_limiter(call, project)),
        *_exemptions(project),
        *_throttles(project),
        *(remark for call in limiters for remark in _judge_logins(call, project)),
    ]
    remarks += [RULE.site(call.place, "the guard limits every route") for call in find_guards(project)]
    yield from remarks
    yield from _judge_apps(project, bool(remarks))


def _judge_limiter(call: Call, project: Project) -> Iterator[Remark]:
    key = call.argument(0 if call.name.startswith("slowapi") else None, "key_func")
    forwarded = _reads_forwarded(key, project) if key is not None else None
    if forwarded is not None:
        why = "The limit is counted by a header that the caller writes."
        yield RULE.finding(forwarded, _ATTACK, why, fix="Take the address from a trusted proxy, or the account.")
    storage = call.constant_of(None, "storage_uri", default=None)
    configured = any(setting.key in {"RATELIMIT_STORAGE_URI", "RATELIMIT_STORAGE_URL"} for setting in project.settings)
    fix = "Pass storage_uri with a store that all workers share."
    if isinstance(storage, str) and storage.startswith("memory"):
        yield RULE.finding(call.place, _ATTACK, "Each worker counts for itself and forgets at a restart.", fix=fix)
    elif storage is None and not configured and not call.expands and call.arguments:
        why = "Without a storage_uri each worker counts for itself."
        yield RULE.finding(call.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)
    else:
        yield RULE.site(call.place, "in a shared store")


def _reads_forwarded(key: Argument, project: Project) -> Place | None:
    """Where the key function reads a header that the caller writes."""
    if key.name in _UNSAFE_KEYS:
        return key.place
    function = origins_of(project).function_named(key.name)
    root: nodes.Node = function.node if function is not None else key.node
    module = function.module if function is not None else key.module
    inside = iter_nodes(root.function if isinstance(root, nodes.Lambda) else root)
    for node in inside:
        if isinstance(node, nodes.Const) and isinstance(node.value, str) and node.value.lower() in _FORWARDED:
            return module.place(node)
    return None


def _exemptions(project: Project) -> Iterator[Remark]:
    for function in project.functions:
        if is_test(function.place.path):
            continue
        for decorator in function.decorators:
            name = decorator.text.partition("(")[0]
            if name.endswith(".exempt") and _LIMITS.search(name):
                if _CHEAP.search(function.name):
                    yield RULE.site(decorator.place, "a health check may be exempt")
                else:
                    why = f"{function.name} is exempt from every limit."
                    yield RULE.finding(decorator.place, _ATTACK, why, fix="Give it a limit of its own.")
            elif name.endswith(".limit") or _LIMITS.search(name):
                yield RULE.site(decorator.place, "limited")


def _throttles(project: Project) -> Iterator[Remark]:
    """Django REST framework's settings and views."""
    tables: list[Setting] = []
    throttled = False
    for setting in project.settings:
        if (
            setting.key == "REST_FRAMEWORK"
            and isinstance(setting.node, nodes.Table)
            and not is_test(setting.place.path)
        ):
            tables.append(setting)
        if setting.key in _THROTTLES and not is_test(setting.place.path):
            throttled = True
            if isinstance(setting.node, nodes.Items) and not setting.node.elements:
                yield RULE.finding(setting.place, _ATTACK, "The list of throttles is empty.", fix=_FIX)
            else:
                yield RULE.site(setting.place, "throttled")
    for setting in tables if not throttled and not _has_limits(project) else ():
        if len(project.modules) > 1 and not names_development(setting.place.path):
            why = "No throttle class is set, and the framework has none by default."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _judge_logins(call: Call, project: Project) -> Iterator[Remark]:
    """Where a limiter has no default, the routes of authentication need a limit each."""
    if call.expands or call.argument(None, "default_limits", "application_limits") is not None:
        return
    for route in project.routes:
        if route.changes_state and _AUTH.search(f"{route.path} {route.handler.name}") and not _is_limited(route):
            why = f"{route.path or route.handler.name} has no limit, and the limiter has no default."
            yield RULE.finding(route.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _is_limited(route: Route) -> bool:
    texts = [decorator.text for decorator in route.handler.decorators]
    texts += [dependency.text for dependency in route.dependencies]
    return any("limit" in text.lower() or "throttl" in text.lower() for text in texts)


def _has_limits(project: Project) -> bool:
    """Whether something in the project limits: a library, a middleware, a module of its own, a server in front."""
    if any(_LIMITS.search(name) and "django.core" not in name for name in project.imports):
        return True
    for call in project.calls("*.add_middleware", "*.Middleware"):
        if call.arguments and _LIMITS.search("_".join(split_words(call.arguments[0].words))):
            return True
    definitions = (definition.qualified for module in project.modules for definition in module.definitions)
    if any(_OWN.search(name) for name in definitions):
        return True
    servers = project.configs("nginx", "caddy", "yaml", "toml", "terraform", "json", "apache")
    return any(_SERVERS.search(source.text) for source in servers if not is_test(source.path))


def _judge_apps(project: Project, limited: bool) -> Iterator[Remark]:
    apps = [app for app in find_apps(project) if app.framework != "django"]
    if not apps or not project.routes:
        if not limited:
            yield RULE.silence(Silence.DOES_NOT_APPLY, "no application with routes is here")
        return
    if limited or _has_limits(project):
        yield from (RULE.site(app.place, "the project limits") for app in apps)
        return
    for app in apps:
        why = "Nothing in the project limits how often a route is called."
        yield RULE.finding(app.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


RULE = Rule(
    slug="api-without-limit",
    control="api-rate-limit",
    languages=("python",),
    unit=("application, limiter or route", "applications, limiters and routes"),
    sound="limited",
    examine=examine,
)
