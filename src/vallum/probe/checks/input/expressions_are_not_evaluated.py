"""A value is never run as code of the server's language (CWE-94, CWE-95; ASVS 1.3.2)."""

from collections.abc import Iterable, Sequence
from math import comb
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import name_slot, open_slots, read_pages, strike_slots, struck_slots

CLAIM: Final = Claim(slug="expressions-are-not-evaluated", control="no-dynamic-code")
_FIX: Final = "Parse the expression with a closed grammar, or look the operation up in a fixed table."
_MESSAGE: Final = "An attacker can run any Python code in the server's process through this parameter."
_NAME: Final = "vallumundefinedname"
_UNDEFINED: Final = "name {quote}" + _NAME + "{number}{quote} is not defined"
_QUOTES: Final = ("'", "&#39;", "&#x27;", "\\'")


def _write(number: int) -> dict[str, str]:
    """Calls, not sums: a calculator with a closed grammar may rightly answer a sum."""
    call = f"__import__('math').comb({1000 + number},7)"
    return {"call": call, "formula": f"= {call}", "undefined name": f"{_NAME}{number}()"}


def _ask(surface: Surface) -> Asking:
    yield from strike_slots(surface, open_slots(surface), _write)
    yield from read_pages(surface, "page read back")


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number, first in struck_slots(exchanges).items():
        found = next((met for exchange in exchanges if (met := _evidence(exchange, number))), None)
        if found:
            reason = f"{name_slot(first)}: {found[1]}"
            blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX)
            yield CLAIM.finding(first, blame, needle=found[2], shown=found[0])
        elif first.answer.status:
            yield CLAIM.site(first, f"{first.shot.slot}: a call came back as text, or was refused")


def _evidence(exchange: Exchange, number: int) -> tuple[Exchange, str, str] | None:
    answer, result = exchange.answer, str(comb(1000 + number, 7))
    if result in answer.text:
        return exchange, f"the call `{_write(number)['call']}` was run, and the answer holds its result.", result
    for quote in _QUOTES:
        sentence = _UNDEFINED.format(quote=quote, number=number)
        if sentence in answer.text:
            return exchange, "an undefined name was looked up by Python, and the answer shows its NameError.", sentence
        if sentence in answer.raised:
            return exchange, "an undefined name was looked up by Python: the app raised a NameError.", ""
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("parameter", "parameters"),
    sound="taken as text",
    ask=_ask,
    judge=_judge,
    idle="no parameter that takes text was found",
)
