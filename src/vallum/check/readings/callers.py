"""Who may call a route: what refuses strangers before or in its handler, and what says that everybody is meant."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Decorator, Dependency, Function, Route
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words
from vallum.check.responses.apps import find_guards

_STRONG: Final = frozenset({
    "auth", "authenticated", "authenticate", "authorize", "authorized", "authorise", "authorised", "authentication",
    "authorization", "permission", "permissions", "permitted", "role", "roles", "protected", "jwt", "principal",
    "admin", "admins", "staff", "identity", "bearer", "credentials", "superuser", "scope", "scopes", "acl", "rbac",
    "apikey", "oauth", "requires", "secured", "actor", "firewall", "logged", "signed", "keycloak", "sso", "perm",
    "perms",
})  # fmt: skip
_PAIRS: Final = (
    ({"require", "required", "requires", "ensure", "enforce", "need", "needs", "only", "must", "guard"},
     {"user", "login", "session", "token", "key", "owner", "account", "member", "access", "customer", "tenant"}),
    ({"current", "active", "authed", "api", "get", "caller", "calling"},
     {"user", "actor", "account", "member", "claims", "customer", "tenant", "subject", "caller", "viewer"}),
    ({"current", "signed", "valid", "check", "verify", "validate", "access", "read", "load", "parse", "decode"},
     {"session", "token", "key", "signature", "access", "jwt", "claims", "identity", "login"}),
    ({"session", "token", "logged", "bearer", "cookie", "api"}, {"user", "caller", "account", "key"}),
    ({"user"}, {"passes", "is"}),
)  # fmt: skip
_NEVER: Final = frozenset({
    "csrf", "xsrf", "limit", "limited", "limiter", "throttle", "throttled", "rate", "optional", "maybe", "anonymous",
    "exempt", "cors", "log", "logging", "cache", "db", "database", "settings", "config", "allow",
})  # fmt: skip
_NO_REFUSAL: Final = frozenset({
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.RemoteUserMiddleware",
    "starlette.middleware.authentication.AuthenticationMiddleware",
    "starlette.middleware.sessions.SessionMiddleware",
})  # fmt: skip
_REFUSES: Final = re.compile(
    r"\b(?:401|403)\b|HTTP_40[13]|\bUnauthorized\b|\bForbidden\b|\bHttpResponseForbidden\b|\bPermissionDenied\b|PermissionError"
    r"|NotAuthenticated|AuthenticationFailed|\bis_authenticated\b|\blogin_url\b|[\"']/?(?:\w+[./])?(?:login|sign_?in)[\"'?/]"
    r"|\bcurrent_actor\(|\bCurrentActor\b|\bhas_perm\w*\(|\.unauthorized\(",
)
_OPEN_MARKS: Final = frozenset({"public", "anonymous", "unauthenticated", "unprotected", "everybody"})
_CHECKS_PROOF: Final = re.compile(
    r"compare_digest|construct_event|verify_signature|verify_webhook|constant_time_compare|webhook_signature"
)
_IDENTITY: Final = re.compile(
    r"\bcurrent_user\b|\brequest\.user\b|(?<![\w.])session\[[\"']|\brequest\.session\[|\bg\.user\b|request\.state\.user"
)
_PURPOSE_WORDS: Final = frozenset({
    "login", "signin", "logout", "signout", "signup", "register", "registration", "forgot", "health", "healthz",
    "healthcheck", "livez", "readyz", "liveness", "readiness", "ready", "ping", "robots", "favicon", "sitemap",
    "static", "callback", "jwks", "csp", "webhook", "webhooks", "unsubscribe", "landing", "home", "index", "about",
    "imprint", "terms", "privacy", "contact", "welcome", "manifest", "openapi", "recover",
})  # fmt: skip
_PURPOSE: Final = re.compile(
    r"(?:^|[/_.-])(?:log[_-]?in|sign[_-]?(?:in|up|out)|log[_-]?out|(?:password[_-])?reset(?:[_-]password)?|forgot(?:[_-]password)?"
    r"|verify(?:[_-](?:e?mail|page|address))?|confirm(?:[_-]e?mail)?|activate|token|\.well-known|authorize|captcha|security\.txt)(?:$|[/_.-])"
)
_ERROR_PAGE: Final = re.compile(
    r"(?:server_error|page_not_found|bad_request|permission_denied|csrf_failure|not_found|handler\d{3}|error_?\d*(?:_page)?)"
)
_STORED: Final = re.compile(
    r"\.objects\b|\.query\b|\.execute\(|\.scalars?\(|\bsession\.\w+\(|\b(?:db|database|conn|cursor|repo|repository|store)\."
)
_STORES: Final = frozenset({
    "store", "stores", "models", "model", "database", "db", "repository", "repositories", "repo", "services",
    "service", "storage", "dao", "crud", "queries",
})  # fmt: skip
_RISKY: Final = re.compile(r"admin|internal|debug|config|export|backup|users|manage", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Access:
    """How a route stands to strangers."""

    checked: str = ""
    """What refuses them; empty when nothing does."""
    open: str = ""
    """Why everybody is meant; empty when nothing says so."""
    unsure: bool = False
    """Whether the handler uses the caller's identity, so that a stranger may fail by accident."""


