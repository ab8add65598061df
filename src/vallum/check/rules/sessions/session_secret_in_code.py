"""Secrets of sessions that stand in the code, have a default, or sign something else as well."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Setting, last_word
from vallum.check.flow.folding import fold
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_SECRETS: Final = re.compile(
    r"^(?:SECRET_KEY|secret_key|SESSION_SECRET(?:_KEY)?|session_secret(?:_key)?|CSRF_SIGNING_KEY|CSRF_SECRET(?:_KEY)?"
    r"|WTF_CSRF_SECRET_KEY|COOKIE_SECRET|cookie_secret|SECRET_KEY_FALLBACKS|SECURITY_PASSWORD_SALT)$"
)
_FORMS: Final = frozenset({"name", "item", "keyword", "attribute", "key"})
_JWT: Final = re.compile(r"jwt|token", re.IGNORECASE)
_ATTACK: Final = "Whoever reads the code, or the framework's documentation, writes himself anybody's session."
_FIX: Final = "Read it from the environment and refuse to start without it: read_session_secrets of the guard."
_SHARED: Final = "A value that was made for the one purpose passes for the other."
_SHARED_FIX: Final = "Derive a key for each purpose: derive_keys(secrets, purpose)."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every setting that holds the secret of a session."""
    looked = False
    for setting in project.settings:
        if _SECRETS.match(setting.key) and setting.form in _FORMS and not is_test(setting.place.path):
            if names_development(f"{setting.place.path} {setting.place.scope}") or _is_of_another(setting):
                continue
            for remark in _judge(setting, project):
                looked = True
                yield remark
    for call in project.calls("*.read_session_secrets", "*.derive_keys"):
        if not is_test(call.place.path):
            looked = True
            yield RULE.site(call.place, "refuses to start without it")
    if not looked and not project.uses("flask", "django", "starlette.middleware.sessions"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no session is signed here")


def _is_of_another(setting: Setting) -> bool:
    """A `secret_key` of object storage or of a client of another service is none of a session's."""
    if setting.form != "keyword":
        return setting.form == "key" and setting.key.islower()
    return not re.search(
        r"Session|Flask|cookie|csrf|add_middleware|Middleware|config\.(?:update|from_mapping)", setting.target
    )


def _judge(setting: Setting, project: Project) -> Iterator[Remark]:
    if isinstance(setting.constant, str | bytes) and setting.constant and not _is_placeholder(setting):
        yield RULE.finding(setting.place, _ATTACK, f"{setting.key} is a literal.", fix=_FIX)
        return
    default = _default_of(setting, project)
    if default:
        why = f"Without the variable, {setting.key} is {default}."
        yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
    elif (shared := _shared_name(setting)) != "":
        why = f"`{shared}` is the secret of tokens, and signs sessions too."
        yield RULE.finding(setting.place, _SHARED, why, fix=_SHARED_FIX)
    elif _is_required(setting):
        yield RULE.site(setting.place, "from outside, and required")


def _is_placeholder(setting: Setting) -> bool:
    return str(setting.constant).startswith(("${", "{{", "<"))


def _default_of(setting: Setting, project: Project) -> str:
    """The literal that counts when the environment says nothing; empty where there is none."""
    origins = origins_of(project)
    scope = origins.scope_at(setting)
    for node, home in origins.trace(setting.node, scope, lambda *_: False):
        if isinstance(node, nodes.Logic) and node.operator == "or":
            last = fold(node.values[-1], home, project.facts.names)
            if isinstance(last, str | bytes) and last:
                return "the literal after `or`"
        if isinstance(node, nodes.Call) and _reads(node):
            given = [*node.arguments[1:2], *(value for key, value in node.keywords if key == "default")]
            if any(isinstance(fold(value, home, project.facts.names), str) for value in given):
                text = next(str(fold(value, home, project.facts.names)) for value in given)
                return "empty" if not text else "the literal beside it"
    return ""


def _reads(node: nodes.Call) -> bool:
    """`os.environ.get(NAME, default)`, `os.getenv(NAME, default)`, `config(NAME, default=...)`, `env.str(...)`."""
    function = node.function
    word = function.name if isinstance(function, nodes.Attribute) else last_word(function)
    return word in {"get", "getenv", "config", "env", "str", "environ"} and bool(node.arguments)


def _shared_name(setting: Setting) -> str:
    """The environment variable of tokens, where it is read for a session."""
    match = re.search(r"(?:environ(?:\.get)?[\[(]|getenv\()\s*[\"'](\w*)[\"']", setting.text)
    return match[1] if match and _JWT.search(match[1]) and "CSRF" not in match[1] else ""


def _is_required(setting: Setting) -> bool:
    required = re.search(r"environ\[|required|require_|secret|vault|\.get_secret", setting.text, re.IGNORECASE)
    return required is not None and not setting.known


RULE = Rule(
    slug="session-secret-in-code",
    control="session-secret",
    languages=("python",),
    unit=("secret of sessions", "secrets of sessions"),
    sound="from outside",
    examine=examine,
)
