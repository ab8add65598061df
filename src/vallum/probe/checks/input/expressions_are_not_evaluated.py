"""A value is never run as code of the server's language (CWE-94, CWE-95; ASVS 1.3.2)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import open_slots, strike_slots

CLAIM: Final = Claim(slug="expressions-are-not-evaluated", control="no-dynamic-code")
_FIX: Final = "Parse the expression with a closed grammar, or look the operation up in a fixed table."
_MESSAGE: Final = "An attacker can run any Python code in the server's process through this parameter."
_CALL: Final = "__import__('math').comb(27,9)"
_RESULT: Final = "4686825"
"""What the call gives. Plain arithmetic would not do: a calculator with a closed grammar may rightly answer it."""
_NAME: Final = "vallumundefinedname"
_UNDEFINED: Final = re.compile(rf"name (?:'|&#39;|&#x27;|\\'){_NAME}(?:'|&#39;|&#x27;|\\') is not defined")
_VALUES: Final = {"call": _CALL, "formula": f"= {_CALL}", "undefined name": f"{_NAME}()"}


def _ask(surface: Surface) -> Asking:
    return strike_slots(surface, open_slots(surface), dict(_VALUES))


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    broken: set[tuple[str, str]] = set()
    for exchange in exchanges:
        key = (exchange.shot.route, exchange.shot.slot)
        found = _evidence(exchange)
        if found and key not in broken:
            broken.add(key)
            blame = Blame(message=_MESSAGE, reason=f"{exchange.shot.slot}: {found[0]}", fix=_FIX)
            yield CLAIM.finding(exchange, blame, needle=found[1])
    seen: set[tuple[str, str]] = set()
    for exchange in exchanges:
        key = (exchange.shot.route, exchange.shot.slot)
        if exchange.answer.status and key not in broken and key not in seen:
            seen.add(key)
            yield CLAIM.site(exchange, f"{exchange.shot.slot}: a call came back as text, or was refused")


def _evidence(exchange: Exchange) -> tuple[str, str] | None:
    answer, label = exchange.answer, exchange.shot.label
    if label in ("call", "formula") and _RESULT in answer.text:
        return f"the call `{_CALL}` was run, and its result {_RESULT} stands in the answer.", _RESULT
    if label == "undefined name":
        shown = _UNDEFINED.search(answer.text)
        if shown:
            return "an undefined name was looked up by Python, and the answer shows its NameError.", shown[0]
        if _UNDEFINED.search(answer.raised):
            return "an undefined name was looked up by Python: the app raised a NameError.", ""
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
