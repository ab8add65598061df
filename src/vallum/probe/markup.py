"""Where a value comes out in a page as markup: shared by the claims about HTML and about templates."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Claim
from vallum.probe.evidence import act_of
from vallum.probe.exchange import Exchange
from vallum.probe.operation import In, Operation
from vallum.probe.surface import UNKNOWN, Surface
from vallum.probe.sweep import deliver, open_slots, read_pages

MISSING: Final = 9999
"""The number of the page that does not exist."""
STORED: Final = "page read back"
_NOWHERE: Final = Operation(method="GET", template="/{path}")
Write = Callable[[str], Sequence[str]]
"""Given a word that marks one place, the values to send there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escape:
    """A value that became markup: the shot that carried it, the page that shows it, and how."""

    source: Exchange
    page: Exchange
    evidence: str
    others: tuple[str, ...] = ()
    """The other pages that show it."""

    @property
    def told(self) -> str:
        """The evidence without the word of this run."""
        return self.evidence.replace(self.source.shot.label, "x")

    @property
    def slot(self) -> str:
        """The place that the value went in by."""
        shot = self.source.shot
        return f"{shot.method} {shot.route}, {shot.slot}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkupWords:
    """How a claim tells of a value that came out: `reason` has room for `{slot}` and `{told}`."""

    message: str
    reason: str
    fix: str
    sound: str


def ask_markup(surface: Surface, write: Write) -> Asking:
    """Each value into each place; then every page once more, to find what was stored."""
    for number, (slot, who) in enumerate(open_slots(surface)):
        for value in write(word_of(surface, number)):
            shot = surface.strike(slot, who, value, word_of(surface, number))
            if shot:
                yield from deliver(surface, shot)
    missing = word_of(surface, MISSING)
    for value in write(missing):
        shot = surface.aim(_NOWHERE, hits={(In.PATH.value, "path"): value}, label=missing)
        if shot:
            yield replace(shot, slot="path of a missing page", route=UNKNOWN)
    yield from read_pages(surface, STORED)


def word_of(surface: Surface, number: int) -> str:
    """The word for one place: letters and digits only, none the beginning of another."""
    return f"{surface.mark}n{number}e"


def find_escapes(exchanges: Sequence[Exchange], signs: Callable[[Exchange, str], str]) -> Mapping[str, Escape]:
    """The escape of each word that became markup; `signs` tells how it did in a page, or gives an empty text."""
    sources = {exchange.shot.label: exchange for exchange in reversed(exchanges) if exchange.shot.slot}
    found: dict[str, Escape] = {}
    for exchange in exchanges:
        for word in dict.fromkeys(_words(exchange)):
            evidence = signs(exchange, word) if word in sources and not _is_address(exchange, word) else ""
            if not evidence:
                continue
            if word not in found:
                found[word] = Escape(source=sources[word], page=exchange, evidence=evidence)
            elif (also := str(act_of(exchange))) not in (*found[word].others, str(act_of(found[word].page))):
                found[word] = replace(found[word], others=(*found[word].others, also))
    return found


def judge_markup(
    claim: Claim, surface: Surface, exchanges: Sequence[Exchange], broken: Mapping[str, Escape], words: MarkupWords
) -> Iterator[Remark]:
    """A finding for each value that came out as markup, a site for each that came out as text."""
    for escape in without_echoes(surface, broken):
        blame = Blame(
            message=words.message, reason=words.reason.format(slot=escape.slot, told=escape.told), fix=words.fix
        )
        also = (f"also on {', '.join(escape.others)}",) if escape.others else ()
        yield claim.finding(escape.source, blame, needle=escape.evidence, seen=also, shown=escape.page)
    for word, exchange in shown_words(exchanges).items():
        if word not in broken:
            yield claim.site(exchange, words.sound)


def _is_address(exchange: Exchange, word: str) -> bool:
    """A page that was redirected to and repeats its own address: the claim for a missing page tells of that."""
    return bool(exchange.shot.shown) and word in exchange.shot.target


def without_echoes(surface: Surface, escapes: Mapping[str, Escape]) -> Iterator[Escape]:
    """The escapes, with one for all routes whose page for what is missing repeats the address."""
    echo = word_of(surface, MISSING) in escapes
    for word, escape in escapes.items():
        missing = escape.source.answer.status == 404 and escape.source.shot.slot.startswith("path ")
        if not (echo and missing) or word == word_of(surface, MISSING):
            yield escape


def shown_words(exchanges: Sequence[Exchange]) -> dict[str, Exchange]:
    """The first page in which each word came out at all."""
    shown: dict[str, Exchange] = {}
    for exchange in exchanges:
        for word in _words(exchange):
            shown.setdefault(word, exchange)
    return shown


def _words(exchange: Exchange) -> list[str]:
    return re.findall(r"[a-z0-9]+n\d+e", exchange.answer.text) if exchange.answer.is_html else []
