"""What an identifier says by its words: a password, a secret, an owner, a stored hash."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.walk import iter_nodes

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORDS: Final = frozenset({"password", "passwd", "pwd", "passphrase", "passcode", "passwort", "pword", "passw"})
_NOT_PLAIN: Final = frozenset({
    "hash", "hashed", "hashes", "digest", "digests", "token", "tokens", "reset", "id", "ids", "url", "link", "field",
    "policy", "strength", "length", "hasher", "salt", "file", "path", "changed", "at", "code", "key", "encrypted",
    "cipher", "count", "min", "max", "hint", "validator", "validators", "prompt", "label", "error", "errors", "enc",
    "expires", "age", "context", "ctx", "type", "form", "history", "iterations", "rounds", "manager", "service",
    "stored", "verifier", "check", "checker", "required", "version", "scheme", "schema", "algorithm", "cost", "mail",
    "email", "db", "column", "store", "database", "index", "prefix", "suffix", "minimum", "maximum", "timeout",
    "regex", "pattern",
})  # fmt: skip


@cache
def split_words(identifier: str) -> tuple[str, ...]:
    """The words of an identifier in lower case: `newApiKey` and `new_api_key` are new, api, key."""
    return tuple(word.lower() for word in _WORD.findall(identifier))


def names_password(identifier: str) -> bool:
    """Whether the name is that of a password as the user types it, not of its hash, field, policy or token."""
    words = split_words(identifier)
    return not _PASSWORDS.isdisjoint(words) and _NOT_PLAIN.isdisjoint(words)


def iter_identifiers(node: nodes.Node) -> Iterator[str]:
    """Every name, attribute, constant key and keyword in an expression."""
    for inner in iter_nodes(node):
        match inner:
            case nodes.Name(id=name) | nodes.Attribute(name=name):
                yield name
            case nodes.Subscript(index=nodes.Const(value=str(key))):
                yield key
            case nodes.Call(function=nodes.Attribute(name="get"), arguments=(nodes.Const(value=str(key)), *_)):
                yield key
        if isinstance(inner, nodes.Call):
            yield from (key for key, _ in inner.keywords if key)
