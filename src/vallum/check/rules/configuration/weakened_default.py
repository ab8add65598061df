"""Opt-outs of what is safe, parameters whose default is unsafe, and accounts with a known password."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, Setting
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.readings.gates import is_gated
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark
from vallum.findings.place import Place

_ATTACK: Final = "What nobody thought of stands open, because open is what it is when nothing is said."
_OPT_OUT: Final = "Leave the safe default, or record the reason: accepted_risks of the guard, or a suppression here."
_KNOWN: Final = "Whoever reads the documentation, or tries the ten usual passwords, is signed in."
_FALSE: Final = frozenset({
    "verify_ssl", "ssl_verify", "verify_tls", "verify_certs", "verify_cert", "check_hostname", "httponly", "autoescape",
    "validate_certs", "require_auth", "auth_required", "csrf_protect", "csrf_enabled", "escape_html",
})  # fmt: skip
_TRUE: Final = frozenset({
    "allow_all", "allow_anonymous", "allow_http", "allow_insecure", "insecure", "skip_auth", "skip_verification",
    "disable_csrf", "disable_auth", "permit_all", "no_verify", "trust_all",
})  # fmt: skip
_PASSED: Final = {"verify": re.compile(r"\bverify\s*=\s*verify\b"), "secure": re.compile(r"\bsecure\s*=\s*secure\b")}
_DEFAULTS: Final = frozenset({
    "admin", "administrator", "password", "passw0rd", "changeme", "change-me", "secret", "test", "demo", "guest",
    "root", "123456", "12345678", "default", "letmein", "qwerty", "admin123", "password1", "toor", "user",
    "welcome", "pass",
})  # fmt: skip
_CREATORS: Final = re.compile(
    r"(?:create_?\w*(?:user|superuser|account|admin)|add_user|set_password|\w*(?:User|Account|Admin|Member))$"
)
_HASHERS: Final = re.compile(r"hash|make_password|encrypt|crypt", re.IGNORECASE)
_PROOF: Final = re.compile(r"compare_digest|signature|construct_event|hmac|authorization|bearer|api_key", re.IGNORECASE)
_SWITCHES: Final = frozenset({"autoescape", "WTF_CSRF_ENABLED"})
_REASON: Final = 3
"""So many words make a reason."""
_OPEN: Final = ("AllowAny", "permit_all")
_OPTIONS: Final = frozenset({
    "DEFAULT_PERMISSION_CLASSES", "ALLOWED_HOSTS", "allowed_hosts", "autoescape", "WTF_CSRF_ENABLED",
})  # fmt: skip


def examine(project: Project) -> Iterator[Remark]:
    """Look at opt-outs, at the defaults of parameters, and at accounts that code creates."""
    for setting in project.settings:
        if _may_matter(setting) and not _is_aside(setting.place):
            yield from _judge_setting(setting)
    for function in project.functions:
        yield from _judge_function(function)
    words = [word for word in project.facts.call_nodes if _CREATORS.search(word)]
    for call in project.calls(*words, *(f"*.{word}" for word in words)) if words else ():
        if not _is_aside(call.place):
            yield from _judge_account(call)
    for call in project.calls("os.environ.get", "os.getenv"):
        if "PASSWORD" in str(call.constant_of(0, "key")) and not _is_aside(call.place):
            yield from _judge_fallback(call)


def _is_aside(place: Place) -> bool:
    return (
        is_test(place.path)
        or is_document(place.path)
        or names_development(place.path)
        or names_development(place.scope)
    )


def _may_matter(setting: Setting) -> bool:
    return setting.key.startswith("unsafe_") or setting.key in _OPTIONS


def _judge_setting(setting: Setting) -> Iterator[Remark]:
    key = setting.key
    if is_gated(setting.module, setting.node) or (key == "autoescape" and setting.form != "keyword"):
        return
    if key.startswith("unsafe_") and key != "unsafe_hash" and setting.form == "keyword":
        yield from _judge_unsafe(setting)
    elif key == "DEFAULT_PERMISSION_CLASSES":
        opened = next((word for word in _OPEN if word in setting.text), "")
        yield _tell(setting, f"{opened} is the default of every view." if opened else "", "views are closed by default")
    elif key.lower() == "allowed_hosts" and isinstance(setting.constant, list | tuple):
        yield _tell(setting, "Any Host header is believed." if "*" in setting.constant else "", "named hosts only")
    elif isinstance(setting.constant, bool) and key in _SWITCHES:
        yield _tell(setting, "" if setting.constant else f"{key} is switched off.", f"{key} is on")


def _tell(setting: Setting, why: str, note: str) -> Remark:
    return RULE.finding(setting.place, _ATTACK, why, fix=_OPT_OUT) if why else RULE.site(setting.place, note)


def _judge_unsafe(setting: Setting) -> Iterator[Remark]:
    line = setting.place.line
    text = "\n".join(setting.module.source.lines[max(line - 12, 0) : line + 12])
    if setting.constant in {False, None, ()}:
        yield RULE.site(setting.place, "left off")
    elif "accepted_risks" in text or len(setting.module.source.line(line).partition("# ")[2].split()) >= _REASON:
        yield RULE.site(setting.place, "a risk that is accepted with a reason")
    elif setting.constant is True:
        yield RULE.finding(setting.place, _ATTACK, f"{setting.key} weakens the default.", fix=_OPT_OUT)


def _judge_function(function: Function) -> Iterator[Remark]:
    if _is_aside(function.place):
        return
    for decorator in function.decorators:
        word = decorator.name.rpartition(".")[2] if not decorator.name.endswith("?") else decorator.words
        if word == "csrf_exempt":
            if _PROOF.search(function.text):
                yield RULE.site(decorator.place, "the caller proves itself otherwise")
            else:
                yield RULE.finding(
                    decorator.place, _ATTACK, "The check of CSRF tokens is off for this view.", fix=_OPT_OUT
                )
        elif word in {"permit_all", "allow_anonymous"}:
            yield RULE.finding(
                decorator.place, _ATTACK, f"{word} opens it to everybody.", fix=_OPT_OUT, confidence=Confidence.MEDIUM
            )
    unsafe = [
        parameter.name
        for parameter in function.parameters
        if parameter.default is not None and _is_unsafe(parameter.name, parameter.default.constant, function)
    ]
    if unsafe and not function.name.startswith("delete"):
        why = f"By default {', '.join(unsafe)} is not safe."
        fix = "Turn the default round, and name the opt-out unsafe_..."
        yield RULE.finding(function.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)
    elif any(
        parameter.name in _FALSE and parameter.default is not None and parameter.default.constant is True
        for parameter in function.parameters
    ):
        yield RULE.site(function.place, "safe by default")


def _is_unsafe(name: str, default: object, function: Function) -> bool:
    if name in _PASSED:
        return default is False and _PASSED[name].search(function.text) is not None
    return (default is False and name in _FALSE) or (default is True and name in _TRUE)


def _judge_account(call: Call) -> Iterator[Remark]:
    given = call.argument(None, "password", "passwd", "pwd", "password_hash", "hashed_password", "raw_password")
    if given is None and call.method == "set_password":
        given = call.argument(0)
    if given is None and "user" in call.method:
        given = call.argument(2)
    if given is None:
        return
    text = given.constant if isinstance(given.constant, str) else _hashed(given.node)
    if text.lower() in _DEFAULTS:
        why = "The account is created with a password that everybody tries."
        yield RULE.finding(call.place, _KNOWN, why, fix="Send an invitation, or draw a password and show it once.")


def _judge_fallback(call: Call) -> Iterator[Remark]:
    """A password of the environment that has a default."""
    default = call.constant_of(1, "default", default=None)
    if isinstance(default, str) and default.lower() in _DEFAULTS:
        why = "When the variable is missing, the password is one that everybody tries."
        yield RULE.finding(call.place, _KNOWN, why, fix="Refuse to start without it.")
    elif default is None:
        yield RULE.site(call.place, "no default password")


def _hashed(node: nodes.Expression) -> str:
    """The constant that is hashed within an expression."""
    for part in iter_nodes(node):
        if isinstance(part, nodes.Call) and part.arguments:
            name = (
                part.function.name if isinstance(part.function, nodes.Attribute) else getattr(part.function, "id", "")
            )
            first = part.arguments[0]
            if _HASHERS.search(name) and isinstance(first, nodes.Const) and isinstance(first.value, str):
                return first.value
    return ""


RULE = Rule(
    slug="weakened-default",
    control="secure-defaults",
    languages=("python",),
    unit=("option or default", "options and defaults"),
    sound="safe",
    examine=examine,
)
