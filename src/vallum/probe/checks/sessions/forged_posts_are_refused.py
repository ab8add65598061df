"""A request that another site makes a browser send changes nothing (CWE-352; ASVS 3.5.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, JsonBody
from vallum.probe.operation import Operation
from vallum.probe.surface import BEARER, Surface

CLAIM: Final = Claim(slug="forged-posts-are-refused", control="csrf")
_MOST: Final = 12
_HONEST, _BARE, _OTHERS, _FOREIGN = "honest", "no token", "another session's token", "a foreign Origin"
_EVIL: Final = (
    ("Origin", "https://evil.example"),
    ("Referer", "https://evil.example/"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "navigate"),
)
_MESSAGE: Final = "Any site that a logged-in user visits can send this request in the user's name."
_FIX: Final = "Demand a token that is bound to the session, and an Origin that is the site's own, for every change."


def _ask(surface: Surface) -> Asking:
    user, *others = surface.users
    for operation in _changing(surface, user.name):
        shot = surface.aim(operation, user.name, label=_HONEST)
        if shot is None or shot.session == BEARER or isinstance(shot.body, JsonBody):
            continue
        honest = yield shot
        if surface.sends_away(honest.answer) or not _changes(honest):
            continue
        yield replace(shot, token=False, label=_BARE)
        if others:
            yield replace(shot, token_from=others[0].name, label=_OTHERS)
        yield replace(shot, headers=_EVIL, label=_FOREIGN)


def _changes(honest: Exchange) -> bool:
    """A redirect, or a new object: an answer of 200 may have worked something out and kept nothing."""
    return honest.answer.redirects or honest.answer.status in (201, 204)


def _changing(surface: Surface, name: str) -> Iterator[Operation]:
    """Operations that change something and that this user has used honestly."""
    found = 0
    for operation in surface.usable():
        met = surface.baseline(operation, name)
        if operation.is_safe or operation.is_login or operation.is_registration or met is None:
            continue
        if 0 < met.answer.status < 400 and not surface.sends_away(met.answer) and found < _MOST:
            found += 1
            yield operation


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if not any(account.session_cookies for account in surface.users):
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no identity is known by a cookie")
        return
    for group in _groups(exchanges):
        told = {exchange.shot.label: exchange for exchange in group}
        passed = [label for label in (_BARE, _OTHERS, _FOREIGN) if label in told and _passed(told[label], surface)]
        if not passed and _BARE in told:
            yield CLAIM.site(told[_BARE], f"refused with {told[_BARE].answer.status}")
        elif passed:
            exchange = told[passed[0]]
            yield CLAIM.finding(exchange, _blame(passed, exchange, surface))


def _passed(exchange: Exchange, surface: Surface) -> bool:
    return 0 < exchange.answer.status < 400 and not surface.sends_away(exchange.answer)


def _blame(passed: list[str], exchange: Exchange, surface: Surface) -> Blame:
    same_site = {cookie.same_site for account in surface.users for cookie in account.session_cookies}
    reason = f"{exchange.shot.method} {exchange.shot.route} is carried out with {', with '.join(passed)}."
    if passed == [_FOREIGN]:
        reason += " The token is demanded; the Origin is not looked at."
        return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.LOW)
    if same_site and same_site <= {"strict", "lax"}:
        reason += " SameSite is the only defence; a sibling subdomain passes it."
        return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
    return Blame(message=_MESSAGE, reason=reason, fix=_FIX)


def _groups(exchanges: Sequence[Exchange]) -> Iterable[list[Exchange]]:
    groups: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in exchanges:
        groups.setdefault((exchange.shot.method, exchange.shot.route), []).append(exchange)
    return groups.values()


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("request that changes something", "requests that change something"),
    sound="refused when forged",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="no form that changes something could be used honestly",
)
