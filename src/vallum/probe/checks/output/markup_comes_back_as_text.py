"""A value with markup in it is shown as text, wherever it comes out (CWE-79; ASVS 1.2.1)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.markup import ask_markup, find_escapes, shown_words, without_echoes
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="markup-comes-back-as-text", control="html-escaped")
_MESSAGE: Final = "An attacker can run a script in the browser of whoever opens this page, with that person's rights."
_FIX: Final = "Escape & < > \" ' where the value is put into the page, and quote every attribute."
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
    broken = find_escapes(exchanges, _signs)
    for escape in without_echoes(surface, broken):
        blame = Blame(
            message=_MESSAGE, reason=f"{escape.slot}: the value came out as markup, `{escape.told}`.", fix=_FIX
        )
        also = (f"also on {', '.join(escape.others)}",) if escape.others else ()
        yield CLAIM.finding(escape.source, blame, needle=escape.evidence, seen=also, shown=escape.page)
    for word, exchange in shown_words(exchanges).items():
        if word not in broken:
            yield CLAIM.site(exchange, "the value came out as text")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("place where a value came out", "places where a value came out"),
    sound="escaped",
    ask=_ask,
    judge=_judge,
    idle="no value that was sent came out in a page",
)
