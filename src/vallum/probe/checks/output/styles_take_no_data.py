"""A value never becomes text of a style (CWE-79, CWE-116; ASVS 1.2.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.operation import Slot
from vallum.probe.surface import Surface
from vallum.probe.sweep import deliver, name_slot, number_of, open_slots, struck_slots
from vallum.probe.traces import Context, attack_traces, read_contexts, trace_slots, word_of

CLAIM: Final = Claim(slug="styles-take-no-data", control="css-context-encoded")
_MESSAGE: Final = "An attacker can restyle the page for others, cover its buttons, and send what it shows elsewhere."
_FIX: Final = "Map the choice to a fixed class, or check it against a strict rule such as #rrggbb before it is used."
_THEME: Final = re.compile(r"(?i)colou?r|accent|theme|style|css|font|background|skin|palette")
_MARKS: Final = (400, 413, 422)
_RULE, _END = "another rule", "end of the style"


def _write(word: str) -> tuple[tuple[str, str], ...]:
    return (
        (_RULE, f"red;background:url(//{word}.example/x)"),
        (_END, f"{word}</style><script>{word}()</script>"),
    )


def _ask(surface: Surface) -> Asking:
    traces = yield from trace_slots(surface)
    styled = [trace for trace in traces if trace.context is Context.STYLE]
    yield from attack_traces(surface, styled, _write)
    known = {trace.number for trace in styled}
    for number, slot, who in _themes(surface):
        if number in known:
            continue
        for label, value in _write(word_of(surface, number)):
            shot = surface.strike(slot, who, value, f"{label} #{number}")
            if shot:
                yield from deliver(surface, shot)


def _themes(surface: Surface) -> Iterator[tuple[int, Slot, str]]:
    """Fields that choose how something looks, by their name."""
    for number, (slot, who) in enumerate(open_slots(surface)):
        if _THEME.search(slot.parameter.name):
            yield number, slot, who


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number, first in struck_slots(exchanges).items():
        own = [exchange for exchange in exchanges if number_of(exchange) == number]
        word = word_of(surface, number)
        found = next(((met, fault) for met in own if (fault := _fault(met, word))), None)
        if found:
            blame = Blame(message=_MESSAGE, reason=f"{name_slot(first)}: {found[1]}", fix=_FIX)
            yield CLAIM.finding(first, blame, needle=word, shown=found[0])
        elif all(met.answer.status in _MARKS for met in own):
            yield CLAIM.site(first, f"{first.shot.slot}: refused with {first.answer.status}")
        elif any(word in value for met in own for context, value in read_contexts(met) if context is Context.STYLE):
            yield CLAIM.site(first, f"{first.shot.slot}: what ends a declaration or the style is escaped")


def _fault(exchange: Exchange, word: str) -> str:
    ends = exchange.shot.label.startswith(_END)
    for context, value in read_contexts(exchange):
        if context is not Context.STYLE or word not in value:
            continue
        if ends and value.endswith(word):
            return "the text </style> in a value ends the style that the value stands in."
        if not ends and f";background:url(//{word}.example" in value:
            return "a value adds a declaration of its own to a style, with an address that the browser fetches."
    return ""


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("field that reaches a style", "fields that reach styles"),
    sound="held to fixed choices or escaped",
    ask=_ask,
    judge=_judge,
    idle="no value that was sent came out in a style, and no field chooses a look",
)
