"""A Content Security Policy that is missing, lets injected scripts run, or leaves a way around it open."""

from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.responses.apps import find_apps, find_middleware
from vallum.check.responses.policies import ContentPolicy, is_constant, read_policies
from vallum.check.responses.senders import find_sender, serves_anything, serves_pages
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_HEADER: Final = "content-security-policy"
_ATTACK: Final = "A script that an attacker gets into a page runs, with the session of whoever opens it."
_FIX: Final = (
    "Send default-src 'self'; script-src 'nonce-...' with a fresh nonce per response; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'."
)
_SCRIPTS: Final = ("script-src", "script-src-elem", "script-src-attr", "default-src")
_WIDE: Final = ("*", "https:", "http:", "https://*", "http://*", "data:", "blob:")
_CSP_MIDDLEWARE: Final = ("CSPMiddleware", "ContentSecurityPolicyMiddleware", "CSPContextMiddleware")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every policy, and at applications that serve pages without one."""
    policies = read_policies(project)
    remarks = [remark for policy in policies for remark in _judge(policy)]
    if not policies and serves_pages(project):
        remarks += _judge_missing(project)
    yield from remarks
    if not remarks and not serves_anything(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here answers HTTP requests")


def _judge(policy: ContentPolicy) -> Iterator[Remark]:
    blamed = False
    for name in _SCRIPTS:
        for word in policy.directives.get(name, ()):
            reason = _script_weakness(policy, name, word)
            if reason:
                blamed = True
                yield RULE.finding(policy.where(name), _ATTACK, reason, fix=_FIX)
                break
    missing = _missing_directives(policy)
    if missing:
        yield RULE.finding(policy.place, _ATTACK, f"The policy lacks {', '.join(missing)}.", fix=_FIX)
    elif not blamed:
        yield from _judge_styles(policy)


def _judge_styles(policy: ContentPolicy) -> Iterator[Remark]:
    words = (policy.values("style-src") or ()) if "style-src" in policy.directives else ()
    if "'unsafe-inline'" in words and not any(word.startswith(("'nonce-", "'sha")) for word in words):
        why = "style-src allows 'unsafe-inline': injected styles can read secrets out of the page."
        fix = "Name hosts, nonces or hashes instead."
        yield RULE.finding(policy.where("style-src"), _ATTACK, why, fix=fix, confidence=Confidence.LOW)
    elif not policy.open:
        yield RULE.site(policy.place)


def _script_weakness(policy: ContentPolicy, name: str, word: str) -> str:
    words = policy.directives[name]
    if name == "default-src" and "script-src" in policy.directives:
        return ""
    trusted = any(other.startswith(("'nonce-", "'sha")) for other in words)
    if is_constant(word):
        return f"The nonce in {name} is the same on every response, so an attacker knows it."
    if word == "'unsafe-inline'" and not trusted:
        return f"{name} allows 'unsafe-inline', so injected scripts run."
    if word == "'unsafe-eval'":
        return f"{name} allows 'unsafe-eval', so text becomes code."
    if word in _WIDE and not (trusted and "'strict-dynamic'" in words):
        return f"{name} allows {word}, so any host may serve the script."
    return ""


def _missing_directives(policy: ContentPolicy) -> list[str]:
    if policy.open:
        return []
    closed = policy.directives.get("default-src") == ("'none'",)
    missing = [name for name in ("base-uri", "frame-ancestors") if name not in policy.directives]
    if "object-src" not in policy.directives and not closed:
        missing.insert(0, "object-src")
    if policy.values("script-src") is None:
        missing.insert(0, "script-src and default-src")
    return missing


def _judge_missing(project: Project) -> Iterator[Remark]:
    sender = find_sender(project, _HEADER)
    middleware = find_middleware(project)
    if any(one.find(word) for one in middleware for word in _CSP_MIDDLEWARE):
        return
    for app in find_apps(project):
        if sender is None:
            why = "Pages are served, and nothing in the project sends a Content-Security-Policy."
            yield RULE.finding(app.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
        elif sender.place is not None:
            yield RULE.site(app.place, sender.note)


RULE = Rule(
    slug="weak-content-policy",
    control="content-security-policy",
    languages=("python", "nginx"),
    unit=("policy", "policies"),
    sound="closed to injected scripts",
    examine=examine,
)
