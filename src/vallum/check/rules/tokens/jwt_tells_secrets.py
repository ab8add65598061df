"""Payloads that hold what nobody but the server should read."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import last_word
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.claims import Claims, read_claims
from vallum.check.readings.tokens import find_issues
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_SENSITIVE: Final = frozenset({
    "password", "passwd", "pwd", "email", "mail", "ssn", "card", "secret", "phone", "mobile", "address", "birthday",
    "birthdate", "dob", "iban", "salary", "passport", "seed", "cvv", "surname", "firstname", "lastname",
})  # fmt: skip
_HARMLESS: Final = frozenset({"verified", "id", "hash", "version"})
_WHOLE: Final = frozenset(
    {"model_dump", "dict", "to_dict", "as_dict", "asdict", "vars", "model_to_dict", "to_json", "toJSON"}
)
_OBJECTS: Final = frozenset({"user", "account", "profile", "member", "customer", "person"})
_ATTACK: Final = "A payload is encoded and not encrypted: everybody who sees the token reads it."
_FIX: Final = "Keep to sub, the registered claims and coarse scopes; look the rest up by sub."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every payload that is signed."""
    looked = False
    for call, payload in find_issues(project):
        looked = True
        claims = read_claims(payload, call, project)
        about = call.function.name if call.function else ""
        told = next((name for name in claims.values if _is_sensitive(name)), "")
        whole = next((node for node in claims.wholes if _is_whole(node)), None)
        if payload is not None and _is_whole(payload.node):
            whole = payload.node
        if told and not re.search(r"id_?token", about):
            yield RULE.finding(call.place, _ATTACK, f"It holds `{told}`.", fix=_FIX)
        elif whole is not None:
            why = f"`{call.module.text_of(whole)}` puts a whole object into it."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)
        elif _is_told(claims):
            yield RULE.site(call.place)
    for call in project.calls("*.AccessTokens"):
        if not is_test(call.place.path):
            looked = True
            yield RULE.site(call.place, "the guard's list of claims")
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no JSON Web Token is issued")


def _is_sensitive(name: str) -> bool:
    words = set(split_words(name))
    return not words.isdisjoint(_SENSITIVE) and words.isdisjoint(_HARMLESS)


def _is_whole(node: nodes.Expression) -> bool:
    """`vars(user)`, `user.model_dump()`, `**user`, `user.__dict__`; chosen fields are none."""
    if isinstance(node, nodes.Call):
        word = node.function.name if isinstance(node.function, nodes.Attribute) else last_word(node.function)
        chosen = any(key == "include" for key, _ in node.keywords)
        return word in _WHOLE and not chosen and bool(node.arguments or isinstance(node.function, nodes.Attribute))
    word = last_word(node)
    return word == "__dict__" or (isinstance(node, nodes.Name) and word in _OBJECTS)


def _is_told(claims: Claims) -> bool:
    return claims.seen and not claims.open


RULE = Rule(
    slug="jwt-tells-secrets",
    control="jwt-no-sensitive-payload",
    languages=("python",),
    unit=("payload", "payloads"),
    sound="nothing but identifiers",
    examine=examine,
)
