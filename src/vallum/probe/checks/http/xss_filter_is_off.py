"""The withdrawn XSS filter of old browsers is not switched on (OWASP Secure Headers; CWE-1188)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import distinct_answers, judge_answers
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="xss-filter-is-off", control="xss-filter-off")


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    return judge_answers(CLAIM, distinct_answers(surface), _fault, lambda _: "X-XSS-Protection is 0 or absent")


def _fault(exchange: Exchange) -> Blame | None:
    value = exchange.answer.header("X-XSS-Protection").strip()
    if not value or value.startswith("0"):
        return None
    return Blame(
        message="An attacker can use the filter of an old browser to switch off parts of the page, or to read from it.",
        reason=f"X-XSS-Protection is {value}.",
        fix="Send `X-XSS-Protection: 0`, or leave the header out; the Content-Security-Policy does the work.",
    )


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("answer", "answers"),
    sound="without the filter",
    judge=_judge,
    idle="the app gave no answer",
)
