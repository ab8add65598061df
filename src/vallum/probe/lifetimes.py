"""Sessions in a trial whose clock moves: opened, used, left alone, and found ended where a new one still works."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Silence, Unproven
from vallum.probe.check import Asking, Claim, Wanted
from vallum.probe.exchange import Exchange, Shot, SignIn, Stir
from vallum.probe.starting import open_trial, why_unstarted
from vallum.probe.surface import Account, Surface

MINUTE: Final = 60.0
HOUR: Final = 3600.0
BEFORE, NEW, ASKED, AWAY = "new session", "another new session", "asked", "with the network away"
_ELSEWHERE: Final = "the app asks a server for its sessions, and the clock of that server cannot be moved"


def open_session(surface: Surface, name: str, label: str = BEFORE) -> Generator[Wanted, Exchange, Shot | None]:
    """Log in to the trial in a session of this name; the shot that proves it, None where that does not succeed."""
    trial = yield from open_trial(surface)
    account = account_of(surface)
    if trial is None or account is None:
        return None
    yield SignIn(identity=account.name, session=name, trial=trial)
    proof = Shot(method="GET", target=account.proof.target, identity=account.name, session=name, trial=trial)
    opened = yield replace(proof, label=label)
    return proof if account.proof.shows_login(opened.answer) else None


def wait(proof: Shot, seconds: float, label: str) -> Generator[Wanted, Exchange, Exchange]:
    """Move the clock on, then use the session."""
    yield Stir(trial=proof.trial, seconds=seconds)
    return (yield replace(proof, label=label))


def doubt(proof: Shot) -> Asking:
    """A session that lives on may live in a store with a clock of its own: see whether the app asks the network."""
    yield Stir(trial=proof.trial, down=("network",))
    yield replace(proof, label=AWAY)
    yield Stir(trial=proof.trial, label=ASKED)


def account_of(surface: Surface) -> Account | None:
    """The first user who is known by a session cookie."""
    return next((account for account in surface.users if account.session_cookies), None)


def has_ended(account: Account, exchange: Exchange) -> bool:
    """Whether the answer is one to a stranger; a limit or a failure tells nothing."""
    status = exchange.answer.status
    return 0 < status < 500 and status != 429 and not account.proof.shows_login(exchange.answer)


def why_untimed(claim: Claim, surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Unproven]:
    """What is said where no session could be timed, or where its clock was not the app's; nothing when one was."""
    if account_of(surface) is None:
        yield claim.unproven(Silence.DOES_NOT_APPLY, "no identity is known by a cookie")
        return
    unstarted = [*why_unstarted(claim, surface, exchanges)]
    if unstarted:
        yield from unstarted
    elif any(e.shot.label == ASKED and e.answer.text not in ("", "0") for e in exchanges):
        yield claim.unproven(Silence.COULD_NOT_LOOK, _ELSEWHERE)
