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
from vallum.probe.timing import MOST_ROUNDS, Times, compare_times, is_open

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
    seen: list[Exchange] = []
    for number in range(MOST_ROUNDS):
        if number >= _ROUNDS and not any(is_open(*_times(here)) for here in _by_route(seen)):
            break
        yield from pass_time(ground)
        for label in (_KNOWN, _FRESH) if number % 2 else (_FRESH, _KNOWN):
            name = f"{surface.mark}n{number}{label[0]}"
            for shot in _shots(surface, name, known.email if label == _KNOWN else "", label):
                asked = yield replace(shot, trial=ground)
                seen.append(asked)
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
    for here in _by_route(asked):
        yield _compare(here)


def _by_route(asked: Sequence[Exchange]) -> Iterator[list[Exchange]]:
    for route in dict.fromkeys(exchange.shot.route for exchange in asked):
        yield [exchange for exchange in asked if exchange.shot.route == route]


def _times(here: Sequence[Exchange]) -> tuple[list[float], list[float]]:
    """The seconds for the known address and for fresh ones, where neither was refused."""
    done = [exchange for exchange in here if 0 < exchange.answer.status < 400]
    known = [exchange.answer.seconds for exchange in done if exchange.shot.label == _KNOWN]
    return known, [exchange.answer.seconds for exchange in done if exchange.shot.label == _FRESH]


def _compare(here: Sequence[Exchange]) -> Remark:
    one = next(exchange for exchange in here if exchange.shot.label == _KNOWN)
    other = next(exchange for exchange in here if exchange.shot.label == _FRESH)
    route = one.shot.route
    if not 0 < other.answer.status < 400 and one.answer.status == other.answer.status:
        return CLAIM.unproven(Silence.COULD_NOT_LOOK, f"{route} answered {one.answer.status} to both")
    difference = _difference(one, other)
    if difference:
        reason = f"{route} answers a known and a fresh address differently: {difference}."
        seen = (f"{_KNOWN}: {one.answer.status} {_words(one)}", f"{_FRESH}: {other.answer.status} {_words(other)}")
        return CLAIM.finding(one, Blame(message=_MESSAGE, reason=reason, fix=_FIX), seen=seen)
    times = compare_times(*_times(here))
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
