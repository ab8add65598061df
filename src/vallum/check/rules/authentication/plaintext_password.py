"""Passwords that are compared or stored as they were typed."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Comparison, Setting, Value, last_word
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.words import names_password, split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ACCOUNTS: Final = frozenset({
    "user", "users", "account", "member", "customer", "row", "record", "person", "admin", "profile", "employee",
    "stored", "found", "owner", "client", "login", "u", "student", "teacher", "entry", "credentials", "db",
})  # fmt: skip
_AGAIN: Final = frozenset({
    "confirm", "confirmation", "confirmed", "repeat", "repeated", "again", "verify", "verification", "retype", "new",
    "old", "current", "second", "1", "2",
})  # fmt: skip
_ATTACK: Final = "The passwords stand in the database as they were typed: one leak gives all of them away."
_FIX: Final = "Store a slow salted hash and check it with the hasher's verify()."
_IN_QUERY: Final = ("*.filter_by", "*.filter", "*.get", "*.exclude", "*.get_or_none", "*.find_one")
_CREATORS: Final = ("*.create", "*.get_or_create", "*.update")


def examine(project: Project) -> Iterator[Remark]:
    """Look at comparisons, queries and new accounts."""
    seen = False
    for remark in (*_judge_comparisons(project), *_judge_calls(project), *_judge_assignments(project)):
        seen = True
        yield remark
    if not seen and not any("passw" in module.source.text.lower() for module in project.modules):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no password is handled")


def _judge_comparisons(project: Project) -> Iterator[Remark]:
    for comparison in project.comparisons:
        if comparison.operator in {"==", "!="} and not is_test(comparison.place.path) and _is_plain(comparison):
            why = f"`{comparison.left.text}` and `{comparison.right.text}` are compared as they are."
            yield RULE.finding(comparison.place, _ATTACK, why, fix=_FIX)


def _is_plain(comparison: Comparison) -> bool:
    left, right = comparison.left, comparison.right
    words = [last_word(_inner(side)) for side in (left, right)]
    if not all(names_password(word) for word in words):
        return False
    if not _AGAIN.isdisjoint(part for word in words for part in split_words(word)):
        return False
    return any(_belongs_to_account(one) and _base(one) != _base(other) for one, other in ((left, right), (right, left)))


def _belongs_to_account(value: Value) -> bool:
    base = _base(value)
    return bool(base) and not _ACCOUNTS.isdisjoint(split_words(base))


def _inner(value: Value) -> nodes.Expression:
    """The expression of a form's field without its `.data`."""
    node = value.node
    return node.base if isinstance(node, nodes.Attribute) and node.name in {"data", "value"} else node


def _base(value: Value) -> str:
    """The word for whose password it is: `user` for `user.password`, `users` for `users.get(name).password`."""
    node = _inner(value)
    base = node.base if isinstance(node, nodes.Attribute | nodes.Subscript) else None
    while isinstance(base, nodes.Call | nodes.Await):
        inner = base.value if isinstance(base, nodes.Await) else base.function
        base = inner.base if isinstance(inner, nodes.Attribute) else inner
    return last_word(base) if base is not None else ""


def _judge_calls(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_IN_QUERY, *_CREATORS):
        password = call.argument(None, "password", "passwd", "pwd")
        looks_up = call.method in {"filter_by", "filter", "get", "exclude", "get_or_none", "find_one"}
        if password is None or is_test(call.place.path) or isinstance(password.node, nodes.Call):
            continue
        is_model = ".objects." in call.text or ".query" in call.text or call.method in {"filter_by", "get_or_none"}
        if names_password(password.words) and is_model:
            why = f"`{password.text}` is {'looked up' if looks_up else 'stored'} as it is."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)
    for call in project.calls("*.create_user", "*.set_password", "*.check_password"):
        if call.name.startswith("?") or not is_test(call.place.path):
            yield RULE.site(call.place, f"{call.method} hashes")


def _judge_assignments(project: Project) -> Iterator[Remark]:
    """`user.password = password`, unless a property or a validator of that name may hash it."""
    hashing = any(
        function.owner and names_password(function.name) and function.decorators for function in project.functions
    )
    for setting in project.settings:
        if _is_stored(setting) and not hashing and not is_test(setting.place.path):
            why = f"`{setting.text}` is stored as it is, as far as this code tells."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _is_stored(setting: Setting) -> bool:
    base = setting.target.rpartition(".")[0].rpartition(".")[2] if setting.form == "attribute" else ""
    line = setting.place.text
    named = re.match(r"(\w+)\.\w+\s*=", line)
    owner = named[1] if named else base
    return (
        setting.form == "attribute"
        and names_password(setting.key)
        and owner != "self"
        and not {"user", "account", "member", "customer"}.isdisjoint(split_words(owner))
        and not isinstance(setting.node, nodes.Call | nodes.Const)
        and names_password(setting.words)
    )


RULE = Rule(
    slug="plaintext-password",
    control="password-hashing",
    languages=("python",),
    unit=("password that is compared or stored", "passwords that are compared or stored"),
    sound="hashed",
    examine=examine,
)
