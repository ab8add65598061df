"""Pages that change something when they are only looked at."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Route, last_word
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.identity import identity_of
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence
from vallum.findings.place import Place

_VERBS: Final = frozenset({
    "delete", "destroy", "purge", "erase", "transfer", "revoke", "disable", "deactivate", "ban", "grant", "publish",
    "unpublish", "approve", "cancel", "archive", "close", "drop", "remove", "update", "insert", "pin", "unpin",
    "promote", "demote", "withdraw", "refund", "pay", "unlink",
})  # fmt: skip
_HARMLESS: Final = frozenset({
    "prefix", "suffix", "wrapper", "session", "connection", "connections", "db", "file", "spaces", "tags", "html",
    "duplicates", "none", "na", "accents", "cookie", "header", "headers", "cache", "context", "all", "socket",
    "stream", "old", "pool", "expired", "params", "query", "whitespace", "markup", "punctuation", "timestamp", "seen",
    "metrics",
})  # fmt: skip
_STORES: Final = frozenset({
    "db", "database", "repo", "repository", "store", "objects", "query", "table", "collection", "dao", "conn",
    "cursor", "session", "model",
})  # fmt: skip
_SINGLE: Final = frozenset({"delete", "destroy", "insert", "update", "delete_one", "update_one", "insert_one"})
_LEAVES: Final = frozenset({"logout", "sign_out", "signout", "log_out", "logout_user", "end_session"})
_SQL: Final = re.compile(r"\s*(?:insert|update|delete|drop|replace|alter)\b", re.IGNORECASE)
_ASKS_METHOD: Final = re.compile(r"request\.method|validate_on_submit|\.is_valid\(|request\.POST\b")
_ATTACK: Final = "A link, a picture or a prefetch elsewhere changes something in a signed-in visitor's name."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every route that answers GET and knows who is calling."""
    identity, seen = identity_of(project), set[Place]()
    looked = False
    for route in project.routes:
        if "GET" not in route.methods or is_test(route.place.path) or route.place in seen:
            continue
        looked = True
        if _ASKS_METHOD.search(route.handler.text):
            continue
        write = next((call for call in route.handler.calls if _is_write(call)), None)
        leaves = next((call for call in route.handler.calls if _word(call) in _LEAVES), None)
        if leaves is not None or (write is not None and identity.by_cookie(route)):
            seen.add(route.place)
            yield _finding(route, write or leaves or route.handler.calls[0])
        elif write is None and identity.by_cookie(route):
            seen.add(route.place)
            yield RULE.site(route.place)
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no route answers GET")


def _finding(route: Route, write: Call) -> Remark:
    why = f"GET {route.path} calls {_word(write)}()."
    fix = "Take POST for it, with the check against forged requests."
    return RULE.finding(route.place, _ATTACK, why, fix=fix)


def _word(call: Call) -> str:
    """The last word of what is called, also when nobody knows where it comes from."""
    function = call.node.function if isinstance(call.node, nodes.Call) else call.node
    return function.name if isinstance(function, nodes.Attribute) else last_word(function)


def _is_write(call: Call) -> bool:
    word = _word(call)
    words = split_words(word)
    receiver = call.receiver.words if call.receiver is not None else ""
    if word in {"execute", "executemany"}:
        statement = call.constant_of(0)
        return isinstance(statement, str) and _SQL.match(statement) is not None
    if word in _SINGLE:
        known = not _STORES.isdisjoint(split_words(receiver)) or ".objects" in call.text or ".query" in call.text
        return known and not (word == "update" and receiver == "session")
    is_plain = call.receiver is None or call.name.partition(".")[0] not in {"?", "os", "shutil", "str"}
    return is_plain and len(words) > 1 and words[0] in _VERBS and _HARMLESS.isdisjoint(words[1:])


RULE = Rule(
    slug="state-changed-by-get",
    control="csrf",
    languages=("python",),
    unit=("page of a signed-in visitor", "pages of signed-in visitors"),
    sound="changes nothing",
    examine=examine,
)
