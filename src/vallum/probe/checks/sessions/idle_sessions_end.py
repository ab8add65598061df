"""A session that nobody used for half an hour is over, whatever its cookie says (CWE-613; ASVS 7.3.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.lifetimes import MINUTE, NEW, account_of, doubt, has_ended, open_session, wait, why_untimed
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="idle-sessions-end", control="session-idle-timeout")
_USED, _IDLE, _DEAD = "after 29 idle minutes", "after 31 idle minutes", "the same cookie once more"
_BLAME: Final = Blame(
    message="Whoever comes to a screen that was left alone, or finds a cookie of yesterday, is logged in.",
    reason="By the app's own clock the session lives on 31 minutes after its last request.",
    fix="Keep the time of the last request with the session on the server, and end it 30 minutes later.",
)


def _ask(surface: Surface) -> Asking:
    proof = yield from open_session(surface, "idle")
    account = account_of(surface)
    if proof is None or account is None:
        return
    yield from wait(proof, 29 * MINUTE, _USED)
    idle = yield from wait(proof, 31 * MINUTE, _IDLE)
    if account.proof.shows_login(idle.answer):
        yield from doubt(proof)
    else:
        yield replace(proof, frozen=True, label=_DEAD)
        yield from open_session(surface, "idle again", NEW)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silent = [*why_untimed(CLAIM, surface, exchanges)]
    yield from silent
    told = {exchange.shot.label: exchange for exchange in exchanges}
    account = account_of(surface)
    if silent or account is None:
        return
    if _IDLE not in told:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the account could not be logged in to in the app started anew")
        return
    living = next((told[label] for label in (_IDLE, _DEAD) if label in told and _lives(surface, told[label])), None)
    if living:
        yield CLAIM.finding(living, _BLAME)
    elif has_ended(account, told[_IDLE]) and NEW in told and _lives(surface, told[NEW]):
        used = "it works" if _lives(surface, told[_USED]) else "it has ended"
        yield CLAIM.site(told[_IDLE], f"{_USED} {used}, {_IDLE} the answer is {told[_IDLE].answer.status}")
    else:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, f"{_IDLE} the app let nobody in, not even by a new login")


def _lives(surface: Surface, exchange: Exchange) -> bool:
    account = account_of(surface)
    return account is not None and account.proof.shows_login(exchange.answer)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("idle session", "idle sessions"),
    sound="ended",
    ask=_ask,
    judge=_judge,
    users=1,
)