class Callers:
    """Who may call the routes of one project."""

    def __init__(self, project: Project) -> None:
        """Look when first asked."""
        self._project = project
        self._origins = origins_of(project)
        self._texts: dict[str, str] = {}

    @cached_property
    def has_guard(self) -> bool:
        """Whether Vallum's guard closes every route that declares nothing."""
        return bool(find_guards(self._project))

    @cached_property
    def _default(self) -> str:
        """What closes every view of Django REST framework by its settings."""
        for setting in self._project.settings:
            closed = "AllowAny" not in setting.text and "ReadOnly" not in setting.text
            if setting.key == "DEFAULT_PERMISSION_CLASSES" and closed and not is_test(setting.place.path):
                return "DEFAULT_PERMISSION_CLASSES"
        return ""

    def access(self, route: Route) -> Access:
        """How a route stands to strangers."""
        marked = next((note for note in self._open_marks(route)), "")
        if marked:
            return Access(open=marked)
        checked = next((note for note in self._checks(route)), "")
        if checked:
            return Access(checked=checked)
        if self.has_guard:
            return Access(checked="the guard closes what declares nothing")
        purpose = _purpose(route)
        return Access(open=purpose, unsure=_IDENTITY.search(route.handler.text) is not None)

    def _open_marks(self, route: Route) -> Iterator[str]:
        for decorator in route.handler.decorators:
            words = set(split_words(_word(decorator)))
            if words & _OPEN_MARKS or {"login", "exempt"} <= words or {"login", "not", "required"} <= words:
                yield f"@{_word(decorator)}"
            if any("AllowAny" in argument.text for argument in decorator.arguments):
                yield "AllowAny"
        if set(split_words(route.handler.name)) & {"public"}:
            yield "it is named public"
        if "AllowAny" in self._class_value(route.handler, "permission_classes"):
            yield "AllowAny"

    def _checks(self, route: Route) -> Iterator[str]:
        """What refuses strangers, from the nearest to the farthest."""
        handler = route.handler
        for decorator in handler.decorators:
            if self._is_check(decorator):
                yield f"@{_word(decorator)}"
        for dependency in route.dependencies:
            if self._refuses(dependency):
                yield _short(dependency)
        yield from self._checks_of_class(handler)
        if _REFUSES.search(handler.text) or _CHECKS_PROOF.search(handler.text):
            yield "its body refuses"
        for call in handler.calls:
            word = call.words if call.method == "?" else call.method
            if names_check(word):
                yield f"{word}()"

    def _checks_of_class(self, handler: Function) -> Iterator[str]:
        for base in handler.owner_bases:
            word = base.rpartition(".")[2]
            if (word.endswith("Mixin") and names_check(word.removesuffix("Mixin"))) or "LoginRequired" in word:
                yield word
            if word in {"APIView", "GenericAPIView"} and self._default:
                yield self._default
        declared = self._class_value(handler, "permission_classes")
        if declared and declared.strip("[]() \n"):
            yield declared
        for key in ("decorators", "method_decorators"):
            if any(names_check(word) for word in re.findall(r"\w+", self._class_value(handler, key))):
                yield self._class_value(handler, key)

    def _class_value(self, handler: Function, key: str) -> str:
        """The text that a class's body gives to a name, or a base class of the project does."""
        for owner in (handler.owner, *handler.owner_bases):
            definition = self._project.facts.index.by_name.get(owner)
            if definition is None:
                continue
            for node in definition.node.body:
                if isinstance(node, nodes.Assign) and node.value is not None and _gives(node, key):
                    return definition.module.text_of(node.value)
        return ""

    def _is_check(self, decorator: Decorator) -> bool:
        if decorator.name.endswith("method_decorator"):
            return any(
                names_check(word) for argument in decorator.arguments for word in re.findall(r"\w+", argument.text)
            )
        return names_check(_word(decorator)) or self._text_refuses(decorator.name)

    def _refuses(self, dependency: Dependency) -> bool:
        name = dependency.name.removesuffix("()")
        if name in _NO_REFUSAL or (name.startswith("fastapi.security.") and self._is_lenient(dependency)):
            return False
        words = split_words(name.rpartition(".")[2])
        if words and not _NEVER.isdisjoint(words):
            return False
        return names_check(name.rpartition(".")[2].removesuffix("Middleware")) or self._text_refuses(name)

    def _is_lenient(self, dependency: Dependency) -> bool:
        """`HTTPBearer(auto_error=False)` lets strangers through."""
        found = self._origins.trace(dependency.node, self._origins.scope_at(dependency))
        return any(
            key == "auto_error" and isinstance(value, nodes.Const) and value.value is False
            for node, _ in found
            if isinstance(node, nodes.Call)
            for key, value in node.keywords
        )

    def _text_refuses(self, name: str) -> bool:
        """Whether a function or class of the project refuses somebody, itself or by what it calls."""
        if name not in self._texts:
            definition = self._project.facts.index.by_name.get(name)
            self._texts[name] = definition.module.text_of(definition.node) if definition is not None else ""
            function = self._origins.function_named(name)
            for call in function.calls if function is not None else ():
                inner = self._origins.function_named(call.name)
                self._texts[name] += f"\n{inner.text}" if inner is not None else ""
        text = self._texts[name]
        return _REFUSES.search(text) is not None and re.search(r"csrf|origin|rate_?limit", text, re.IGNORECASE) is None


