"""Above a limit calls are refused with Retry-After, whatever forwarded address they claim (CWE-770; ASVS 2.4.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.starting import open_stage, why_no_stage
from vallum.probe.surface import BEARER, Surface

CLAIM: Final = Claim(slug="calls-above-the-limit-are-refused", control="api-rate-limit")
_MOST_AS_USER: Final = 200
_MOST_AS_NOBODY: Final = 300
_MOST_TOLD: Final = 1200
_ROTATIONS: Final = 5
_CALL, _ROTATED = "call", "call with another forwarded address"
_SESSION: Final = "limits"
_MESSAGE: Final = "An attacker can call as often as a network allows: to copy data, to guess, to run up costs."
_FIX: Final = "Count by account and by address in a store that all workers share; answer 429 with Retry-After."
_BYPASS: Final = "An attacker escapes the limit by claiming another address in a header."
_BYPASS_FIX: Final = "Take the client's address from forwarded headers only when a configured proxy has sent them."
_NUMBER: Final = re.compile(r"(?:\bq=|\blimit=|^\s*)(\d{1,5})\b")


def _ask(surface: Surface) -> Asking:
    stage = yield from open_stage(surface, own="limits")
    if stage is None:
        return
    for shot in _subjects(surface):
        if shot.session == _SESSION:
            yield SignIn(identity=shot.identity, session=_SESSION, trial=stage)
        yield from _exceed(replace(shot, trial=stage, label=_CALL))


def _exceed(shot: Shot) -> Asking:
    most = _MOST_AS_USER if shot.identity else _MOST_AS_NOBODY
    sent = 0
    while sent < most:
        exchange = yield shot
        sent += 1
        if exchange.answer.status in (0, 429):
            break
        if sent == 1:
            most = min(_MOST_TOLD, max(most, _told_limit(exchange) + 1))
    if exchange.answer.status != 429:
        return
    for number in range(1, _ROTATIONS + 1):
        address = f"203.0.113.{number}"
        forged = (("X-Forwarded-For", address), ("X-Real-IP", address), ("Forwarded", f"for={address}"))
        yield replace(shot, headers=(*shot.headers, *forged), label=_ROTATED)


def _told_limit(exchange: Exchange) -> int:
    """The largest number that a RateLimit header tells; 0 when there is none."""
    names = ("RateLimit-Policy", "RateLimit-Limit", "X-RateLimit-Limit")
    told = [int(n) for name in names for line in exchange.answer.header_lines(name) for n in _NUMBER.findall(line)]
    return max(told, default=0)


def _subjects(surface: Surface) -> Iterator[Shot]:
    """A call of an account, programs' routes first, and a call of nobody."""
    met = [e for e in surface.exchanges if e.shot.method == "GET" and not e.shot.label and e.answer.status]
    met = [e for e in met if not surface.sends_away(e.answer) and e.answer.status < 400]
    mine = [e for e in met if surface.users and e.shot.identity == surface.users[0].name and e.shot.session != BEARER]
    for exchange in sorted(mine, key=lambda e: not e.answer.is_json)[:1]:
        yield replace(exchange.shot, session=_SESSION)
    foreign = [e for e in met if not e.shot.identity]
    for exchange in sorted(foreign, key=lambda e: not e.answer.is_json)[:1]:
        yield exchange.shot


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    yield from why_no_stage(CLAIM, exchanges)
    for who in dict.fromkeys(e.shot.identity for e in exchanges if e.shot.label == _CALL):
        calls = [e for e in exchanges if e.shot.label == _CALL and e.shot.identity == who]
        rotated = [e for e in exchanges if e.shot.label == _ROTATED and e.shot.identity == who]
        yield _verdict(calls, rotated, who or "nobody")


def _verdict(calls: Sequence[Exchange], rotated: Sequence[Exchange], who: str) -> Remark:
    last = calls[-1]
    if last.answer.status != 429:
        reason = (
            f"{len(calls)} calls of {who} in a row were all answered; the last with {last.answer.status or 'nothing'}."
        )
        return CLAIM.finding(last, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    if not last.answer.has("Retry-After"):
        reason = "The refusal has no Retry-After header, so honest clients try again at once."
        blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        return CLAIM.finding(last, blame)
    passed = next((exchange for exchange in rotated if exchange.answer.status != 429), None)
    if passed:
        reason = f"After the refusal of call {len(calls)}, a call with another X-Forwarded-For is answered."
        return CLAIM.finding(passed, Blame(message=_BYPASS, reason=reason, fix=_BYPASS_FIX))
    return CLAIM.site(last, f"call {len(calls)} of {who}: 429 with Retry-After, also with forged addresses")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("caller", "callers"),
    sound="refused above the limit",
    ask=_ask,
    judge=_judge,
    exhausts=True,
    idle="no route was found that answers an account or nobody",
)
