"""Tokens of password resets that can be guessed or read, and links that lead where the attacker wants."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, Setting, last_word
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Finding, Remark, Silence, Site
from vallum.findings.place import Place

_GUESSABLE: Final = re.compile(
    r"random\.(?:choices?|random|randint|randrange|sample|getrandbits|uniform)|uuid\.uuid[135]|time\.time(?:_ns)?"
    r"|datetime\.datetime\.(?:now|utcnow)\(?\)?(?:\.timestamp)?|hashlib\.(?:md5|sha\d+)|random\.Random\(\)\.\w+"
)
_SOUND: Final = (
    "secrets.token_urlsafe", "secrets.token_hex", "secrets.token_bytes", "os.urandom", "uuid.uuid4",
    "vallum.guard.crypto.random.token",
)  # fmt: skip
_SIZES: Final = {"secrets.token_urlsafe": 16, "secrets.token_hex": 16, "secrets.token_bytes": 16, "os.urandom": 16}
_ABOUT: Final = re.compile(r"reset|forgot|recover", re.IGNORECASE)
_TOKENS: Final = frozenset({"token", "code", "key", "secret"})
_DIGESTED: Final = re.compile(r"digest|hash|hmac|sha\d|seal|encrypt", re.IGNORECASE)
_HOST: Final = re.compile(
    r"request\.(?:host(?:_url)?|url_root|base_url|get_host\(|build_absolute_uri\(|url\.(?:netloc|hostname)"
    r"|headers(?:\.get\(|\[)\s*[\"'](?:x-forwarded-)?host[\"'])",
    re.IGNORECASE,
)
_SERVICES: Final = ("django.contrib.auth.tokens.PasswordResetTokenGenerator", "*PasswordReset", "*.PasswordResetView")
_ATTACK: Final = "Whoever can compute or read the token sets a new password for another's account."
_HOST_ATTACK: Final = "A request with a forged Host makes the mail carry a link to the attacker, with the token in it."
_FIX: Final = "Draw secrets.token_urlsafe(32), store its SHA-256 digest, and let it live for 15 minutes."
_HOST_FIX: Final = "Take the site's origin from the settings."


def examine(project: Project) -> Iterator[Remark]:
    """Look at the functions that deal with resets, and at the fields that hold their tokens."""
    seen: set[object] = set()
    for function in project.functions:
        if not is_test(function.place.path) and _is_reset(function):
            for remark in (*_judge_values(function, project), *_judge_links(function)):
                if remark.where not in seen:
                    seen.add(remark.where)
                    yield remark
    for setting in project.settings:
        if _stores_raw(setting, project) and setting.place not in seen:
            seen.add(setting.place)
            yield RULE.finding(setting.place, _ATTACK, f"{setting.key} holds the token as it is.", fix=_FIX)
    for call in project.calls(*_SERVICES):
        if not is_test(call.place.path):
            seen.add(call.place)
            yield RULE.site(call.place, "a service made for it")
    if not seen:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no password is reset by a token")


def _is_reset(function: Function) -> bool:
    return _ABOUT.search(f"{function.name} {function.owner.rpartition('.')[2]}") is not None


def _judge_values(function: Function, project: Project) -> Iterator[Finding | Site]:
    """What is given to a token, or returned by a function that makes one."""
    scope, judged = origins_of(project).scope_of(function), set[int]()
    makes = not {"token", "code"}.isdisjoint(split_words(function.name))
    for node in scope.nodes:
        value = None
        if (isinstance(node, nodes.Assign) and any(_is_token(last_word(target)) for target in node.targets)) or (
            isinstance(node, nodes.Return) and makes
        ):
            value = node.value
        if value is None:
            continue
        for inner in iter_nodes(value):
            if isinstance(inner, nodes.Call) and id(inner) not in judged:
                judged.add(id(inner))
                yield from _judge_call(project.facts.call(inner, scope), function.module.place(node))


def _judge_call(call: Call, place: Place) -> Iterator[Finding | Site]:
    if _GUESSABLE.fullmatch(call.name) and not _SECURE.search(call.text):
        yield RULE.finding(place, _ATTACK, f"The token comes from {call.name}, which can be guessed.", fix=_FIX)
    elif call.name in _SOUND:
        size = call.constant_of(0, "nbytes", "size", default=32)
        if isinstance(size, int) and size < _SIZES.get(call.name, 0):
            yield RULE.finding(place, _ATTACK, f"The token has {size} bytes only.", fix=_FIX)
        else:
            yield RULE.site(place, call.name)


_SECURE: Final = re.compile(r"secrets\.|SystemRandom|token_|digest\(|\btoken\b|pbkdf2")


def _is_token(word: str) -> bool:
    words = set(split_words(word))
    return not words.isdisjoint(_TOKENS) and words.isdisjoint({"digest", "hash", "hashed", "status"})


def _judge_links(function: Function) -> Iterator[Finding | Site]:
    """A link that is built from the request's Host header."""
    lines = function.text.splitlines()
    for offset, line in enumerate(lines):
        if _HOST.search(line):
            start = function.node.line + offset
            found = next((call.place for call in function.calls if call.place.line == start), None)
            place = found or _line(function, start)
            yield RULE.finding(place, _HOST_ATTACK, f"`{line.strip()}` builds on the Host header.", fix=_HOST_FIX)


def _line(function: Function, line: int) -> Place:
    for node in iter_nodes(function.node):
        if node.line == line:
            return function.module.place(node)
    return function.place


def _stores_raw(setting: Setting, project: Project) -> bool:
    """`user.reset_token = token`, or `Reset(token=token)`: the field is written with the token itself."""
    words = split_words(setting.key)
    if is_test(setting.place.path) or setting.form not in {"attribute", "keyword", "item"}:
        return False
    is_field = {"reset", "token"} <= set(words) or {"reset", "code"} <= set(words)
    of_reset = words in {("token",), ("code",)} and _ABOUT.search(setting.target.rpartition(".")[0] or "") is not None
    if setting.form == "keyword" and not _is_model(setting):
        return False
    if not (is_field or of_reset) or _DIGESTED.search(setting.text) or isinstance(setting.node, nodes.Const):
        return False
    made = origins_of(project).trace(setting.node, origins_of(project).scope_at(setting))
    calls = [node for node, _ in made if isinstance(node, nodes.Call)]
    return bool(calls) and not any(_DIGESTED.search(last_word(node.function)) for node in calls)


def _is_model(setting: Setting) -> bool:
    """Whether a keyword is a column's: `ResetToken(token=...)`, `Reset.objects.create(token=...)`, `insert(...)`."""
    name = setting.target
    return bool(re.search(r"(?:^|\.)[A-Z]\w+(?:\(\))?$|\.(?:create|insert|update|values)\b|insert", name))


RULE = Rule(
    slug="weak-reset-token",
    control="password-reset-token",
    languages=("python",),
    unit=("token or link of a reset", "tokens and links of resets"),
    sound="random",
    examine=examine,
)