def names_check(name: str) -> bool:
    """Whether a name says that strangers are refused: `login_required`, `current_user`, `require_permission`."""
    words = set(split_words(name))
    if words & _NEVER:
        return False
    if words & _STRONG:
        return True
    return any(words & first and words & second - first for first, second in _PAIRS)


def is_risky(route: Route) -> bool:
    """Whether path or name speak of administration, users or the inside of the application."""
    return _RISKY.search(f"{route.path} {route.handler.name}") is not None


def touches_data(route: Route) -> bool:
    """Whether the handler reads or writes what is stored, as far as its own lines tell."""
    if _STORED.search(route.handler.text):
        return True
    names = [call.name for call in route.handler.calls]
    names += [dependency.name for dependency in route.dependencies if dependency.level == "handler"]
    return any(
        not _STORES.isdisjoint(name.split(".")[:-1]) or name.endswith(("get_session", "get_db")) for name in names
    )


def _purpose(route: Route) -> str:
    """Why strangers must be able to call it: signing in, health checks, the front page."""
    if is_risky(route):
        return ""
    if route.path == "/" and "GET" in route.methods:
        return "the front page"
    if _ERROR_PAGE.fullmatch(route.handler.name):
        return "an error page"
    fixed = [part for part in route.path.lower().split("/") if part and part[0] not in "{<"]
    words = {*split_words(route.handler.name), *(fixed[-1:] if fixed else ())}
    if words & _PURPOSE_WORDS:
        return f"open by its purpose: {', '.join(sorted(words & _PURPOSE_WORDS))}"
    match = _PURPOSE.search("/".join(fixed)) or _PURPOSE.search(route.handler.name)
    return f"open by its purpose: {match[0].strip('/_.-')}" if match else ""


def _gives(node: nodes.Assign, key: str) -> bool:
    return any(isinstance(target, nodes.Name) and target.id == key for target in node.targets)


def _word(decorator: Decorator) -> str:
    """The last word of a decorator, also when nobody knows where it comes from."""
    return decorator.words if decorator.name.endswith("?") else decorator.name.rpartition(".")[2]


def _short(dependency: Dependency) -> str:
    return dependency.name.removesuffix("()").rpartition(".")[2]


@lru_cache(maxsize=2)
def callers_of(project: Project) -> Callers:
    """The callers of a project, worked out once."""
    return Callers(project)
