"""A callback counts only in the browser that began it, with its state, and once (CWE-352; ASVS 10.1.2, 10.2.1)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Consent, Exchange
from vallum.probe.federation import begun, find_door, hosts_of
from vallum.probe.journeys import (
    BACK,
    come_back,
    find_login,
    last_of,
    outcome_of,
    proof_of,
    requests_of,
    show_login,
    sign_in,
    url_of,
    why_incomplete,
)
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="callbacks-need-their-own-state", control="oauth-state")
_ONE, _TWO, _USING = "one browser", "another browser", "first use of a state"
_ABSENT, _FOREIGN, _USED = "without a state", "with another browser's state", "with a state that was used before"
_MIXED: Final = "with the iss of another provider"
_SHORTEST: Final = 20
"""Characters below which 128 bits cannot stand in it."""
_MESSAGE: Final = (
    "An attacker makes a victim's browser finish the attacker's sign-in: what the victim then writes, or links, belongs"
    " to the attacker's account."
)
_FIX: Final = (
    "Draw a state of 32 random bytes for each start, keep it with the browser's session, compare it at the callback"
    " before anything else, and delete it there."
)


def _ask(surface: Surface) -> Asking:
    door = yield from find_door(surface, CLAIM)
    if door is None:
        return
    one = yield door.shot(_ONE)
    yield door.shot(_TWO)
    proof = (yield from find_login(surface, door)) if door.trial else None
    if proof is None:
        return
    yield from sign_in(door, _ABSENT, Consent(trial=door.trial, url="", changed={"state": None}))
    yield show_login(door, proof, _ABSENT)
    yield from come_back(door, _FOREIGN, Consent(trial=door.trial, url=url_of(one)), session=_TWO)
    yield show_login(door, proof, _FOREIGN, session=_TWO)
    yield from sign_in(door, _MIXED, Consent(trial=door.trial, url="", changed={"iss": "https://stranger.example"}))
    using = yield door.shot(_USING)
    again = Consent(trial=door.trial, url=url_of(using))
    yield from come_back(door, _USING, again)
    yield from come_back(door, _USED, again, session=_USING)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    yield from _judge_values(exchanges)
    for case in (_ABSENT, _FOREIGN):
        found = outcome_of(exchanges, case)
        if found:
            last, entered = found
            yield from _judge_case(last, case, entered=entered, asked=bool(requests_of(exchanges, case)))
    yield from _judge_mixed(exchanges)
    again = last_of(exchanges, f"{BACK}{_USED}")
    if again and proof_of(exchanges) and requests_of(exchanges, _USING):
        yield from _judge_case(again, _USED, entered=False, asked=bool(requests_of(exchanges, _USED)))
    yield from why_incomplete(CLAIM, surface, exchanges)


def _judge_mixed(exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    """Only an app with several providers has to look at `iss` (RFC 9207, section 2.4)."""
    last = last_of(exchanges, f"{BACK}{_MIXED}")
    asked = bool(requests_of(exchanges, _MIXED))
    if last and proof_of(exchanges) and (not asked or len(hosts_of(exchanges)) > 1):
        yield from _judge_case(last, _MIXED, entered=False, asked=asked)


def _judge_case(last: Exchange, case: str, *, entered: bool, asked: bool) -> Iterator[Remark]:
    if entered:
        reason = f"A callback {case} signs the browser in."
        yield CLAIM.finding(last, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif asked:
        reason = f"A callback {case} is not refused: the app sends its code to the provider."
        yield CLAIM.finding(last, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    else:
        yield CLAIM.site(last, f"a callback {case}: {last.answer.status}, no token request")


def _judge_values(exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    met = [(exchange, asked.get("state")) for exchange, asked in begun(exchanges)]
    if not met:
        return
    exchange, state = met[0]
    fault = ""
    if not state:
        fault = "The authorization request carries no state."
    elif any(other == state for _, other in met[1:]):
        fault = "Two browsers were sent to the provider with the same state."
    elif len(state) < _SHORTEST:
        fault = f"The state has {len(state)} characters, too few for 128 random bits."
    if fault:
        yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=fault, fix=_FIX))
    elif exchange.shot.trial and len(met) > 1:
        yield CLAIM.site(exchange, f"a state of {len(state)} characters, new at each start")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("start or callback", "starts and callbacks"),
    sound="well",
    ask=_ask,
    judge=_judge,
)
