"""A day after its login a session is over, however busy it was kept (CWE-613; ASVS 7.3.2)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.lifetimes import (
    HOUR,
    MINUTE,
    NEW,
    account_of,
    doubt,
    has_ended,
    open_session,
    wait,
    why_untimed,
)
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="busy-sessions-end-within-a-day", control="session-absolute-timeout")
_STEP: Final = 10 * MINUTE
_DAY: Final = 24 * HOUR
_ASLEEP, _BUSY, _LAST = "left alone for a day", "busy", "busy for a day"
_BLAME: Final = Blame(
    message="Whoever has copied a session once keeps it for as long as he keeps it busy.",
    reason="By the app's own clock the session lives on more than 24 hours after its login.",
    fix="Keep the time of the login with the session, carry it through rotation, and end the session 24 hours later.",
)


def _ask(surface: Surface) -> Asking:
    """A session that survives a day alone survives it busy; else one that is used every ten minutes."""
    account = account_of(surface)
    asleep = yield from open_session(surface, "asleep")
    if asleep is None or account is None:
        return
    late = yield from wait(asleep, _DAY + MINUTE, _ASLEEP)
    if account.proof.shows_login(late.answer):
        yield from doubt(asleep)
        return
    proof = yield from open_session(surface, "busy")
    if proof is None:
        return
    for _ in range(int(_DAY / _STEP) - 1):
        met = yield from wait(proof, _STEP, _BUSY)
        if not account.proof.shows_login(met.answer):
            break
    last = yield from wait(proof, _STEP + MINUTE, _LAST)
    if account.proof.shows_login(last.answer):
        yield from doubt(proof)
    yield from open_session(surface, "the day after", NEW)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silent = [*why_untimed(CLAIM, surface, exchanges)]
    yield from silent
    account = account_of(surface)
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if silent or account is None:
        return
    met = [told[label] for label in (_ASLEEP, _LAST) if label in told]
    living = next((exchange for exchange in met if account.proof.shows_login(exchange.answer)), None)
    busy = sum(e.shot.label == _BUSY and account.proof.shows_login(e.answer) for e in exchanges)
    if living:
        yield CLAIM.finding(living, _BLAME)
    elif len(met) > 1 and has_ended(account, met[-1]) and account.proof.shows_login(told[NEW].answer):
        hours = busy * _STEP / HOUR
        yield CLAIM.site(
            met[-1], f"kept busy it worked for {hours:.1f} hours, then the answer is {met[-1].answer.status}"
        )
    else:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "no session could be kept busy in the app started anew")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("busy session", "busy sessions"),
    sound="ended within a day",
    ask=_ask,
    judge=_judge,
    users=1,
)
