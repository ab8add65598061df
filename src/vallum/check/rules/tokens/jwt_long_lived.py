"""Tokens without an end, with one that is far away, or whose end nobody looks at."""

from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import last_word
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.claims import read_claims
from vallum.check.readings.lifetimes import period_of
from vallum.check.readings.origins import origins_of
from vallum.check.readings.tokens import find_issues, find_readings
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_MOST: Final = 3600
_REFRESH: Final = ("refresh", "reset", "invite", "verify", "remember", "unsubscribe", "confirm")
_ATTACK: Final = "A token that was stolen, or whose owner was dismissed, works for as long as it says."
_FIX: Final = "Let an access token live for 15 minutes, and require exp when it is read."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every token that is issued, and at every call that reads one."""
    looked = False
    for remark in _judge_issues(project):
        looked = True
        yield remark
    for reading in find_readings(project):
        looked = True
        if reading.options.get("verify_exp") is False:
            yield RULE.finding(reading.call.place, _ATTACK, "verify_exp is off.", fix=_FIX)
        else:
            yield RULE.site(reading.call.place, "the end is looked at")
    for call in project.calls("*.AccessTokens"):
        if not is_test(call.place.path):
            looked = True
            yield RULE.site(call.place, "the guard's ceiling of an hour")
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no JSON Web Token is issued or read")


def _judge_issues(project: Project) -> Iterator[Remark]:
    """The tokens that are issued."""
    for call, payload in find_issues(project):
        claims = read_claims(payload, call, project)
        if "exp" in claims.values:
            node, scope = claims.values["exp"]
            seconds = _life(node, scope, project)
            about = f"{call.function.name if call.function else ''}".lower()
            if seconds is not None and seconds > _MOST and not any(word in about for word in _REFRESH):
                yield RULE.finding(call.place, _ATTACK, f"The token lives for {seconds} seconds.", fix=_FIX)
            elif seconds is not None:
                yield RULE.site(call.place, f"{seconds} seconds")
        elif claims.seen and not claims.open:
            yield RULE.finding(call.place, _ATTACK, "The token has no exp.", fix=_FIX)


def _life(node: nodes.Expression, scope: Scope, project: Project) -> int | None:
    """The seconds that are added to the present; None when they cannot be told."""
    for inner, home in origins_of(project).trace(node, scope, lambda *_: False):
        if isinstance(inner, nodes.Binary) and inner.operator == "+":
            for moment, period in ((inner.left, inner.right), (inner.right, inner.left)):
                if _is_now(moment, home, project):
                    return period_of(period, home, project)
    return None


def _is_now(node: nodes.Expression, scope: Scope, project: Project) -> bool:
    made = origins_of(project).trace(node, scope)
    return any(
        isinstance(part, nodes.Call) and last_word(part.function) in {"now", "utcnow", "time", "timestamp"}
        for inner, _ in made
        for part in iter_nodes(inner)
    )


RULE = Rule(
    slug="jwt-long-lived",
    control="jwt-short-lived",
    languages=("python",),
    unit=("token issued or read", "tokens issued or read"),
    sound="ends soon",
    examine=examine,
)
