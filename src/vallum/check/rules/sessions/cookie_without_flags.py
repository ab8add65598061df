"""Cookies that travel in clear, that scripts can read, that other sites can use, or that subdomains can overwrite."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Argument, Call, Value
from vallum.check.flow.folding import UNKNOWN
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words
from vallum.check.responses.apps import find_guards
from vallum.check.responses.text import UNKNOWN_PART, read_text
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_SETTERS: Final = ("*.set_cookie", "*.set_signed_cookie", "*.set_secure_cookie")
_APPENDERS: Final = ("*.append", "*.add", "*.set", "*.setdefault", "*.add_header", "*.set_header")
_POLICIES: Final = ("vallum.guard.sessions.cookies.CookiePolicy",)
_PLAIN_WORDS: Final = frozenset({
    "theme", "lang", "language", "locale", "consent", "timezone", "tz", "color", "colour", "currency", "banner",
    "layout",
})  # fmt: skip
_SESSION_WORDS: Final = frozenset({
    "session", "sessionid", "sessid", "sid", "auth", "token", "jwt", "login", "remember", "refresh", "access",
    "jsessionid", "phpsessid", "user", "uid",
})  # fmt: skip
_SCRIPT_WORDS: Final = frozenset({"csrf", "xsrf", "csrftoken", "xsrftoken"})
_ATTACK: Final = "Whoever gets at the session's cookie is signed in as its owner."
_FIX: Final = (
    'Set it with a name that begins with "__Host-", secure=True, httponly=True, samesite="Strict" and no domain.'
)
_LAX_BY_DEFAULT: Final = ("fastapi", "starlette")
_NONE_BY_DEFAULT: Final = ("flask", "django", "werkzeug", "quart", "aiohttp")
_IMPORT: Final = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every cookie that is set, by call or as a header."""
    remarks = [*_judge_calls(project), *_judge_headers(project), *_judge_guard(project)]
    yield from remarks
    if not remarks and not any(True for _ in project.calls(*_SETTERS)):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no cookie is set by a call")


def _judge_calls(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_SETTERS):
        name = call.argument(0, "key", "name")
        if call.expands or name is None or len(call.arguments) < 2 or is_test(call.place.path) or _expires(call):
            continue
        words = set(split_words(name.constant)) if isinstance(name.constant, str) else set()
        if not words.isdisjoint(_PLAIN_WORDS):
            continue
        lacks, unsure = _lacks(call, name, words, project)
        if lacks:
            sure = not words or not words.isdisjoint(_SESSION_WORDS)
            only_named = lacks == ["the prefix __Host- in its name"]
            confidence = Confidence.HIGH if sure and not only_named else Confidence.MEDIUM
            why, cwe = f"It {_sentence(lacks)}.", _weaknesses(lacks)
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=confidence, cwe=cwe)
        elif not unsure:
            yield RULE.site(call.place)


def _expires(call: Call) -> bool:
    """Whether the call takes a cookie away."""
    return 0 in (call.constant_of(2, "max_age"), call.constant_of(3, "expires"))


def _lacks(call: Call, name: Argument, words: set[str], project: Project) -> tuple[list[str], bool]:
    """What is certainly missing, and whether something else cannot be told."""
    positional = not call.name.endswith(("_signed_cookie", "_secure_cookie"))
    lacks, unsure = [], False
    flags = [("Secure", 6, "secure")]
    if words.isdisjoint(_SCRIPT_WORDS):
        flags.append(("HttpOnly", 7, "httponly"))
    for flag, position, keyword in flags:
        values = _values(call, position if positional else None, keyword, project)
        if any(value is not UNKNOWN and not value for value in values):
            lacks.append(flag)
        unsure |= UNKNOWN in values
    same_site = _values(call, 8 if positional else None, "samesite", project, default=_default_site(call, project))
    for value in same_site:
        if value is UNKNOWN:
            unsure = True
        elif not isinstance(value, str) or value.lower() not in {"strict", "lax"}:
            lacks.append("SameSite" if not value else f"a SameSite other than {value}")
            break
    return [*lacks, *_name_lacks(call, name, words, positional)], unsure


