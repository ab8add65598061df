"""Sends one value into many places, and follows it to where it comes out again."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from vallum.probe.check import Asking
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.operation import In, Slot
from vallum.probe.surface import Surface

TEXT: Final = (In.QUERY, In.PATH, In.FORM, In.JSON)
_MOST_PAGES: Final = 60


def open_slots(surface: Surface, *places: In) -> Iterator[tuple[Slot, str]]:
    """Every slot that somebody can use, with the name of who can."""
    for slot in surface.slots(*(places or TEXT)):
        who = surface.actor(slot.operation)
        if who is not None and not surface.names_account(slot.operation, slot.parameter, who):
            yield slot, who


def strike_slots(surface: Surface, slots: Iterable[tuple[Slot, str]], values: dict[str, Any]) -> Asking:
    """Each value into each slot, under its label; where the app redirects, the page that it leads to as well."""
    for slot, who in slots:
        for label, value in values.items():
            shot = surface.strike(slot, who, value, label)
            if shot:
                yield from deliver(shot)


def deliver(shot: Shot) -> Asking:
    """The shot and, where it is answered by a redirect within the app, the page that a browser would show next."""
    exchange = yield shot
    target = landing(exchange)
    if target:
        yield replace(shot, method="GET", target=target, body=None, headers=(), cookies=(), follows=True)


def landing(exchange: Exchange) -> str:
    """Where a redirect leads within the app; empty when it leads elsewhere or there is none."""
    if not exchange.answer.redirects:
        return ""
    here = urlsplit(exchange.base)
    joined = urlsplit(urljoin(f"{exchange.base}{exchange.shot.target}", exchange.answer.header("location")))
    if (joined.scheme, joined.netloc) != (here.scheme, here.netloc):
        return ""
    return f"{joined.path or '/'}{'?' + joined.query if joined.query else ''}"


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
