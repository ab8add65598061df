"""Templates turn markup in a value into entities by themselves (CWE-79; ASVS 1.2.1)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.markup import MarkupWords, ask_markup, find_escapes, judge_markup
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="templates-escape-markup", control="template-autoescape")
_WORDS: Final = MarkupWords(
    message="Whatever a user writes into this field becomes markup in the pages of others, scripts included.",
    reason="{slot}: `{told}` stands in the page as an element.",
    fix="Turn auto-escaping on in every template environment, and use |safe or Markup for constants only.",
    sound="<b> came out as text",
)


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
