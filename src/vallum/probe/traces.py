"""Where plain words come out again, and in which context of a page: found once, for every claim about output."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from vallum.probe.check import Wanted
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.operation import Slot
from vallum.probe.read.html import Element
from vallum.probe.surface import Surface
from vallum.probe.sweep import deliver, landing, open_slots, read_pages

_LINKS: Final = frozenset({"href", "src", "action", "formaction", "poster", "data", "cite", "background", "ping"})
_MOST_TRIES: Final = 24
"""Places that one claim attacks."""
_MOST_PAGES: Final = 2
"""Pages that are read again for one place."""


class Context(StrEnum):
    """Where a value stands: what ends it, and what it can become, differs in each."""

    TEXT = "text"
    ATTRIBUTE = "attribute"
    DATA = "data attribute"
    BLOCK = "data block"
    SCRIPT = "script"
    HANDLER = "event handler"
    STYLE = "style"
    LINK = "link"
    LOCATION = "redirect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A word that came out: the slot that it went in by, who sent it, and the pages that show it in one context."""

    number: int
    slot: Slot
    who: str
    context: Context
    pages: tuple[Exchange, ...]
    values: tuple[str, ...] = ()
    """The text or the attribute that held the word, on each of the pages."""


def trace_slots(surface: Surface) -> Generator[Wanted, Exchange, tuple[Trace, ...]]:
    """A word of its own into each slot; then every page once more. Other claims share the answers."""
    slots = [(number, slot, who) for number, (slot, who) in enumerate(open_slots(surface))]
    groups: dict[str, list[tuple[int, Slot, str]]] = {}
    for entry in slots:
        if not entry[1].parameter.choices:
            groups.setdefault(str(entry[1].operation), []).append(entry)
    met: list[Exchange] = []
    for own in groups.values():
        met += yield from (_one_by_one if own[0][1].operation.is_safe else _together)(surface, own)
    met += yield from _collect(read_pages(surface, "trace: page read back"))
    for _, slot, who in (own[0] for own in groups.values()):
        honest = surface.aim(slot.operation, who, label="trace: mend")
        if honest and not slot.operation.is_safe and not slot.operation.holes:
            yield replace(honest, shared=True)
    return tuple(_find_traces(surface, slots, met))


def _one_by_one(
    surface: Surface, slots: Sequence[tuple[int, Slot, str]]
) -> Generator[Wanted, Exchange, list[Exchange]]:
    met: list[Exchange] = []
    for entry in slots:
        met += yield from _strike(surface, [entry])
    return met


def _together(surface: Surface, slots: Sequence[tuple[int, Slot, str]]) -> Generator[Wanted, Exchange, list[Exchange]]:
    """All fields of a form at once; where that is refused, each alone, and then those that were taken."""
    met = yield from _strike(surface, slots)
    if len(slots) == 1 or not met or met[0].answer.status < 400:
        return met
    taken: list[tuple[int, Slot, str]] = []
    for entry in slots:
        alone = yield from _strike(surface, [entry])
        met += alone
        if alone and alone[0].answer.status < 400:
            taken.append(entry)
    return met + ((yield from _strike(surface, taken)) if len(taken) > 1 else [])


def _strike(surface: Surface, slots: Sequence[tuple[int, Slot, str]]) -> Generator[Wanted, Exchange, list[Exchange]]:
    operation, who = slots[0][1].operation, slots[0][2]
    hits = {slot.parameter.key: word_of(surface, number) for number, slot, _ in slots}
    shot = surface.aim(operation, who, hits=hits, label=f"trace {operation} {[number for number, _, _ in slots]}")
    return (yield from _collect(deliver(surface, shot))) if shot else []


def _collect(asking: Generator[Wanted, Exchange, None]) -> Generator[Wanted, Exchange, list[Exchange]]:
    """Pass on what is asked, as shared shots, and give the answers."""
    met: list[Exchange] = []
    wanted = next(asking, None)
    while wanted is not None:
        exchange = yield replace(wanted, shared=True) if isinstance(wanted, Shot) else wanted
        met.append(exchange)
        try:
            wanted = asking.send(exchange)
        except StopIteration:
            break
    return met


def word_of(surface: Surface, number: int) -> str:
    """The word for one slot: letters and digits only, none the beginning of another."""
    return f"{surface.mark}t{number}z"


def _find_traces(
    surface: Surface, slots: Sequence[tuple[int, Slot, str]], exchanges: Sequence[Exchange]
) -> Iterator[Trace]:
    known = {number: (slot, who) for number, slot, who in slots}
    found: dict[tuple[int, Context], dict[str, tuple[Exchange, str]]] = {}
    pattern = re.compile(rf"{re.escape(surface.mark)}t(\d+)z")
    for exchange in exchanges:
        for context, value in read_contexts(exchange):
            for number in pattern.findall(value):
                pages = found.setdefault((int(number), context), {})
                if _tells(exchange, word_of(surface, int(number))):
                    pages.setdefault(exchange.shot.shown or exchange.shot.route, (exchange, value))
    for (number, context), pages in found.items():
        if pages and number in known:
            slot, who = known[number]
            met, values = zip(*pages.values(), strict=True)
            yield Trace(number=number, slot=slot, who=who, context=context, pages=met, values=values)


def _tells(exchange: Exchange, word: str) -> bool:
    """A page that was redirected to and repeats its own address tells of that address."""
    return not (exchange.shot.shown and word in exchange.shot.target)


def read_contexts(exchange: Exchange) -> Iterator[tuple[Context, str]]:
    """Each piece of an answer that can hold a value, with its context; attributes as a browser decodes them."""
    if location := exchange.answer.header("location"):
        yield Context.LOCATION, location
    for element in exchange.answer.page.elements:
        if element.text:
            yield _text_context(element), element.text
        for name, value in element.attributes:
            yield _attribute_context(name), value


def _text_context(element: Element) -> Context:
    if element.tag == "style":
        return Context.STYLE
    if element.tag != "script":
        return Context.TEXT
    return Context.BLOCK if "json" in element.get("type").lower() else Context.SCRIPT


def _attribute_context(name: str) -> Context:
    if name.startswith("on"):
        return Context.HANDLER
    if name.startswith("data-"):
        return Context.DATA
    if name == "style":
        return Context.STYLE
    return Context.LINK if name in _LINKS else Context.ATTRIBUTE


def attack_traces(
    surface: Surface, traces: Iterable[Trace], write: Callable[[str], Iterable[tuple[str, str]]]
) -> Generator[Wanted, Exchange, None]:
    """The values of `write`, by label, into the slots of the traces; then the pages that had shown the word."""
    for trace in list(traces)[:_MOST_TRIES]:
        for label, value in write(word_of(surface, trace.number)):
            shot = surface.strike(trace.slot, trace.who, value, f"{label} #{trace.number}")
            if shot is None:
                continue
            exchange = yield shot
            target = landing(exchange)
            if target:
                yield replace(shot, method="GET", target=target, body=None, cookies=(), shown=surface.route_of(target))
            for page in _others(trace, exchange):
                shown = page.shot.shown or page.shot.route
                yield replace(page.shot, label=shot.label, slot=shot.slot, route=shot.route, shown=shown, shared=False)


def _others(trace: Trace, exchange: Exchange) -> list[Exchange]:
    """The pages that showed the word, apart from the answer itself and the page that it led to."""
    stored = [page for page in trace.pages if page.shot.method == "GET" and page.shot.route != exchange.shot.route]
    return stored[:_MOST_PAGES] if exchange.answer.status < 400 else []
