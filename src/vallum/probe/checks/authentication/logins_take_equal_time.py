"""A login for an unknown user takes as long as one for a known user (CWE-208; ASVS 6.3.8)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn, Stir
from vallum.probe.logins import UNKNOWN_USER, WRONG_PASSWORD, wrong_fields
from vallum.probe.starting import open_trial
from vallum.probe.surface import Surface
from vallum.probe.timing import MOST_ROUNDS, Times, compare_times, is_open

CLAIM: Final = Claim(slug="logins-take-equal-time", control="login-constant-time")
_ROUNDS: Final = 4
_TRIES: Final = 4
"""In a row: one less than the 5 that limits of logins allow."""
_PAUSE: Final = 3600.0
_SLOW_HASH: Final = 0.006
"""Seconds: no hash that is made for passwords takes less."""
_WARM: Final = "warm up"
_BLAME: Final = Blame(
    message="An attacker can find out which accounts exist by the time that a failed login takes.",
    reason="",
    fix="Verify the password once in every case, for an unknown user against a dummy hash of the current parameters.",
    confidence=Confidence.MEDIUM,
)


def _ask(surface: Surface) -> Asking:
    trial = yield from open_trial(surface)
    seen: list[Exchange] = []
    for number in range(MOST_ROUNDS):
        if number >= _ROUNDS and not is_open(*_times(seen)):
            break
        if trial and not number % _TRIES:
            yield Stir(trial=trial, seconds=_PAUSE)
            yield Shot(method="GET", target="/", route="/", trial=trial, label=_WARM)
        for failing in _pair(surface, number):
            failed = yield replace(failing, trial=trial or "")
            seen.append(failed)
        if not all(map(_was_judged, seen)):
            break
    if trial:
        yield Stir(trial=trial, seconds=_PAUSE)


def _pair(surface: Surface, number: int) -> Iterator[SignIn]:
    """One login for a known and one for an unknown user, the other first each time."""
    account = surface.users[0]
    pair = [(WRONG_PASSWORD, ""), (UNKNOWN_USER, f"{surface.mark}nobody{number}")]
    for label, user in pair if number % 2 else reversed(pair):
        fields = wrong_fields(account, user=user, mark=surface.mark)
        if fields:
            yield SignIn(identity=account.name, session="timed", replace=fields, label=label)


def _times(exchanges: Sequence[Exchange]) -> tuple[list[float], list[float]]:
    """The seconds of those for the known user, and for unknown ones, whose password was looked at."""
    judged = [exchange for exchange in exchanges if _was_judged(exchange)]
    known = [e.answer.seconds for e in judged if e.shot.label == WRONG_PASSWORD]
    return known, [e.answer.seconds for e in judged if e.shot.label == UNKNOWN_USER]


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    known = [e for e in exchanges if e.shot.label == WRONG_PASSWORD and _was_judged(e)]
    unknown = [e for e in exchanges if e.shot.label == UNKNOWN_USER and _was_judged(e)]
    if not known or not unknown:
        return
    times = compare_times(*_times(exchanges))
    told = f"{len(known)} failed logins of a known and {len(unknown)} of unknown users take {times.told}"
    if times.verdict is Times.APART:
        blame = replace(_BLAME, reason=f"{told[0].upper()}{told[1:]}.")
        yield CLAIM.finding(unknown[0] if times.second < times.first else known[0], blame)
    elif max(times.first, times.second) < _SLOW_HASH:
        reason = f"{told}: no slow hash is in that, so that its absence cannot be seen"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    elif times.verdict is Times.UNCLEAR:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, f"{told}, which tells neither that they differ nor that not")
    else:
        yield CLAIM.site(unknown[-1], told)


def _was_judged(exchange: Exchange) -> bool:
    """Whether the password was looked at: no limit, and no failure of the app."""
    return 0 < exchange.answer.status < 500 and exchange.answer.status not in (403, 429)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("series of failed logins", "series of failed logins"),
    sound="taking the same time for known and unknown users",
    ask=_ask,
    judge=_judge,
    users=1,
    last=True,
    idle="no login by name and password was found",
)
