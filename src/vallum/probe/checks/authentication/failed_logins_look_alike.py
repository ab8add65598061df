"""A login fails in one way only, whoever it was for (CWE-204; ASVS 6.3.8)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.logins import UNKNOWN_USER, WRONG_PASSWORD, ask_logins, core_of, header_names, pair_logins, sent_names
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="failed-logins-look-alike", control="login-generic-errors")
_MESSAGE: Final = "An attacker can find out which accounts exist, and then guess the passwords of those alone."
_FIX: Final = "Answer every failed login with 401 and the same body, and tell the reason to the security log only."


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for wrong, unknown in pair_logins(exchanges):
        difference = _difference(wrong, unknown)
        if difference:
            reason = f"A wrong password and an unknown user are answered differently: {difference}."
            blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX)
            yield CLAIM.finding(unknown, blame, seen=_told(wrong, unknown))
        else:
            yield CLAIM.site(unknown, f"both answered {unknown.answer.status}, alike to the letter")


def _difference(wrong: Exchange, unknown: Exchange) -> str:
    if wrong.answer.status != unknown.answer.status:
        return f"status {wrong.answer.status} and {unknown.answer.status}"
    words = (*sent_names(wrong), *sent_names(unknown))
    if core_of(wrong, *words) != core_of(unknown, *words):
        return "the bodies differ"
    return "" if header_names(wrong) == header_names(unknown) else "the headers differ"


def _told(wrong: Exchange, unknown: Exchange) -> tuple[str, ...]:
    pairs = ((WRONG_PASSWORD, wrong), (UNKNOWN_USER, unknown))
    return tuple(f"{label}: {e.answer.status} {_words(e)}" for label, e in pairs)


def _words(exchange: Exchange) -> str:
    answer = exchange.answer
    return " ".join((answer.page.text if answer.is_html else answer.text).split())[:100]


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("login", "logins"),
    sound="failing alike for known and unknown users",
    ask=ask_logins,
    judge=_judge,
    users=1,
    idle="no login by name and password was found",
)
