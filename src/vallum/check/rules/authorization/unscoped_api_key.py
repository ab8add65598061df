"""API keys for everything and for ever, and keys that are kept and compared as they are."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Argument, Call, Comparison
from vallum.check.flow.folding import UNKNOWN
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_KEY: Final = re.compile(
    r"api_?key|integration_?key|access_?key|service_?key|issue_?key|create_?key|make_?key", re.IGNORECASE
)
_BROAD: Final = re.compile(r"^(?:\*|admin|all|full|full_access|root|superuser|.*:\*|\*:.*)$", re.IGNORECASE)
_STORED: Final = re.compile(r"(?:api_?key|\bkeys?)\w*\.(?:value|key|secret|token|plain\w*)$", re.IGNORECASE)
_SENT: Final = re.compile(r"x_api_key|api_key|presented|header", re.IGNORECASE)
_EXPIRES: Final = ("expires_at", "expires", "expiry", "expires_in", "valid_until", "days", "ttl", "lifetime")
_ATTACK: Final = "Whoever finds the key in a log, a repository or a dump does everything with it, for ever."
_FIX: Final = "ApiKeys(...).issue(owner, name=..., scopes={'users:read'}, days=90) of the guard keeps a digest alone."


def examine(project: Project) -> Iterator[Remark]:
    """Look at how keys are issued and how they are looked up."""
    remarks: list[Remark] = []
    for call in project.calls():
        if _KEY.search(call.name) and not is_test(call.place.path):
            remarks += _judge(call)
    for found in project.comparisons:
        if found.operator == "==" and not is_test(found.place.path) and _is_plain(found):
            why = "The key is kept as it is, and compared as it is."
            remarks.append(RULE.finding(found.place, _ATTACK, why, fix=_FIX))
    for function in project.functions:
        for decorator in function.decorators:
            if "require_scope" in decorator.text:
                remarks.append(RULE.site(decorator.place, "a scope is required"))
    remarks += [RULE.site(call.place, "a scope is required") for call in project.calls("*.require_scope")]
    remarks += guard_sites(RULE, project, "*.KeyPolicy", "*.ApiKeys().issue")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no API keys are issued")


def _judge(call: Call) -> Iterator[Remark]:
    scope = call.argument(None, "scope", "scopes", "permissions")
    if scope is None:
        return
    broad = _broad(scope)
    expiry = call.argument(None, *_EXPIRES)
    if broad:
        yield RULE.finding(call.place, _ATTACK, f"The scope {broad!r} allows everything.", fix=_FIX)
    elif expiry is not None and expiry.constant is None:
        yield RULE.finding(call.place, _ATTACK, "The key never expires.", fix=_FIX)
    elif expiry is not None:
        yield RULE.site(call.place, "named scopes and an end")


def _broad(scope: Argument) -> str:
    value = scope.constant
    if value is UNKNOWN or value is None:
        return ""
    words = (
        [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple | set | frozenset) else []
    )
    return next((word for word in words if isinstance(word, str) and _BROAD.match(word)), "")


def _is_plain(found: Comparison) -> bool:
    for stored, sent in ((found.left, found.right), (found.right, found.left)):
        if (
            _STORED.search(stored.text)
            and _SENT.search(sent.text)
            and not re.search("digest|hash", stored.text + sent.text)
        ):
            return True
    return False


RULE = Rule(
    slug="unscoped-api-key",
    control="scoped-api-keys",
    languages=("python",),
    unit=("issue or check of a key", "issues and checks of keys"),
    sound="scoped, and with an end",
    examine=examine,
)
