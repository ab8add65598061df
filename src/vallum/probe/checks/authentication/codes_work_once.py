"""A code of an app works once, in its time, and cannot be guessed (CWE-294, CWE-308; RFC 6238, 5.2; ASVS 6.5.1)."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim, Wanted
from vallum.probe.exchange import Exchange
from vallum.probe.factors import (
    STEP,
    Enrolment,
    bearer_of,
    begin,
    confirm,
    show_code,
    show_password,
    takes_factors,
    tell_time,
)
from vallum.probe.newcomers import HOUR, Newcomer, open_ground, opened_by, pass_time, proof_shot, settle
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="codes-work-once", control="mfa-totp")
_ALONE, _EARLY, _LATE, _RIGHT, _AGAIN = "password alone", "old code", "early code", "right code", "same code again"
_WRONG, _AFTER = "wrong code", "right code after the wrong ones"
_GUESSES: Final = 12
_FIX: Final = (
    "Accept a code of the current step and one either side, advance the last accepted step in one statement, and limit"
    " attempts for each account."
)
_MESSAGE: Final = "Whoever has the password gets past the second factor."


def _ask(surface: Surface) -> Asking:
    if not takes_factors(surface):
        return
    ground = yield from open_ground(surface)
    if ground is None:
        return
    yield from pass_time(ground, 2 * HOUR)
    newcomer = yield from settle(surface, f"{surface.mark}codes", ground)
    enrolment = (yield from begin(surface, newcomer, newcomer.name)) if newcomer else None
    if newcomer is None or enrolment is None:
        return
    now = yield from tell_time(newcomer, SYSTEM_CLOCK())
    yield from confirm(surface, newcomer, newcomer.name, enrolment, enrolment.code(now))
    if not ground:
        yield from _show(surface, newcomer, _ALONE, ())
        return
    now = yield from tell_time(
        newcomer, now, 5 * STEP + 1.0 - now % STEP
    )  # a step begins: none ends while codes go out
    codes = [(_EARLY, enrolment.code(now, -2)), (_LATE, enrolment.code(now, 2)), (_RIGHT, enrolment.code(now))]
    yield from _show(surface, newcomer, _ALONE, codes)
    yield from _show(surface, newcomer, _AGAIN, [(_AGAIN, enrolment.code(now))])
    yield from _guess(surface, newcomer, enrolment, now)


def _guess(surface: Surface, newcomer: Newcomer, enrolment: Enrolment, now: float) -> Generator[Wanted, Exchange, None]:
    """Wrong codes in one login, until a limit or many, and then the right one."""
    now = yield from tell_time(newcomer, now, 2 * HOUR)
    wrong = [(_WRONG, f"{(int(enrolment.code(now)) + number) % 10**6:06}") for number in range(7, 7 + _GUESSES)]
    yield from _show(surface, newcomer, _WRONG, [*wrong, (_AFTER, enrolment.code(now))])


def _show(
    surface: Surface, newcomer: Newcomer, session: str, codes: Iterable[tuple[str, str]]
) -> Generator[Wanted, Exchange, None]:
    """Log in by password, and send codes one after the other; the proof after each that is no guess."""
    asked, shown = yield from show_password(surface, newcomer, session)
    account = surface.users[0]
    if opened_by(account, shown):
        yield proof_shot(account, session, newcomer.trial, f"{_ALONE} opens")
        return
    for label, code in codes:
        sent = yield from show_code(surface, asked, code, label)
        if sent is None or sent.answer.status == 429:
            return
        if label != _WRONG:
            shot = proof_shot(account, session, newcomer.trial, f"{label} opens")
            yield replace(shot, headers=bearer_of(sent))


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if not takes_factors(surface):
        yield from _judge_absence(surface)
        return
    told = {exchange.shot.label: exchange for exchange in exchanges}
    account = surface.users[0]
    alone = told.get(f"{_ALONE} opens")
    if alone is not None and opened_by(account, alone):
        reason = "An account with a confirmed second factor is opened by its password alone."
        yield CLAIM.finding(alone, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        return
    if _RIGHT not in told or not _opens(surface, told, _RIGHT):
        reason = "no account could be given a second factor and logged in to with its code"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        return
    yield CLAIM.site(told[_RIGHT], "the code of the moment opens the account, the password alone does not")
    for label, words in (
        (_EARLY, "A code from two steps (60 seconds) ago is accepted."),
        (_LATE, "A code of two steps (60 seconds) ahead is accepted."),
        (_AGAIN, "A code that was used is accepted a second time."),
    ):
        if label in told and _opens(surface, told, label):
            yield CLAIM.finding(told[label], Blame(message=_MESSAGE, reason=words, fix=_FIX))
        elif label in told:
            yield CLAIM.site(told[label], f"{label}: {told[label].answer.status}")
    yield from _judge_guesses(surface, exchanges, told)


def _opens(surface: Surface, told: dict[str, Exchange], label: str) -> bool:
    shown = told.get(f"{label} opens")
    return shown is not None and opened_by(surface.users[0], shown)


def _judge_guesses(surface: Surface, exchanges: Sequence[Exchange], told: dict[str, Exchange]) -> Iterator[Remark]:
    guesses = [exchange for exchange in exchanges if exchange.shot.label == _WRONG and exchange.shot.method == "POST"]
    if not guesses:
        return
    last = guesses[-1]
    if last.answer.status == 429:
        yield CLAIM.site(last, f"wrong code {len(guesses)} gets 429")
    elif _opens(surface, told, _AFTER):
        reason = (
            f"After {len(guesses)} wrong codes in one login the right one still opens the account, without a limit."
        )
        yield CLAIM.finding(last, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif _AFTER in told:
        yield CLAIM.site(told[_AFTER], f"after {len(guesses)} wrong codes the login takes no code any more")


def _judge_absence(surface: Surface) -> Iterator[Remark]:
    """An app whose administrators have nothing but a password."""
    admin = next((account for account in surface.admins if account.login is not None), None)
    if admin is None or admin.login is None or not surface.inventory:
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, "no second factor was found")
        return
    reason = "An administrator signs in by password alone, and no route of the app speaks of a second factor."
    message = "One password that is guessed, leaked or phished opens the administration."
    fix = "Offer an authenticator app or passkeys, and ask administrators for one at the login."
    yield CLAIM.finding(admin.login, Blame(message=message, reason=reason, fix=fix, confidence=Confidence.MEDIUM))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("code of an authenticator app", "codes of an authenticator app"),
    sound="taken in its time and once",
    ask=_ask,
    judge=_judge,
    users=1,
)
