"""Statuses say what happened: a failed login answers 401, wrong input 400 or 422 (RFC 9110; CWE-394)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.logins import UNKNOWN_USER, WRONG_PASSWORD, ask_logins
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="failures-have-their-status", control="status-code-hygiene")
_FIX: Final = "Answer 401 to every failed login, 400 or 422 to wrong input, and never 200 to an error."
_LOGIN: Final = "An attacker, or a defence, cannot be told from an honest user by statuses; unknown users may show."
_INPUT: Final = "Failures that look like success, or like a crash, hide attacks from whoever watches the statuses."


def _ask(surface: Surface) -> Asking:
    return ask_logins(surface)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for exchange in exchanges:
        if exchange.shot.label in (WRONG_PASSWORD, UNKNOWN_USER):
            if exchange.answer.status in (401, 429):
                yield CLAIM.site(exchange, f"{exchange.shot.label}: 401")
            else:
                reason = f"A login with {exchange.shot.label} answers {exchange.answer.status}, not 401."
                yield CLAIM.finding(exchange, Blame(message=_LOGIN, reason=reason, fix=_FIX))
    yield from _inputs(surface)


def _inputs(surface: Surface) -> Iterator[Remark]:
    told: set[int] = set()
    for exchange in surface.exchanges:
        status = exchange.answer.status
        if exchange.shot.label != "broken JSON" or not status:
            continue
        if 400 <= status < 500:
            yield CLAIM.site(exchange, f"broken JSON: {status}")
        elif status not in told:
            told.add(status)
            reason = f"Broken JSON answers {status}, not 400 or 422."
            yield CLAIM.finding(exchange, Blame(message=_INPUT, reason=reason, fix=_FIX))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("failure", "failures"),
    sound="answered with its status",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="no login and no JSON body was found",
)
