"""Checks that say yes when they cannot tell: consent after an exception, and allow as a default."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.catches import Catch, find_catches
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Remark
from vallum.findings.place import Place

_ATTACK: Final = "Whoever makes the check fail, by a flood or by odd input, is let through."
_FIX: Final = "Deny in the handler: return the refusing value, raise, or answer 503."
_CONSENT: Final = frozenset({
    "allowed", "permitted", "permission", "permissions", "authorized", "authorised", "authorize", "authorise",
    "authenticated", "authenticate", "verify", "verified", "valid", "granted", "trusted", "may", "can", "has",
    "allow", "perm", "perms", "access", "owns", "entitled", "clean", "safe", "signed",
})  # fmt: skip
_REFUSAL: Final = frozenset({
    "revoked", "blocked", "banned", "infected", "denied", "locked", "blacklisted", "denylisted", "malicious",
    "forbidden", "expired", "suspended", "compromised", "breached", "leaked", "replayed",
})  # fmt: skip
_SUBJECTS: Final = frozenset({
    "token", "password", "access", "role", "signature", "csrf", "session", "auth", "owner", "permission",
    "permissions", "credentials", "key", "login", "user", "origin", "upload", "captcha", "policy", "webhook",
})  # fmt: skip
_WEAK: Final = frozenset({"can", "has", "may", "access", "clean", "safe", "valid", "allow", "signed"})
_CHECKS: Final = re.compile(
    r"^(?:scan|verify|authorize|authorise|authenticate|enforce|decide|is_allowed|is_revoked|check_\w+|validate_(?:token|session|csrf|signature|key|origin)\w*"
    r"|require_\w+|ensure_\w+|has_perm\w*|may_\w+|can_\w+|is_(?:valid|authorized|blocked|banned|infected)\w*)$"
)
_HOOKS: Final = frozenset({"before_request", "before_app_request", "middleware"})
_NEXT: Final = frozenset({"call_next", "get_response", "next", "app"})
_UNAVAILABLE: Final = re.compile(
    r"(?:Down|Unavailable|Timeout|TimeoutError|TimeoutException|ConnectionError|ConnectError|ConnectTimeout|HTTPError|OSError|IOError|RequestException"
    r"|RequestError|RedisError|OperationalError|InterfaceError|ClientError|TransportError|ServiceError|SSLError|NetworkError|Unreachable)$"
)
_DEFAULTS: Final = frozenset({
    "allow", "allowed", "authorized", "authorised", "permitted", "is_allowed", "granted", "authenticated", "verified",
    "is_admin", "is_staff", "is_superuser", "trusted", "has_access", "email_verified", "admin",
})  # fmt: skip


def examine(project: Project) -> Iterator[Remark]:
    """Look at every handler of exceptions within a check, and at the defaults of what a check answers."""
    functions = {function.node: function for function in project.functions}
    for found in find_catches(project):
        node = found.definition.node if found.definition else None
        function = functions.get(node) if isinstance(node, nodes.Function) else None
        if function is not None and not _is_import(found):
            yield from _judge(found, function, project)
    for call in project.calls("*.get", "getattr", "*.pop"):
        if not is_test(call.place.path):
            yield from _judge_default(call)


def _is_import(found: Catch) -> bool:
    return any(isinstance(part, nodes.Import) for part in found.attempt.body)


def _judge(found: Catch, function: Function, project: Project) -> Iterator[Remark]:
    polarity = _polarity(function.name)
    open_at = _next_handler(found, function) or _falls_open(found, function, project)
    if open_at is None and polarity is not None:
        open_at = _consent(found, polarity)
    if open_at is not None:
        why = "An exception in the check ends in consent."
        yield RULE.finding(open_at, _ATTACK, why, fix=_FIX)
    elif polarity is not None or _is_hook(function):
        yield RULE.site(found.place)


def _polarity(name: str) -> bool | None:
    """What the function returns for consent; None when its name does not say that it is a check."""
    words = split_words(name)
    if not words or words[0] in {"get", "set", "load", "make", "create", "test", "on", "handle"}:
        return None
    if _REFUSAL & set(words) and words[0] not in {"unlock", "block"}:
        return False
    if words[0] == "may" and len(words) > 1:
        return True
    strong = _CONSENT & set(words)
    if strong - _WEAK or (
        strong and words[0] in {"may", "can", "has", "is"} and (_SUBJECTS | _CONSENT) & set(words[1:])
    ):
        return True
    return True if words[0] in {"check", "validate"} and _SUBJECTS & set(words[1:]) else None


def _consent(found: Catch, consent: bool) -> Place | None:
    """The line of the handler that returns consent."""
    for node in found.nodes():
        if isinstance(node, nodes.Return) and isinstance(node.value, nodes.Const) and node.value.value is consent:
            return found.module.place(node)
        if isinstance(node, nodes.Return) and not consent and _is_none(node):
            return found.module.place(node)
    return None


def _is_none(node: nodes.Return) -> bool:
    return node.value is None or (isinstance(node.value, nodes.Const) and node.value.value is None)


def _is_hook(function: Function) -> bool:
    words = {decorator.name.rpartition(".")[2] for decorator in function.decorators}
    words |= {decorator.words for decorator in function.decorators}
    return bool(words & _HOOKS) or function.name in {"process_request", "process_view", "dispatch", "before_request"}


def _next_handler(found: Catch, function: Function) -> Place | None:
    """A middleware or decorator that goes on to what it protects."""
    outer = found.definition.outer.node.name if found.definition and found.definition.outer else ""
    words = set(split_words(f"{outer}_{function.name}"))
    guards = words & {
        "auth",
        "authorize",
        "authenticate",
        "require",
        "required",
        "requires",
        "permission",
        "csrf",
        "token",
        "login",
        "protected",
        "verify",
    }
    if not guards and not _checks_something(found):
        return None
    for node in found.nodes():
        if isinstance(node, nodes.Return) and node.value is not None:
            value = node.value.value if isinstance(node.value, nodes.Await) else node.value
            called = value.function if isinstance(value, nodes.Call) else None
            name = (
                called.name
                if isinstance(called, nodes.Attribute)
                else called.id
                if isinstance(called, nodes.Name)
                else ""
            )
            if name in _NEXT or (
                guards and outer and name in {"view", "view_func", "func", "fn", "f", "handler", "function", "wrapped"}
            ):
                return found.module.place(node)
    return None


def _falls_open(found: Catch, function: Function, project: Project) -> Place | None:
    """A hook before each request that lets go when its check is not available."""
    if not _is_hook(function) or found.raises or not _checks_something(found):
        return None
    if not found.is_broad and not any(_UNAVAILABLE.search(word) for word in found.words):
        return None
    refusals = [call for call in found.calls(project) if call.method in {"abort", "exit"} or "Response" in call.method]
    if refusals or any(isinstance(node, nodes.Assign) for node in found.nodes()):
        return None
    last = found.handler.body[-1]
    if isinstance(last, nodes.Return):
        return found.module.place(last) if _is_none(last) else None
    return found.module.place(last) if isinstance(last, nodes.Jump | nodes.Evaluate) else None


def _checks_something(found: Catch) -> bool:
    for part in found.attempt.body:
        for match in re.finditer(r"(\w+)\(", found.module.text_of(part)):
            if _CHECKS.match(match[1]):
                return True
    return False


def _judge_default(call: Call) -> Iterator[Remark]:
    position = 1 if call.method == "getattr" else 0
    key, default = call.constant_of(position), call.constant_of(position + 1, "default", default=None)
    if not isinstance(key, str) or key not in _DEFAULTS:
        return
    if default is True:
        why = f'When "{key}" is missing, the answer is yes.'
        yield RULE.finding(call.place, _ATTACK, why, fix="Ask for a clear yes: `is True` without a default.")
    elif default is False or default is None:
        yield RULE.site(call.place, "a missing answer is no")


RULE = Rule(
    slug="check-fails-open",
    control="fail-closed",
    languages=("python",),
    unit=("check that can fail", "checks that can fail"),
    sound="denies when it fails",
    examine=examine,
)
