"""Template syntax in a value is shown, not rendered (CWE-1336; ASVS 1.3.7)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import name_slot, open_slots, read_pages, strike_slots, struck_slots

CLAIM: Final = Claim(slug="template-syntax-stays-text", control="template-injection")
_FIX: Final = "Load templates by constant name, and pass data to them as variables only."
_MESSAGE: Final = "An attacker can run code in the template engine, and with most engines on the server."
_FACTOR: Final = 97_310_007
_CLASS: Final = ("<class '", "&lt;class &#39;", "&lt;class &#x27;")


def _write(number: int) -> dict[str, str]:
    times = f"{_FACTOR}*{1000 + number}"
    syntax = f"{{{{{times}}}}}${{{times}}}<%= {times} %>#{{{times}}}"
    return {"template syntax": syntax, "format field": f"vfmt{number}x{{0.__class__}}"}


def _ask(surface: Surface) -> Asking:
    yield from strike_slots(surface, open_slots(surface), _write)
    yield from read_pages(surface, "page read back")


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number, first in struck_slots(exchanges).items():
        signs = (str(_FACTOR * (1000 + number)), *(f"vfmt{number}x{sign}" for sign in _CLASS))
        found = next(((e, sign) for e in exchanges for sign in signs if sign in e.answer.text), None)
        if found:
            reason = f"{name_slot(first)}: the app rendered template syntax out of data; the answer holds {found[1]}."
            blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX)
            yield CLAIM.finding(first, blame, needle=found[1], shown=found[0])
        elif first.answer.status:
            yield CLAIM.site(first, f"{first.shot.slot}: template syntax is text")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("parameter", "parameters"),
    sound="shown as text",
    ask=_ask,
    judge=_judge,
    idle="no parameter that takes text was found",
)
