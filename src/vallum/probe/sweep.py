"""Sends one value into many places, and follows it to where it comes out again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from vallum.probe.check import Asking
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.operation import In, Slot
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import Surface

TEXT: Final = (In.QUERY, In.PATH, In.FORM, In.JSON)
_MOST_PAGES: Final = 60


def open_slots(surface: Surface, *places: In) -> Iterator[tuple[Slot, str]]:
    """Every slot that somebody can use, with the name of who can."""
    for slot in surface.slots(*(places or TEXT)):
        who = surface.actor(slot.operation)
        if who is not None and not surface.names_account(slot.operation, slot.parameter, who):
            yield slot, who


def strike_slots(
    surface: Surface, slots: Iterable[tuple[Slot, str]], write: Callable[[int], Mapping[str, Any]]
) -> Asking:
    """Into each slot the values for its number, under their labels; after a redirect, the page that it leads to."""
    for number, (slot, who) in enumerate(slots):
        for label, value in write(number).items():
            shot = surface.strike(slot, who, value, f"{label} #{number}")
            if shot:
                yield from deliver(surface, shot)


def number_of(exchange: Exchange) -> int:
    """The number of the slot that a swept shot went into; -1 for any other."""
    _, hash_sign, number = exchange.shot.label.rpartition(" #")
    return int(number) if hash_sign and number.isdigit() else -1


def struck_slots(exchanges: Iterable[Exchange]) -> dict[int, Exchange]:
    """The first exchange of each slot's number."""
    first: dict[int, Exchange] = {}
    for exchange in exchanges:
        if number_of(exchange) >= 0:
            first.setdefault(number_of(exchange), exchange)
    return first


def name_slot(exchange: Exchange) -> str:
    """`POST /notes, form body`: the slot that a struck exchange went into."""
    return f"{exchange.shot.method} {exchange.shot.route}, {exchange.shot.slot}"


def deliver(surface: Surface, shot: Shot) -> Asking:
    """The shot and, where it is answered by a redirect within the app, the page that a browser would show next."""
    exchange = yield shot
    target = landing(exchange)
    if target:
        yield replace(shot, method="GET", target=target, body=None, cookies=(), shown=surface.route_of(target))


def landing(exchange: Exchange) -> str:
    """Where a redirect leads within the app; empty when it leads elsewhere or there is none."""
    if not exchange.answer.redirects:
        return ""
    return resolve_link(exchange.answer.header("location"), exchange.shot.target, exchange.base)


def read_pages(surface: Surface, label: str) -> Asking:
    """Every page of the survey once more, as whoever saw it: to find what was stored."""
    seen: set[tuple[str, str]] = set()
    for exchange in surface.exchanges:
        shot = exchange.shot
        key = (shot.target, shot.identity)
        wanted = shot.method == "GET" and exchange.answer.succeeded and exchange.answer.is_html and not shot.label
        if wanted and key not in seen and len(seen) < _MOST_PAGES:
            seen.add(key)
            yield replace(shot, label=label)
