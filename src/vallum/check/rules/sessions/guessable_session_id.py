"""Session ids that are made by something other than a generator for secrets, or are too short."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, last_word
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import first_by_place
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Finding, Remark, Silence, Site
from vallum.findings.place import Place

_WEAK: Final = re.compile(
    r"random\.(?:choices?|random|randint|randrange|sample|getrandbits|uniform)|random\.Random\(\)\.\w+"
    r"|uuid\.uuid[1345]|time\.time(?:_ns)?|datetime\.datetime\.(?:now|utcnow)|hashlib\.(?:md5|sha\d+|blake2[bs])"
    r"|numpy\.random\.\w+"
)
_SIZED: Final = ("secrets.token_urlsafe", "secrets.token_hex", "secrets.token_bytes", "os.urandom")
_SOUND: Final = ("vallum.guard.crypto.random.token", "vallum.guard.sessions.desk.SessionDesk")
_LEAST: Final = 32
_SESSION: Final = frozenset({"session", "sid", "sess"})
_ID: Final = frozenset({"id", "key", "token"})
_MAKES: Final = frozenset({"new", "make", "create", "generate", "gen", "by", "fresh", "random"})
_WORDS: Final = re.compile(r"session|\bsid\b", re.IGNORECASE)
_ATTACK: Final = "Whoever computes or guesses the id of a session is signed in as its owner."
_FIX: Final = "Draw secrets.token_urlsafe(32)."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every value that becomes the id of a session."""
    speak = [it for it in project.functions if _WORDS.search(it.text) and not is_test(it.place.path)]
    remarks = [
        *first_by_place(remark for function in speak for remark in _judge(function, project)),
        *_judge_rest(project),
    ]
    yield from remarks
    if not remarks and not project.uses("flask.session", "starlette.middleware.sessions"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no session id is made here")


def _judge_rest(project: Project) -> Iterator[Finding | Site]:
    """The length in the settings, and the guard."""
    for setting in project.settings:
        if setting.key == "SESSION_ID_LENGTH" and isinstance(setting.constant, int):
            if setting.constant < _LEAST:
                yield RULE.finding(setting.place, _ATTACK, f"SESSION_ID_LENGTH is {setting.constant}.", fix="Set 32.")
            else:
                yield RULE.site(setting.place, f"{setting.constant} bytes")
    for call in project.calls("vallum.guard.Guard", "vallum.guard.entry.Guard"):
        if not is_test(call.place.path):
            yield RULE.site(call.place, "the guard makes the ids")


def _judge(function: Function, project: Project) -> Iterator[Finding | Site]:
    scope = origins_of(project).scope_of(function)
    words = set(split_words(function.name))
    makes = _names_id(function.name) and not words.isdisjoint(_MAKES)
    for node in scope.nodes:
        value = None
        if (isinstance(node, nodes.Assign) and any(_names_id(last_word(target)) for target in node.targets)) or (
            isinstance(node, nodes.Return) and makes
        ):
            value = node.value
        if value is not None:
            calls = [project.facts.call(part, scope) for part in iter_nodes(value) if isinstance(part, nodes.Call)]
            yield from _judge_calls(calls, function.module.place(node))


def _names_id(word: str) -> bool:
    words = set(split_words(word))
    return word.lower() in {"sid", "sessionid"} or (not words.isdisjoint(_SESSION) and not words.isdisjoint(_ID))


def _judge_calls(calls: list[Call], place: Place) -> Iterator[Finding | Site]:
    """A digest of a drawn secret is sound; one of a name and the time is not."""
    sized = next((call for call in calls if call.name in _SIZED), None)
    weak = next((call for call in calls if _WEAK.fullmatch(call.name) and "SystemRandom" not in call.text), None)
    if sized is not None:
        size = sized.constant_of(0, "nbytes", "size", default=_LEAST)
        if isinstance(size, int) and size < _LEAST:
            yield RULE.finding(place, _ATTACK, f"The id has {size} bytes, fewer than {_LEAST}.", fix=_FIX)
        elif isinstance(size, int):
            yield RULE.site(place, f"{size} bytes of {sized.method}")
    elif weak is not None and not _hashes_secret(weak, calls):
        yield RULE.finding(place, _ATTACK, f"The id comes from {weak.name}.", fix=_FIX)
    elif any(call.name in _SOUND for call in calls):
        yield RULE.site(place)


def _hashes_secret(weak: Call, calls: list[Call]) -> bool:
    """`sha256(session_id)`: the id is not made here, only looked up by its digest."""
    if not weak.name.startswith("hashlib."):
        return False
    text = weak.arguments[0].text if weak.arguments else ""
    return _WORDS.search(text) is not None or "token" in text or any(call.name in _SIZED for call in calls)


RULE = Rule(
    slug="guessable-session-id",
    control="session-id-random",
    languages=("python",),
    unit=("session id", "session ids"),
    sound="256 random bits",
    examine=examine,
)
