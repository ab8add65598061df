"""Template syntax in a value is shown, not rendered (CWE-1336; ASVS 1.3.7)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import open_slots, read_pages, strike_slots

CLAIM: Final = Claim(slug="template-syntax-stays-text", control="template-injection")
_FIX: Final = "Load templates by constant name, and pass data to them as variables only."
_MESSAGE: Final = "An attacker can run code in the template engine, and with most engines on the server."
_PRODUCT: Final = "84143957"
_SYNTAX: Final = "{{9731*8647}}${9731*8647}<%= 9731*8647 %>#{9731*8647}"
_FORMAT: Final = "vfmt{0.__class__}"
_CLASS: Final = ("vfmt<class '", "vfmt&lt;class &#39;", "vfmt&lt;class &#x27;")
_STORED: Final = "page read back"


def _ask(surface: Surface) -> Asking:
    yield from strike_slots(surface, open_slots(surface), {"template syntax": _SYNTAX, "format field": _FORMAT})
    yield from read_pages(surface, _STORED)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    known = "".join(exchange.answer.text for exchange in surface.exchanges)
    broken: set[tuple[str, str]] = set()
    for exchange in exchanges:
        signs = (_PRODUCT, *_CLASS) if exchange.shot.label != "format field" else _CLASS
        sign = next((sign for sign in signs if sign in exchange.answer.text and sign not in known), "")
        key = (exchange.shot.route, exchange.shot.slot)
        if sign and key not in broken:
            broken.add(key)
            place = exchange.shot.slot or "a stored value"
            reason = f"{place}: the app rendered template syntax out of data: the answer holds {sign}."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX), needle=sign)
    for exchange in exchanges:
        key = (exchange.shot.route, exchange.shot.slot)
        if exchange.answer.status and exchange.shot.label != _STORED and key not in broken:
            broken.add(key)
            yield CLAIM.site(exchange, f"{exchange.shot.slot}: template syntax is text")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("parameter", "parameters"),
    sound="shown as text",
    ask=_ask,
    judge=_judge,
    idle="no parameter that takes text was found",
)
