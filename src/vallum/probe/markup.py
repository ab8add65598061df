"""Where a value comes out in a page as markup: shared by the claims about HTML and about templates."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vallum.probe.check import Asking
from vallum.probe.exchange import Exchange
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Surface
from vallum.probe.sweep import deliver, open_slots, read_pages

STORED: Final = "page read back"
_NOWHERE: Final = Operation(method="GET", template="/{path}")
Write = Callable[[str], Sequence[str]]
"""Given a word that marks one place, the values to send there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escape:
    """A value that became markup: the page, and the place that it went in by."""

    exchange: Exchange
    slot: str
    word: str
    evidence: str


def ask_markup(surface: Surface, write: Write) -> Asking:
    """Each value into each place; then every page once more, to find what was stored."""
    for number, (slot, who) in enumerate(open_slots(surface)):
        for value in write(word_of(surface, number)):
            shot = surface.strike(slot, who, value, word_of(surface, number))
            if shot:
                yield from deliver(shot)
    missing = word_of(surface, 9999)
    for value in write(missing):
        shot = surface.aim(_NOWHERE, hits={(In.PATH.value, "path"): value}, label=missing)
        if shot:
            yield replace(shot, slot="path of a missing page", route="/{any unknown path}")
    yield from read_pages(surface, STORED)


def word_of(surface: Surface, number: int) -> str:
    """The word for one place: letters and digits only, none the beginning of another."""
    return f"{surface.mark}n{number}e"


def find_escapes(exchanges: Sequence[Exchange], signs: Callable[[Exchange, str], str]) -> Iterator[Escape]:
    """The first page for each place in which its word became markup; `signs` tells how, or gives an empty text."""
    slots = {exchange.shot.label: exchange.shot for exchange in reversed(exchanges) if exchange.shot.slot}
    found: set[tuple[str, str]] = set()
    for exchange in exchanges:
        for word in dict.fromkeys(_words(exchange)):
            source = slots.get(word)
            if source is None or (word, exchange.shot.route) in found:
                continue
            evidence = signs(exchange, word)
            if evidence:
                found.add((word, exchange.shot.route))
                slot = f"{source.method} {source.route}, {source.slot}"
                yield Escape(exchange=exchange, slot=slot, word=word, evidence=evidence)


def shown_words(exchanges: Sequence[Exchange]) -> dict[str, Exchange]:
    """The first page in which each word came out at all."""
    shown: dict[str, Exchange] = {}
    for exchange in exchanges:
        for word in _words(exchange):
            shown.setdefault(word, exchange)
    return shown


def _words(exchange: Exchange) -> list[str]:
    return re.findall(r"[a-z0-9]+n\d+e", exchange.answer.text) if exchange.answer.is_html else []
