"""After ten failures an account is locked for a while, and tells nobody; its sessions go on (CWE-307; ASVS 6.3.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, SignIn, Stir
from vallum.probe.logins import core_of, header_names, sent_names, wrong_fields
from vallum.probe.newcomers import opened_by, proof_shot
from vallum.probe.starting import open_trial, why_unstarted
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="locked-accounts-answer-alike", control="account-lockout")
_FAILURES: Final = 12
_IN_A_ROW: Final = 4
"""Fewer than what limits of logins allow; then the clock moves on, so that they forget."""
_QUARTER: Final = 910.0
_DAY: Final = 86_400.0
_LIVE: Final = "a session from before"
_BEFORE, _WRONG, _RIGHT, _DURING, _LATER, _WORKS = "live", "wrong", "right", "still live", "right later", "works"
_FIX: Final = (
    "Lock the password after 10 failures in a row for 15 minutes, doubling up to a day; answer the right password like"
    " a wrong one meanwhile, tell the owner, and end no session."
)
_OPEN: Final = "An attacker who is slow enough for the rate limit can try passwords of one account for ever."
_SHUT: Final = "A stranger can shut a user out by failing on purpose."


def _ask(surface: Surface) -> Asking:
    trial = yield from open_trial(surface)
    account = surface.users[0]
    fields = wrong_fields(account, mark=surface.mark)
    if trial is None or not fields:
        return
    wrong = SignIn(identity=account.name, session="failing", replace=fields, label=_WRONG, trial=trial)
    yield Stir(trial=trial, seconds=_DAY)
    yield SignIn(identity=account.name, session=_LIVE, trial=trial)
    yield proof_shot(account, _LIVE, trial, _BEFORE)
    for number in range(_FAILURES):
        if number and not number % _IN_A_ROW:
            yield Stir(trial=trial, seconds=_QUARTER)
            yield proof_shot(account, _LIVE, trial, "in use")
        yield replace(wrong, replace={name: Secret(f"Wrong-{number}-{surface.mark}") for name in fields})
    yield Stir(trial=trial, seconds=60.0)
    yield SignIn(identity=account.name, session="locked", label=_RIGHT, trial=trial)
    yield proof_shot(account, "locked", trial, f"{_RIGHT} {_WORKS}")
    yield proof_shot(account, _LIVE, trial, _DURING)
    yield Stir(trial=trial, seconds=_DAY)
    yield SignIn(identity=account.name, session="unlocked", label=_LATER, trial=trial)
    yield proof_shot(account, "unlocked", trial, f"{_LATER} {_WORKS}")


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    yield from why_unstarted(CLAIM, surface, exchanges)
    told = {exchange.shot.label: exchange for exchange in exchanges}
    account = surface.users[0]
    if _RIGHT not in told or _WRONG not in told:
        return
    wrong = [exchange for exchange in exchanges if exchange.shot.label == _WRONG]
    if not opened_by(account, told[_BEFORE]):
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the account could not be logged in to in the app started anew")
    elif any(exchange.answer.status == 429 for exchange in (wrong[-1], told[_RIGHT])):
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "a limit answers 429 before a lock could be seen")
    elif opened_by(account, told[f"{_RIGHT} {_WORKS}"]):
        reason = (
            f"After {_FAILURES} wrong passwords in a row, {_IN_A_ROW} in 15 minutes, the right one opens the account."
        )
        blame = Blame(message=_OPEN, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        yield CLAIM.finding(told[_RIGHT], blame)
    else:
        yield from _judge_lock(surface, wrong[0], told)


def _judge_lock(surface: Surface, wrong: Exchange, told: dict[str, Exchange]) -> Iterator[Remark]:
    account, right = surface.users[0], told[_RIGHT]
    difference = _difference(wrong, right)
    if difference:
        reason = f"A locked account answers otherwise than a wrong password: {difference}."
        message = "An attacker learns which accounts exist, and that his guess may be right."
        yield CLAIM.finding(right, Blame(message=message, reason=reason, fix=_FIX))
    else:
        yield CLAIM.site(right, f"locked after {_FAILURES} failures, answering like a wrong password")
    if opened_by(account, told[_DURING]):
        yield CLAIM.site(told[_DURING], "the session from before goes on")
    else:
        reason = f"{_FAILURES} failed logins of a stranger end the session of the owner."
        yield CLAIM.finding(told[_DURING], Blame(message=_SHUT, reason=reason, fix=_FIX))
    if opened_by(account, told[f"{_LATER} {_WORKS}"]):
        yield CLAIM.site(told[_LATER], "the lock has ended by itself a day later")
    else:
        reason = "A day after the failures the right password is still refused: the lock does not end."
        yield CLAIM.finding(told[_LATER], Blame(message=_SHUT, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM))


def _difference(wrong: Exchange, right: Exchange) -> str:
    if wrong.answer.status != right.answer.status:
        return f"status {right.answer.status} instead of {wrong.answer.status}"
    words = (*sent_names(wrong), *sent_names(right))
    if core_of(wrong, *words) != core_of(right, *words):
        return "the bodies differ"
    return "" if header_names(wrong) == header_names(right) else "the headers differ"


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("answer of a locked account", "answers of a locked account"),
    sound="as it must be",
    ask=_ask,
    judge=_judge,
    users=1,
    last=True,
    idle="no login by name and password was found",
)
