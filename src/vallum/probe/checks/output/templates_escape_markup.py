"""Templates turn markup in a value into entities by themselves (CWE-79; ASVS 1.2.1)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.markup import ask_markup, find_escapes, shown_words, without_echoes
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="templates-escape-markup", control="template-autoescape")
_MESSAGE: Final = "Whatever a user writes into this field becomes markup in the pages of others, scripts included."
_FIX: Final = "Turn auto-escaping on in every template environment, and use |safe or Markup for constants only."


def _write(word: str) -> tuple[str, ...]:
    return (f"{word}<b data-{word}>{word}</b><x-{word}>",)


def _ask(surface: Surface) -> Asking:
    return ask_markup(surface, _write)


def _signs(exchange: Exchange, word: str) -> str:
    """The unknown element too: a sanitiser for rich text would have let the `<b>` through and taken that away."""
    tags = [element for element in exchange.answer.page.elements if element.tag in ("b", f"x-{word}")]
    bold = any(element.has(f"data-{word}") for element in tags)
    return f"<b data-{word}>" if bold and any(element.tag == f"x-{word}" for element in tags) else ""


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    broken = find_escapes(exchanges, _signs)
    for escape in without_echoes(surface, broken):
        blame = Blame(
            message=_MESSAGE, reason=f"{escape.slot}: `{escape.told}` stands in the page as an element.", fix=_FIX
        )
        also = (f"also on {', '.join(escape.others)}",) if escape.others else ()
        yield CLAIM.finding(escape.source, blame, needle=escape.evidence, seen=also, shown=escape.page)
    for word, exchange in shown_words(exchanges).items():
        if word not in broken:
            yield CLAIM.site(exchange, "<b> came out as text")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("place where a value came out", "places where a value came out"),
    sound="escaped",
    ask=_ask,
    judge=_judge,
    idle="no value that was sent came out in a page",
)
