"""A value in a URL stays one component, and no value makes a link a script (CWE-79, CWE-74; ASVS 1.2.2)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import deliver, name_slot, number_of, open_slots, struck_slots
from vallum.probe.traces import Context, Trace, attack_traces, read_contexts, trace_slots, word_of

CLAIM: Final = Claim(slug="links-keep-one-parameter", control="url-encoded")
_RUNS: Final = "An attacker can put a link into the page that runs a script when somebody follows it."
_CHANGES: Final = "An attacker can add parameters to a link of this app, or point it at another path."
_ENCODE: Final = "Encode each value as one component (quote(x, safe='') or urlencode), and escape the result for HTML."
_SCHEME: Final = "Parse the address and accept https alone (http and mailto where that is meant)."
_WHOLE: Final = re.compile(r"(?i)(?:^|_)(?:url|uri|link|href|website|homepage|site|web|webpage|blog)$")
_RICH: Final = re.compile(r"(?i)body|text|content|comment|bio|description|markdown|note")
_LINKS: Final = (Context.LINK, Context.LOCATION)
_COMPONENT, _ADDRESS, _MARKUP = "component", "script address", "markup with a script address"
_REFUSED: Final = (400, 413, 422)


def _write(word: str) -> tuple[tuple[str, str], ...]:
    return ((_COMPONENT, f"{word}a/../{word}b&{word}c=1#{word}d"),)


def _write_address(word: str) -> tuple[tuple[str, str], ...]:
    return ((_ADDRESS, f"javascript:{word}()"),)


def _write_markup(word: str) -> tuple[tuple[str, str], ...]:
    return ((_MARKUP, f"[{word}](javascript:{word})"),)


def _ask(surface: Surface) -> Asking:
    traces = yield from trace_slots(surface)
    linked = [trace for trace in traces if trace.context in _LINKS]
    whole = [trace for trace in linked if _is_whole(surface, trace)]
    yield from attack_traces(surface, [trace for trace in linked if trace not in whole], _write)
    yield from attack_traces(surface, [trace for trace in whole if trace.context is Context.LINK], _write_address)
    rich = [trace for trace in traces if trace.context is Context.TEXT and _RICH.search(trace.slot.parameter.name)]
    yield from attack_traces(surface, rich, _write_markup)
    known = {trace.number for trace in whole}
    for number, (slot, who) in enumerate(open_slots(surface)):
        if number in known or not _WHOLE.search(slot.parameter.name):
            continue
        for label, value in _write_address(word_of(surface, number)):
            shot = surface.strike(slot, who, value, f"{label} #{number}")
            if shot:
                yield from deliver(surface, shot)


def _is_whole(surface: Surface, trace: Trace) -> bool:
    """Whether the value is a whole address, so that it may bring a scheme; where it may lead is another claim."""
    word = word_of(surface, trace.number)
    return any(value.strip() == word for value in trace.values)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number, first in struck_slots(exchanges).items():
        own = [exchange for exchange in exchanges if number_of(exchange) == number]
        word = word_of(surface, number)
        found = next(((met, blame) for met in own if (blame := _fault(met, word, name_slot(first)))), None)
        if found:
            yield CLAIM.finding(first, found[1], needle=word, shown=found[0])
        else:
            yield from (CLAIM.site(met, note) for met, note in _sound(own, word))


def _fault(exchange: Exchange, word: str, place: str) -> Blame | None:
    for context, value in read_contexts(exchange):
        if context not in _LINKS or word not in value:
            continue
        if _runs(value, word):
            reason = f"{place}: an address with the scheme javascript became a link."
            return Blame(message=_RUNS, reason=reason, fix=_SCHEME)
        if fault := _leaves(value, word):
            where = "a redirect" if context is Context.LOCATION else "a link"
            return Blame(message=_CHANGES, reason=f"{place}: {fault} {where}.", fix=_ENCODE)
    return None


def _runs(value: str, word: str) -> bool:
    """Browsers drop blanks and control characters before and in a scheme (WHATWG URL)."""
    return "".join(value.split()).lower().startswith(f"javascript:{word}")


def _leaves(value: str, word: str) -> str:
    if f"&{word}c=1" in value and "?" in value.partition(f"&{word}c")[0]:
        return "the character & in a value begins a parameter of its own in"
    if f"#{word}d" in value:
        return "the character # in a value begins the fragment of"
    return "the text /../ in a value changes the path of" if f"{word}a/../{word}b" in value.partition("?")[0] else ""


def _sound(own: Iterable[Exchange], word: str) -> Iterator[tuple[Exchange, str]]:
    told: set[str] = set()
    for exchange in own:
        note = _note(exchange, word)
        if note and note not in told:
            told.add(note)
            yield exchange, note


def _note(exchange: Exchange, word: str) -> str:
    label, answer = exchange.shot.label, exchange.answer
    if label.startswith(_ADDRESS):
        return f"an address with the scheme javascript: {answer.status}" if answer.status in _REFUSED else ""
    if label.startswith(_MARKUP):
        return "an address with the scheme javascript stays text" if word in answer.page.text else ""
    held = any(context in _LINKS and f"{word}a%2F" in value for context, value in read_contexts(exchange))
    return "one encoded component of a link" if held else ""


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("value in a link", "values in links"),
    sound="kept as one component",
    ask=_ask,
    judge=_judge,
    idle="no value that was sent came out in a link",
)
