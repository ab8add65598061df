"""A new password needs a fresh second factor: a session alone is not enough (CWE-306, CWE-308; ASVS 7.5.1, 7.5.3)."""

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK
from vallum.base.secret import Secret
from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim, Wanted
from vallum.probe.exchange import Exchange, Headers, Text
from vallum.probe.factors import Enrolment, bearer_of, begin, code_form, confirm, show_code, show_password, tell_time
from vallum.probe.newcomers import HOUR, Newcomer, is_password, open_ground, opened_by, pass_time, settle
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="sensitive-changes-ask-again", control="mfa-step-up")
_PASSWORD: Final = re.compile(r"(?i)passw")
_ELSE: Final = re.compile(r"(?i)reset|forgot|recover|regist|sign[-_]?up|login|sign[-_]?in|admin")
_OLD: Final = re.compile(r"(?i)current|old|existing|previous|confirm_with")
_THIEF, _STALE, _FRESH = "change without the password", "change six minutes later", "change with a fresh factor"
_SIX_MINUTES: Final = 360.0
_MESSAGE: Final = "Whoever finds an open session, or steals one, takes the account over and shuts its owner out."
_FIX: Final = "Ask for the second factor (and the current password) again before it, not older than five minutes."


def _ask(surface: Surface) -> Asking:
    ground = yield from open_ground(surface)
    if ground is None or _change_of(surface) is None:
        return
    yield from pass_time(ground, 2 * HOUR)
    newcomer = yield from settle(surface, f"{surface.mark}step", ground)
    if newcomer is None:
        return
    changed = yield from _change(surface, newcomer, newcomer.name, _THIEF, knows=False)
    if changed or not ground:
        return
    enrolment = yield from begin(surface, newcomer, newcomer.name)
    if enrolment is None:
        return
    now = yield from tell_time(newcomer, SYSTEM_CLOCK())
    yield from confirm(surface, newcomer, newcomer.name, enrolment, enrolment.code(now))
    yield from _change_late(surface, newcomer, enrolment, now)


def _change_late(
    surface: Surface, newcomer: Newcomer, enrolment: Enrolment, now: float
) -> Generator[Wanted, Exchange, None]:
    """With a proof that is six minutes old, and then, to see that the request is right, with a fresh one."""
    for label, wait in ((_STALE, _SIX_MINUTES), (_FRESH, 0.0)):
        now = yield from tell_time(newcomer, now, 120.0)
        asked, _ = yield from show_password(surface, newcomer, label)
        sent = yield from show_code(surface, asked, enrolment.code(now))
        if wait:
            now = yield from tell_time(newcomer, now, wait)
        changed = yield from _change(surface, newcomer, label, label, knows=True, headers=bearer_of(sent))
        if changed:
            return


def _change_of(surface: Surface) -> Operation | None:
    """Where somebody who is signed in chooses a new password."""
    for operation in surface.operations:
        fits = _PASSWORD.search(operation.template) and not _ELSE.search(operation.template)
        fields = operation.within(In.FORM, In.JSON)
        if surface.writes and fits and not operation.is_safe and not operation.holes and any(map(is_password, fields)):
            return operation
    return None


def _change(
    surface: Surface, newcomer: Newcomer, session: str, label: str, *, knows: bool, headers: Headers = ()
) -> Generator[Wanted, Exchange, bool]:
    """Ask for a new password, and whether it is in force: it opens the account, or leads to the second factor."""
    door = _change_of(surface)
    if door is None:
        return False
    new = Secret(f"Tr4in-{label.replace(' ', '-')}-Lantern-62")
    current: Text = newcomer.password if knows else Secret(f"Wrong-{surface.mark}-password-1")
    hits: dict[tuple[str, str], Text] = {
        p.key: current if _OLD.search(p.name) else new
        for p in door.within(In.FORM, In.JSON)
        if is_password(p) or _OLD.search(p.name)
    }
    shot = surface.aim(door, surface.users[0].name, hits=hits, label=label)
    if shot is None:
        return False
    yield replace(shot, session=session, trial=newcomer.trial, headers=headers)
    tried = replace(newcomer, password=new)
    asked, shown = yield from show_password(surface, tried, f"new password: {label}")
    return opened_by(surface.users[0], shown) or code_form(asked) is not None


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if _THIEF not in told:
        reason = "no change of password was found for an account that the probe could open"
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, reason)
        return
    if _took(surface, exchanges, _THIEF):
        reason = "A session by password alone sets a new password, without the old one and without a second factor."
        yield CLAIM.finding(told[_THIEF], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif _STALE not in told:
        reason = "a new password needs the current one; no second factor could be enrolled to ask for"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    else:
        yield CLAIM.site(told[_THIEF], f"a session by password alone: {told[_THIEF].answer.status}, nothing changed")
        yield from _judge_age(surface, exchanges, told)


def _judge_age(surface: Surface, exchanges: Sequence[Exchange], told: dict[str, Exchange]) -> Iterator[Remark]:
    stale = told[_STALE]
    if _took(surface, exchanges, _STALE):
        reason = "A session whose second factor was shown six minutes ago sets a new password without showing it again."
        yield CLAIM.finding(stale, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif _took(surface, exchanges, _FRESH):
        yield CLAIM.site(stale, f"a proof of six minutes ago is not enough: {stale.answer.status}, nothing changed")
    else:
        reason = "a new password was refused with a fresh second factor as well, so that its age cannot be the cause"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)


def _took(surface: Surface, exchanges: Sequence[Exchange], label: str) -> bool:
    """Whether the password of this change is in force."""
    after = [exchange for exchange in exchanges if exchange.shot.session == f"new password: {label}"]
    shown = [exchange for exchange in after if exchange.shot.label == "proof"]
    return any(opened_by(surface.users[0], e) for e in shown) or any(code_form(e) for e in after)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("sensitive change", "sensitive changes"),
    sound="refused without a fresh factor",
    ask=_ask,
    judge=_judge,
    users=1,
)
