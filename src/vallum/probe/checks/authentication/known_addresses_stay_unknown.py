"""Registration and reset answer alike for known and unknown addresses, and take as long (CWE-204; ASVS 6.3.8)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.logins import core_of, header_names, sent_names
from vallum.probe.newcomers import (
    address_of,
    names_address,
    open_ground,
    pass_time,
    registration_of,
    settle,
)
from vallum.probe.operation import Operation
from vallum.probe.resets import reset_request
from vallum.probe.surface import Surface
from vallum.probe.timing import Times, compare_times

CLAIM: Final = Claim(slug="known-addresses-stay-unknown", control="registration-no-enumeration")
_ROUNDS: Final = 4
_KNOWN, _FRESH = "known address", "fresh address"
_MESSAGE: Final = "An attacker can find out which addresses have an account here, and go on with those alone."
_FIX: Final = (
    "Answer registration and reset with one sentence whether or not the address is known, and do the work after the"
    " answer; the mail tells its owner."
)


def _ask(surface: Surface) -> Asking:
    ground = yield from open_ground(surface)
    if ground is None:
        return
    yield from pass_time(ground)
    known = yield from settle(surface, f"{surface.mark}known", ground)
    if known is None:
        return
    for number in range(_ROUNDS):
        yield from pass_time(ground)
        for label in (_KNOWN, _FRESH) if number % 2 else (_FRESH, _KNOWN):
            name = f"{surface.mark}n{number}{label[0]}"
            for shot in _shots(surface, name, known.email if label == _KNOWN else "", label):
                yield replace(shot, trial=ground)
    yield from pass_time(ground)


def _shots(surface: Surface, name: str, known: str, label: str) -> Iterator[Shot]:
    """A registration under a new name, and a reset, for the known address; else each for one of its own."""
    doors: list[Operation | None] = [registration_of(surface), reset_request(surface)]
    for number, door in enumerate(doors):
        if door is None:
            continue
        address = known or address_of(f"{name}{number}")
        hits = {p.key: address for p in door.parameters if names_address(p.name)}
        shot = surface.aim(door, "", hits=hits, mark=name, label=label) if hits else None
        if shot:
            yield replace(shot, session=f"stranger {name}{number}")


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    asked = [exchange for exchange in exchanges if exchange.shot.label in (_KNOWN, _FRESH)]
    if not asked:
        reason = "no registration or reset by address was found that the probe may use and whose account it can enter"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    for route in dict.fromkeys(exchange.shot.route for exchange in asked):
        here = [exchange for exchange in asked if exchange.shot.route == route]
        known = [exchange for exchange in here if exchange.shot.label == _KNOWN]
        fresh = [exchange for exchange in here if exchange.shot.label == _FRESH]
        yield _compare(known, fresh)


def _compare(known: Sequence[Exchange], fresh: Sequence[Exchange]) -> Remark:
    one, other = known[0], fresh[0]
    route = one.shot.route
    if not 0 < other.answer.status < 400 and one.answer.status == other.answer.status:
        return CLAIM.unproven(Silence.COULD_NOT_LOOK, f"{route} answered {one.answer.status} to both")
    difference = _difference(one, other)
    if difference:
        reason = f"{route} answers a known and a fresh address differently: {difference}."
        seen = (f"{_KNOWN}: {one.answer.status} {_words(one)}", f"{_FRESH}: {other.answer.status} {_words(other)}")
        return CLAIM.finding(one, Blame(message=_MESSAGE, reason=reason, fix=_FIX), seen=seen)
    times = compare_times(
        [e.answer.seconds for e in known if 0 < e.answer.status < 400],
        [e.answer.seconds for e in fresh if 0 < e.answer.status < 400],
    )
    if times.verdict is Times.APART:
        reason = f"{route} answers alike, but a known and a fresh address take {times.told}."
        blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        return CLAIM.finding(one, blame)
    if times.verdict is Times.UNCLEAR:
        return CLAIM.unproven(Silence.COULD_NOT_LOOK, f"{route} answers alike; the times do not tell: {times.told}")
    return CLAIM.site(one, f"both answered {one.answer.status}, alike to the letter, in {times.told}")


def _difference(one: Exchange, other: Exchange) -> str:
    if one.answer.status != other.answer.status:
        return f"status {one.answer.status} and {other.answer.status}"
    if one.answer.header("location") != other.answer.header("location"):
        return "they lead to different pages"
    words = (*sent_names(one), *sent_names(other))
    if core_of(one, *words) != core_of(other, *words):
        return "the bodies differ"
    if any(cookie.is_session for cookie in other.answer.cookies) != any(c.is_session for c in one.answer.cookies):
        return "only one sets a session"
    return "" if header_names(one) == header_names(other) else "the headers differ"


def _words(exchange: Exchange) -> str:
    answer = exchange.answer
    return " ".join((answer.page.text if answer.is_html else answer.text).split())[:100]


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("door that takes an address", "doors that take an address"),
    sound="answering known and fresh addresses alike",
    ask=_ask,
    judge=_judge,
    users=1,
)
