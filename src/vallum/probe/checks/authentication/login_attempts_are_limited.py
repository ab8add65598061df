"""Attempts at a password end in 429, for one account and from one address, whatever X-Forwarded-For says (CWE-307)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, SignIn, Stir
from vallum.probe.logins import wrong_fields
from vallum.probe.starting import open_stage, open_trial, why_no_stage
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="login-attempts-are-limited", control="login-rate-limit")
_ONE, _PLAIN, _MANY = "one account", "one account, one address", "many accounts"
_MOST: Final = 21
_HOUR: Final = 3600.0
_MESSAGE: Final = "An attacker can try passwords without end."
_FIX: Final = (
    "Count attempts for each account and each address, 5 and 20 in 15 minutes, before a password is hashed, and answer"
    " the excess with 429 and Retry-After; read forwarded headers only behind a proxy that is configured."
)


def _ask(surface: Surface) -> Asking:
    account = surface.users[0]
    stage = yield from open_stage(surface) if surface.production else open_trial(surface)
    if stage is None and surface.startable:
        return
    trial = stage or ""
    fields = wrong_fields(account, mark=surface.mark)
    if not fields:
        return
    attempt = SignIn(identity=account.name, session="guessing", replace=fields, trial=trial)
    for label in (_ONE, _PLAIN):
        for number in range(_MOST):
            headers = _forged(number) if label == _ONE else ()
            tried = yield replace(attempt, label=label, headers=headers)
            if _is_limit(tried):
                break
        if _is_limit(tried):
            break
    for number in range(_MOST if trial and surface.production else 0):
        other = wrong_fields(account, user=f"{surface.mark}guess{number}", mark=surface.mark)
        tried = yield replace(attempt, replace=other, label=_MANY, headers=_forged(number + _MOST))
        if _is_limit(tried):
            break
    if trial:
        yield Stir(trial=trial, seconds=_HOUR)


def _forged(number: int) -> tuple[tuple[str, str], ...]:
    return (("X-Forwarded-For", f"203.0.113.{number + 1}"),)


def _is_limit(exchange: Exchange) -> bool:
    return exchange.answer.status == 429


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    yield from why_no_stage(CLAIM, exchanges)
    tries = {label: [e for e in exchanges if e.shot.label == label] for label in (_ONE, _PLAIN, _MANY)}
    if tries[_ONE]:
        yield from _judge_account(tries[_ONE], tries[_PLAIN])
        yield from _judge_address(tries[_MANY])


def _judge_account(forged: Sequence[Exchange], plain: Sequence[Exchange]) -> Iterator[Remark]:
    if _is_limit(forged[-1]):
        yield from _judge_limit(forged)
    elif plain and _is_limit(plain[-1]):
        reason = (
            f"{len(forged)} wrong passwords pass when X-Forwarded-For is another each time, and {len(plain)} do not."
        )
        yield CLAIM.finding(forged[-1], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    else:
        reason = f"{len(forged) + len(plain)} wrong passwords in a row for one account are all tried."
        yield CLAIM.finding(forged[-1], Blame(message=_MESSAGE, reason=reason, fix=_FIX))


def _judge_limit(tries: Sequence[Exchange]) -> Iterator[Remark]:
    last = tries[-1]
    if last.answer.header("retry-after"):
        yield CLAIM.site(last, f"attempt {len(tries)} for one account gets 429 with Retry-After")
    else:
        reason = (
            f"Attempt {len(tries)} for one account gets 429 without Retry-After: a client cannot tell when to go on."
        )
        blame = Blame(message="Honest clients go on trying.", reason=reason, fix=_FIX, confidence=Confidence.LOW)
        yield CLAIM.finding(last, blame)


def _judge_address(tries: Sequence[Exchange]) -> Iterator[Remark]:
    if not tries:
        reason = "attempts from one address are limited in production only, and it is not told how the app starts so"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    elif _is_limit(tries[-1]):
        yield CLAIM.site(tries[-1], f"from one address, account {len(tries)} gets 429, whatever X-Forwarded-For says")
    else:
        reason = f"One address tries {len(tries)} accounts in a row, and each is answered."
        message = "An attacker can try one password on every account."
        blame = Blame(message=message, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        yield CLAIM.finding(tries[-1], blame)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("series of attempts", "series of attempts"),
    sound="limited",
    ask=_ask,
    judge=_judge,
    users=1,
    exhausts=True,
    idle="no login by name and password was found",
)