def _name_lacks(call: Call, name: Argument, words: set[str], positional: bool) -> Iterator[str]:
    domain = call.argument(5 if positional else None, "domain")
    if domain is not None and domain.known and domain.constant:
        yield "a scope without Domain"
    path = call.constant_of(4 if positional else None, "path", default="/")
    bare = isinstance(name.constant, str) and not name.constant.startswith("__Host-")
    if bare and path == "/" and not words.isdisjoint(_SESSION_WORDS) and words.isdisjoint(_SCRIPT_WORDS):
        yield "the prefix __Host- in its name"


def _values(call: Call, position: int | None, keyword: str, project: Project, default: object = None) -> list[object]:
    argument = call.argument(position, keyword)
    return [default] if argument is None else origins_of(project).constants(argument, call.function)


def _default_site(call: Call, project: Project) -> object:
    """What a framework sends when nothing is said: Starlette `Lax`, the others nothing."""
    head = call.name.partition(".")[0]
    imported = {head, *_IMPORT.findall(call.module.source.text)}
    if not imported.isdisjoint(_NONE_BY_DEFAULT):
        return None
    if not imported.isdisjoint(_LAX_BY_DEFAULT):
        return "lax"
    return "lax" if project.uses(*_LAX_BY_DEFAULT) and not project.uses(*_NONE_BY_DEFAULT) else None


def _judge_headers(project: Project) -> Iterator[Remark]:
    for value in _header_values(project):
        scope = origins_of(project).scope_at(value)
        text = read_text(value.node, scope, project.facts.names)
        parts = [part.strip().lower() for part in text.split(";")]
        if is_test(value.place.path) or "=" not in parts[0] or (len(parts) == 1 and UNKNOWN_PART in text):
            continue
        names = {part.partition("=")[0]: part.partition("=")[2] for part in parts[1:]}
        lacks = [flag for flag in ("Secure", "HttpOnly") if flag.lower() not in names]
        if names.get("samesite") not in {"strict", "lax"}:
            lacks.append("SameSite")
        if "domain" in names:
            lacks.append("a scope without Domain")
        if any(UNKNOWN_PART in part for part in parts[1:]) or _is_expiry(names):
            continue
        if lacks:
            why, cwe = f"It {_sentence(lacks)}.", _weaknesses(lacks)
            yield RULE.finding(value.place, _ATTACK, why, fix=_FIX, cwe=cwe)
        else:
            yield RULE.site(value.place)


def _header_values(project: Project) -> Iterator[Value]:
    for setting in project.settings:
        if setting.key.lower() == "set-cookie" and setting.form in {"item", "key"}:
            yield setting
    for call in project.calls(*_APPENDERS):
        name = call.constant_of(0)
        value = call.argument(1)
        if isinstance(name, str) and name.lower() == "set-cookie" and value is not None:
            yield value


def _is_expiry(names: dict[str, str]) -> bool:
    return names.get("max-age") == "0"


def _judge_guard(project: Project) -> Iterator[Remark]:
    for call in find_guards(project):
        yield RULE.site(call.place, "the guard's session cookie has every flag")
    for call in project.calls(*_POLICIES):
        if call.argument(None, "unsafe_plain_http") is None and not is_test(call.place.path):
            yield RULE.site(call.place, "the guard's cookie policy")


def _weaknesses(lacks: list[str]) -> tuple[int, ...]:
    """The weakness of each flag that is missing: CWE-614, CWE-1004, CWE-1275."""
    found = [_WEAKNESSES.get(flag, _WEAKNESSES["SameSite"]) for flag in lacks]
    return tuple(dict.fromkeys(found))


_WEAKNESSES: Final = {"Secure": 614, "HttpOnly": 1004, "SameSite": 1275}


def _sentence(lacks: list[str]) -> str:
    return f"lacks {', '.join(lacks[:-1])} and {lacks[-1]}" if len(lacks) > 1 else f"lacks {lacks[0]}"


RULE = Rule(
    slug="cookie-without-flags",
    control="session-cookie-flags",
    languages=("python",),
    unit=("cookie", "cookies"),
    sound="Secure, HttpOnly and SameSite",
    examine=examine,
)
