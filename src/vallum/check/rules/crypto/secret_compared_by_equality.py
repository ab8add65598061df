"""Secrets compared with `==`, which stops at the first byte that differs."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Comparison, Value
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_SECRETS: Final = frozenset({
    "token", "signature", "sig", "mac", "hmac", "digest", "hexdigest", "csrf", "xsrf", "secret", "apikey", "otp",
    "passcode",
})  # fmt: skip
_KEYS: Final = frozenset({"api", "secret", "access", "sync", "shared", "webhook", "service", "internal"})
_OTHER: Final = frozenset({
    "type", "id", "ids", "count", "len", "length", "name", "expires", "kind", "index", "url", "algorithm", "size",
    "class", "position", "status", "version", "tokens", "line", "start", "end", "next", "prev", "last", "state",
    "field", "at", "method", "mode", "hashalg", "alg", "header", "cls", "checksum", "etag", "unit",
})  # fmt: skip
_COUNTERPARTS: Final = frozenset({
    "expected", "stored", "computed", "calculated", "presented", "given", "provided", "received", "actual",
    "supplied", "sent", "key", "value", "saved", "known", "correct", "good", "hash", "hashed",
})  # fmt: skip
_SECURITY: Final = re.compile(r"request|session|auth|csrf|passw|secret|cookie|hmac|reset", re.IGNORECASE)
_KEYED: Final = re.compile(r"token|passw|key|signature|secret|hmac|reset|session|csrf", re.IGNORECASE)
_GOOD: Final = (
    "hmac.compare_digest", "secrets.compare_digest", "*.constant_time_compare", "*secret_equal", "*.safe_str_cmp",
    "_operator._compare_digest",
)  # fmt: skip
_ATTACK: Final = "Whoever measures how long the answer takes finds the secret byte by byte."
_FIX: Final = "Compare digests of both with hmac.compare_digest, or use secret_equal of vallum.guard.crypto.compare."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every comparison of two values of which one is named as a secret."""
    sites = [RULE.site(call.place, call.method) for call in project.calls(*_GOOD) if not is_test(call.place.path)]
    yield from sites
    found = False
    for comparison in project.comparisons:
        if comparison.operator not in {"==", "!="} or is_test(comparison.place.path):
            continue
        if _compares_secret(comparison, project):
            found = True
            why = f"`{comparison.left.text}` and `{comparison.right.text}` are compared by {comparison.operator}."
            sure = _names_secret(comparison.left) and _names_secret(comparison.right)
            confidence = Confidence.HIGH if sure else Confidence.MEDIUM
            yield RULE.finding(comparison.place, _ATTACK, why, fix=_FIX, confidence=confidence)
    if not found and not sites:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no secret is compared")


def _compares_secret(comparison: Comparison, project: Project) -> bool:
    sides = (comparison.left, comparison.right)
    if any(side.known or isinstance(side.node, nodes.Const | nodes.Items) for side in sides):
        return False
    if not _SECURITY.search(comparison.module.source.text) or any(_is_column(side) for side in sides):
        return False
    if all(_names_secret(side) for side in sides):
        return _is_keyed(comparison) if any(_is_digest(side) for side in sides) else True
    if any(_is_digest(side) or _is_hash_call(side, project) for side in sides):
        return _is_keyed(comparison)
    one, other = sides if _names_secret(sides[0]) else sides[::-1]
    return _names_secret(one) and not _COUNTERPARTS.isdisjoint(split_words(other.words))


def _is_column(value: Value) -> bool:
    """`Reset.digest` in a query is compared by the database; `other.token` belongs to an `__eq__`."""
    base = value.node.base if isinstance(value.node, nodes.Attribute) else None
    return isinstance(base, nodes.Name) and ((base.id[:1].isupper() and not base.id.isupper()) or base.id == "other")


def _names_secret(value: Value) -> bool:
    words = set(split_words(value.words))
    if words & _OTHER:
        return False
    return bool(words & _SECRETS) or ("key" in words and bool(words & _KEYS))


def _is_digest(value: Value) -> bool:
    return value.words in {"digest", "hexdigest"} and isinstance(value.node, nodes.Call)


def _is_hash_call(value: Value, project: Project) -> bool:
    """A call of a function of the project whose name says that it hashes a password or token."""
    if not isinstance(value.node, nodes.Call):
        return False
    function = origins_of(project).called(value.node, origins_of(project).scope_at(value))
    words = set(split_words(function.name)) if function is not None else set[str]()
    return bool(words & {"hash", "digest", "sign"}) and bool(words & {"password", "token", "key", "secret", "code"})


def _is_keyed(comparison: Comparison) -> bool:
    """Whether a digest is of a secret; that of a file or a document may be compared as one likes."""
    scope = comparison.function.name if comparison.function is not None else ""
    return _KEYED.search(f"{scope} {comparison.left.text} {comparison.right.text}") is not None


RULE = Rule(
    slug="secret-compared-by-equality",
    control="constant-time-compare",
    languages=("python",),
    unit=("comparison of a secret", "comparisons of secrets"),
    sound="constant time",
    examine=examine,
)
