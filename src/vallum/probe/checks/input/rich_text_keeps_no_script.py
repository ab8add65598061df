"""Rich text of users comes back without anything that runs (CWE-79, CWE-116; ASVS 1.3.1)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import name_slot, number_of, struck_slots
from vallum.probe.traces import Context, attack_traces, trace_slots, word_of

CLAIM: Final = Claim(slug="rich-text-keeps-no-script", control="html-sanitised")
_MESSAGE: Final = "An attacker can run a script in the browser of whoever reads this text, with that person's rights."
_FIX: Final = (
    "Pass the HTML through an allowlist sanitiser (nh3, DOMPurify) right before it is shown, and edit nothing after."
)
_RICH: Final = re.compile(r"(?i)body|text|content|comment|message|bio|about|description|html|markdown|note|post|review")
_LONG: Final = 400
"""A field that takes no more than so many characters is a line, and no text."""
_LABEL: Final = "rich text"


def _write(word: str) -> tuple[tuple[str, str], ...]:
    value = (
        f"<b>{word}b</b><script>{word}()</script><img src=x onerror={word}()><svg onload={word}()></svg>"
        f'<a href="javascript:{word}()">{word}j</a><a href="data:text/html,{word}">{word}d</a>'
        f"<scr<script></script>ipt>{word}()</script>"
    )
    return ((_LABEL, value),)


def _ask(surface: Surface) -> Asking:
    traces = yield from trace_slots(surface)
    rich = [trace for trace in traces if trace.context is Context.TEXT and _RICH.search(trace.slot.parameter.name)]
    longer = [t for t in rich if t.slot.parameter.longest == 0 or t.slot.parameter.longest >= _LONG]
    yield from attack_traces(surface, longer, _write)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number, first in struck_slots(exchanges).items():
        own = [exchange for exchange in exchanges if number_of(exchange) == number]
        word = word_of(surface, number)
        found = next(((met, signs) for met in own if (signs := _signs(met, word))), None)
        if found:
            told = ", ".join(sign.replace(word, "x") for sign in found[1])
            blame = Blame(message=_MESSAGE, reason=f"{name_slot(first)}: the text keeps {told}.", fix=_FIX)
            yield CLAIM.finding(first, blame, needle=word, shown=found[0])
        elif shown := next((met for met in own if f"{word}b" in met.answer.page.text), None):
            kept = any(element.tag == "b" and f"{word}b" in element.text for element in shown.answer.page.elements)
            yield CLAIM.site(shown, "<b> stays, and nothing that runs" if kept else "markup is shown as text")


def _signs(exchange: Exchange, word: str) -> tuple[str, ...]:
    """What would run, out of the text that was sent."""
    found: dict[str, None] = {}
    for element in exchange.answer.page.elements:
        if element.tag == "script" and element.text.startswith(f"{word}()"):
            found["<script>"] = None
        for name, value in element.attributes:
            scheme, _, rest = "".join(value.split()).lower().partition(":")
            if name.startswith("on") and value.startswith(f"{word}()"):
                found[f"{name} on <{element.tag}>"] = None
            elif name == "href" and scheme in ("javascript", "data") and word in rest:
                found[f"a link with the scheme {scheme}"] = None
    return tuple(found)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("rich text", "rich texts"),
    sound="shown without anything that runs",
    ask=_ask,
    judge=_judge,
    idle="no long text that was sent came out in a page",
)
