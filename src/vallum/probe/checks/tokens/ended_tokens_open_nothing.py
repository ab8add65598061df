"""After logout and after a new password an unexpired token opens nothing (CWE-613, CWE-672; ASVS 7.4.1, 7.4.3)."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.bearer import Carried, find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim, Wanted
from vallum.probe.exchange import Exchange, Launch, Stir
from vallum.probe.issuing import NO_JWT, NO_NEW, issue_token, owner_of, try_token
from vallum.probe.passwords import change_password, find_change
from vallum.probe.read.token import read_payload
from vallum.probe.signing import KEYED, open_signer
from vallum.probe.starting import open_trial
from vallum.probe.surface import Account, Surface
from vallum.probe.tokens import leave_with

CLAIM: Final = Claim(slug="ended-tokens-open-nothing", control="jwt-revocation")
_TRIAL: Final = "passwords"
_FRESH, _LEFT, _AFTER = "new token", "leave", "after the logout"
_OWN, _CHANGED = "token before the new password", "after a new password"
_AWAY, _ASKED = "ended token without", "asked"
_STORES: Final = (("files",), ("database", "network"))
_FEWEST: Final = 22
"""Characters of base64url that hold 128 bits; hexadecimal digits and UUIDs take more."""
_MESSAGE: Final = "A stolen token works on after its owner has logged out or changed the password."
_FIX: Final = "Give each token a random jti, and look at each request whether it or the account's older tokens ended."


def _ask(surface: Surface) -> Asking:
    trial = (yield from open_trial(surface)) or ""
    carried = yield from issue_token(surface, trial)
    if carried is None:
        return
    fresh = yield try_token(carried, carried.token, trial, _FRESH)
    if not fresh.answer.succeeded or not surface.writes:
        return
    yield from leave_with(surface, try_token(carried, carried.token, trial, _LEFT), _LEFT)
    after = yield try_token(carried, carried.token, trial, _AFTER)
    if trial and 400 <= after.answer.status < 500:
        yield from _ask_away(carried, trial)
    if trial and find_change(surface):
        yield from _ask_password(surface, owner_of(surface, next(find_carriers(surface))))


def _ask_away(carried: Carried, trial: str) -> Asking:
    for stores in _STORES:
        yield Stir(trial=trial, down=stores)
        yield try_token(carried, carried.token, trial, f"{_AWAY} {', '.join(stores)}")
        yield Stir(trial=trial, label=_ASKED)


def _ask_password(surface: Surface, owner: Account | None) -> Generator[Wanted, Exchange, None]:
    """In a trial that nobody needs any more, since the account has another password from then on."""
    keyed = yield from open_signer(surface)
    trial = KEYED if keyed else _TRIAL
    if not keyed:
        yield Launch(trial=_TRIAL)
    carried = yield from issue_token(surface, trial)
    if carried is None or owner is None:
        return
    yield try_token(carried, carried.token, trial, _OWN)
    changed = yield from change_password(surface, owner, trial)
    if changed:
        yield try_token(carried, carried.token, trial, _CHANGED)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    known = next(find_carriers(surface), None)
    if known is None:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, NO_JWT)
        return
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if _FRESH not in told or not told[_FRESH].answer.succeeded:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, NO_NEW)
        return
    remarks = [*_judge_number(known, told[_FRESH]), *_judge_ends(told), *_judge_away(exchanges)]
    yield from remarks
    if not remarks:
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, "no logout for tokens and no change of password could be tried")


def _judge_number(known: Carried, fresh: Exchange) -> Iterator[Remark]:
    number = str((read_payload(known.token) or {}).get("jti", ""))
    if len(number) < _FEWEST:
        told = f"a jti of {len(number)} characters" if number else "no jti"
        yield CLAIM.finding(
            fresh, Blame(message=_MESSAGE, reason=f"The token has {told}: it cannot be ended alone.", fix=_FIX)
        )


def _judge_ends(told: Mapping[str, Exchange]) -> Iterator[Remark]:
    left = told.get(_LEFT)
    tried = (
        (_AFTER, left is not None and 0 < left.answer.status < 400),
        (_CHANGED, _OWN in told and told[_OWN].answer.succeeded),
    )
    for label, ended in tried:
        exchange = told.get(label)
        if exchange is None or not ended:
            continue
        if exchange.answer.succeeded:
            reason = f"A token from before still opens the route {label}."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        elif 400 <= exchange.answer.status < 500:
            yield CLAIM.site(exchange, f"{label}: {exchange.answer.status}")


def _judge_away(exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    """With the list of ended tokens away; only where the app has asked for what was taken."""
    for exchange, asked in pairwise(exchanges):
        if not exchange.shot.label.startswith(_AWAY):
            continue
        if exchange.answer.succeeded:
            away = exchange.shot.label.removeprefix(_AWAY).strip()
            reason = f"While the list may not be read ({away} away), an ended token opens the route again."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        elif asked.answer.text not in ("", "0") and exchange.answer.status in (401, 403, 503):
            yield CLAIM.site(exchange, f"{exchange.shot.label}: {exchange.answer.status}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("end of a token", "ends of tokens"),
    sound="after which it is refused",
    ask=_ask,
    judge=_judge,
    last=True,
)
