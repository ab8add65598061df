"""Every error answer carries the id under which the log tells of it (ASVS 16.2.1)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import distinct_answers, judge_answers
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="errors-carry-a-request-id", control="error-request-id")
_HEADER: Final = "X-Request-ID"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{22,64}\Z")
_MESSAGE: Final = "An attack that shows as errors cannot be matched with the log, so it is found late or never."
_FIX: Final = "Give each request a random id, send it as X-Request-ID, and show it in the body of every error."


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    errors = [exchange for exchange in distinct_answers(surface) if exchange.answer.status >= 400]
    return judge_answers(CLAIM, errors, _fault, lambda _: "the same id in header and body")


def _fault(exchange: Exchange) -> Blame | None:
    value = exchange.answer.header(_HEADER).strip()
    if not value:
        return Blame(message=_MESSAGE, reason="The error has no X-Request-ID header.", fix=_FIX)
    if not _ID.match(value):
        return Blame(message=_MESSAGE, reason="X-Request-ID is shorter than a random id.", fix=_FIX)
    shown_again = exchange.answer.status < 500 and exchange.answer.page.forms
    # Refused credentials are answered alike to the letter (login-generic-errors, bearer-errors-uniform).
    alike = exchange.answer.status == 401
    if exchange.answer.body and value not in exchange.answer.text and not (shown_again or alike):
        return Blame(message=_MESSAGE, reason="The body of the error lacks the id of its header.", fix=_FIX)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("error answer", "error answers"),
    sound="with a request id",
    judge=_judge,
    idle="no error could be provoked",
)
