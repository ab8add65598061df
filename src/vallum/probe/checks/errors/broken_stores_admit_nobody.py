"""While a store is away, nobody is let in and nothing is changed (CWE-636; ASVS 16.5.2, 16.5.3)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn, Stir
from vallum.probe.operation import Operation
from vallum.probe.starting import open_trial, why_unstarted
from vallum.probe.surface import Account, Surface
from vallum.probe.tokens import give_token, leave_with

CLAIM: Final = Claim(slug="broken-stores-admit-nobody", control="fail-closed")
_STORES: Final = ("database", "network", "files")
_BEFORE, _DOWN, _WRITE, _BACK, _ASKED = "before", "stores away", "change with stores away", "stores back", "asked"
_REVOKED, _LEFT, _REPLAY = "token ended", "leave", "ended token while its list is away"
_SESSION: Final = "failing-store"
_REFUSALS: Final = frozenset({400, 401, 403, 404, 503})
_MESSAGE: Final = "Whoever brings a store down, or waits until it is, is let in without being checked."
_FIX: Final = "Let an exception or a timeout in a check refuse: 503, nothing changed, one event in the log."


def _ask(surface: Surface) -> Asking:
    trial = yield from open_trial(surface)
    if trial is None:
        return
    account = surface.users[0]
    yield SignIn(identity=account.name, session=_SESSION, trial=trial)
    proof = Shot(method="GET", target=account.proof.target, identity=account.name, session=_SESSION, trial=trial)
    before = yield replace(proof, label=_BEFORE)
    if account.proof.shows_login(before.answer):
        yield Stir(trial=trial, down=_STORES)
        yield replace(proof, label=_DOWN)
        for operation in _changes(surface, account):
            shot = surface.aim(operation, account.name, mark=f"{surface.mark}down", label=_WRITE)
            if shot:
                yield replace(shot, session=_SESSION, trial=trial)
        yield Stir(trial=trial, label=_ASKED)
        yield replace(proof, label=_BACK)
    yield from _ask_revocation(surface, trial)


def _changes(surface: Surface, account: Account) -> Iterator[Operation]:
    found = 0
    for operation in surface.usable():
        met = surface.baseline(operation, account.name)
        plain = not operation.is_safe and not operation.is_login and not operation.is_registration
        if plain and operation.media != "json" and met and 0 < met.answer.status < 400 and found < 3:
            found += 1
            yield operation


def _ask_revocation(surface: Surface, trial: str) -> Asking:
    """End a token, see that it is ended, take away whatever may hold the list, and try it once more."""
    for stores in (("files",), ("database", "network")):
        token = yield from give_token(surface, trial)
        if token is None:
            return
        yield from leave_with(surface, token, _LEFT)
        ended = yield replace(token, label=_REVOKED)
        if ended.answer.succeeded:
            return
        yield Stir(trial=trial, down=stores)
        yield replace(token, label=f"{_REPLAY} ({', '.join(stores)})")
        yield Stir(trial=trial, label=_ASKED)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    yield from why_unstarted(CLAIM, surface, exchanges)
    asked = any(e.shot.label == _ASKED and e.answer.text not in ("", "0") for e in exchanges)
    if exchanges and not asked and any(e.shot.label == _DOWN for e in exchanges):
        reason = "the app asked for no store that the probe can take away: SQLite, network, files of data"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        return
    account = surface.users[0]
    for exchange in exchanges:
        if exchange.shot.label == _DOWN:
            yield from _judge_page(account, exchange)
        elif exchange.shot.label == _WRITE:
            yield from _judge_change(surface, exchange)
        elif exchange.shot.label.startswith(_REPLAY):
            yield from _judge_token(exchange)


def _judge_page(account: Account, exchange: Exchange) -> Iterator[Remark]:
    answer = exchange.answer
    if account.proof.shows_login(answer):
        reason = f"With its stores away the app still shows {account.proof.target} as to somebody signed in."
        yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif answer.status in _REFUSALS:
        yield CLAIM.site(exchange, f"with the stores away: {answer.status}")


def _judge_change(surface: Surface, exchange: Exchange) -> Iterator[Remark]:
    answer = exchange.answer
    if answer.status in _REFUSALS or surface.sends_away(answer):
        yield CLAIM.site(exchange, f"a change with the stores away: {answer.status}")
    elif 0 < answer.status < 400:
        reason = f"With its stores away the app says {answer.status} to a change, as if it were done."
        yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))


def _judge_token(exchange: Exchange) -> Iterator[Remark]:
    if exchange.answer.succeeded:
        away = exchange.shot.label.rpartition("(")[2].rstrip(")")
        reason = f"A token that was ended at the logout opens the route again while its list is away ({away})."
        yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif exchange.answer.status in _REFUSALS:
        yield CLAIM.site(exchange, f"{exchange.shot.label}: {exchange.answer.status}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("request while a store was away", "requests while a store was away"),
    sound="refused",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="the account could not be logged in to in the app started anew",
)
