"""A value in a script is one piece of data there, and never ends its string or the script (CWE-79; ASVS 1.2.3)."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import name_slot, number_of, struck_slots
from vallum.probe.traces import Context, attack_traces, read_contexts, trace_slots, word_of

CLAIM: Final = Claim(slug="data-stays-data-in-scripts", control="js-context-encoded")
_MESSAGE: Final = "An attacker can run a script in the browser of whoever opens this page, with that person's rights."
_FIX: Final = (
    "Write data as JSON with < > & and U+2028 as \\u escapes, in a script of type application/json or a data attribute."
)
_PLACES: Final = (Context.SCRIPT, Context.BLOCK, Context.HANDLER, Context.DATA)
_END, _QUOTES = "end of the script", "quotes"
_QUOTE: Final = {'"': 'x"y', "'": "y'z", "`": "z`u"}


def _write(word: str) -> tuple[tuple[str, str], ...]:
    return (
        (_END, f"{word}</script><script>{word}()</script>"),
        (_QUOTES, f"{word}x\"y'z`u<!--\u2028v\\"),
    )


def _ask(surface: Surface) -> Asking:
    traces = yield from trace_slots(surface)
    yield from attack_traces(surface, [trace for trace in traces if trace.context in _PLACES], _write)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number, first in struck_slots(exchanges).items():
        own = [exchange for exchange in exchanges if number_of(exchange) == number]
        word = word_of(surface, number)
        found = next(((met, fault) for met in own if (fault := _fault(met, word))), None)
        if found:
            blame = Blame(message=_MESSAGE, reason=f"{name_slot(first)}: {found[1]}", fix=_FIX)
            yield CLAIM.finding(first, blame, needle=word, shown=found[0])
        else:
            yield from (CLAIM.site(met, note) for met, note in _sound(own, word))


def _fault(exchange: Exchange, word: str) -> str:
    sent_end = exchange.shot.label.startswith(_END)
    for context, value in read_contexts(exchange):
        if word not in value:
            continue
        if sent_end and context in (Context.SCRIPT, Context.BLOCK) and value.endswith(word):
            return "the text </script> in a value ends the script that the value stands in."
        if not sent_end and context in (Context.SCRIPT, Context.HANDLER) and (sign := _breaks(value, word)):
            return f"{sign}, in {'a script' if context is Context.SCRIPT else 'an event handler'}."
        if not sent_end and context is Context.BLOCK and "<!--" in value[value.index(word) :][:24]:
            return "the text <!-- in a value comes into the script as it is."
    return ""


def _breaks(code: str, word: str) -> str:
    """How a value leaves the string that it stands in; where it stands in none, it is code."""
    at = code.index(word)
    before, told = code[:at], code[at + len(word) :][:24]
    opener = before[-1:]
    if opener not in _QUOTE:
        return "" if _in_string(before) else "a value stands outside of any string, as code"
    if _QUOTE[opener] in told:
        return f"the quote {opener} in a value ends the string that the value stands in"
    if re.search(r"v\\(?!\\|u)", told):
        return "a backslash at the end of a value takes away the quote that ends its string"
    return "the text <!-- in a value comes into the script as it is" if "<!--" in told else ""


def _in_string(before: str) -> bool:
    """Whether a quote is open at the end of a line of code."""
    line = re.sub(r"\\.", "", before.rpartition("\n")[2])
    return any(line.count(quote) % 2 for quote in "\"'`")


def _sound(own: Iterable[Exchange], word: str) -> Iterator[tuple[Exchange, str]]:
    told: set[str] = set()
    for exchange in own:
        for context, value in read_contexts(exchange):
            note = _note(context, value, _value_of(exchange, word)) if word in value and context in _PLACES else ""
            if note and note not in told:
                told.add(note)
                yield exchange, note


def _value_of(exchange: Exchange, word: str) -> str:
    return next(value for label, value in _write(word) if exchange.shot.label.startswith(label))


def _note(context: Context, value: str, sent: str) -> str:
    if context is Context.DATA:
        return "one whole value in a data attribute" if sent in value else ""
    if context is Context.BLOCK:
        return "JSON that reads back as what was sent" if _holds(_read(value), sent) else ""
    return "what ends a string or a script is escaped"


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _holds(value: Any, sent: str) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(inner, sent) for inner in value.values())
    if isinstance(value, list):
        return any(_holds(inner, sent) for inner in value)
    return isinstance(value, str) and sent in value


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("value for a script", "values for scripts"),
    sound="kept as data",
    ask=_ask,
    judge=_judge,
    idle="no value that was sent came out in a script, an event handler or a data attribute",
)
