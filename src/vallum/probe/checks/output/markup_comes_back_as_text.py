"""A value with markup in it is shown as text, wherever it comes out (CWE-79; ASVS 1.2.1)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.markup import MarkupWords, ask_markup, find_escapes, judge_markup
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="markup-comes-back-as-text", control="html-escaped")
_WORDS: Final = MarkupWords(
    message="An attacker can run a script in the browser of whoever opens this page, with that person's rights.",
    reason="{slot}: the value came out as markup, `{told}`.",
    fix="Escape & < > \" ' where the value is put into the page, and quote every attribute.",
    sound="the value came out as text",
)
_HANDLERS: Final = ("onerror", "onfocus")


def _write(word: str) -> tuple[str, ...]:
    return (
        f"{word}<script>{word}()</script>\"'><img src=x onerror={word}()>",
        f"{word}' autofocus onfocus={word}() x='",
        f'{word}" autofocus onfocus={word}() x="',
    )


def _ask(surface: Surface) -> Asking:
    return ask_markup(surface, _write)


def _signs(exchange: Exchange, word: str) -> str:
    call = f"{word}()"
    for element in exchange.answer.page.elements:
        if element.tag == "script" and element.text.startswith(call):
            return f"<script>{call}"
        for name, value in element.attributes:
            if name in _HANDLERS and value.startswith(call):
                return f"{name}={call}"
    return ""


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    return judge_markup(CLAIM, surface, exchanges, find_escapes(exchanges, _signs), _WORDS)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("place where a value came out", "places where a value came out"),
    sound="escaped",
    ask=_ask,
    judge=_judge,
    idle="no value that was sent came out in a page",
)
