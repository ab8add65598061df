"""An access token is worthless a quarter of an hour after it was issued (CWE-613; ASVS 7.3.2, 9.2.1)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.bearer import find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, Stir
from vallum.probe.issuing import NO_JWT, NO_NEW, issue_token, try_token
from vallum.probe.read.token import read_payload
from vallum.probe.signing import KEYED, open_signer
from vallum.probe.starting import open_trial, why_unstarted
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="access-tokens-end-in-minutes", control="jwt-short-lived")
_QUARTER, _HOUR, _DAY = 900, 3600, 86_400
_LEEWAY: Final = 60
_FRESH, _LATE, _AGAIN = "new token", "16 minutes later", "another new token, 16 minutes later"
_ANEW, _LONG = "signed anew", "signed for 24 hours"
_SEEN: Final = "a token as it was given"
_MESSAGE: Final = "Whoever finds a token, in a log or on a lost device, can use it for as long as it lives."
_FIX: Final = "Issue tokens for 15 minutes, refuse those without exp or above 60 minutes, and renew by refresh tokens."


def _ask(surface: Surface) -> Asking:
    trial = yield from open_trial(surface)
    if trial is None:
        for known in find_carriers(surface):
            yield try_token(known, known.token, "", _SEEN)
        return
    carried = yield from issue_token(surface, trial)
    if carried is None:
        return
    yield try_token(carried, carried.token, trial, _FRESH)
    yield Stir(trial=trial, seconds=_QUARTER + _LEEWAY + 1)
    yield try_token(carried, carried.token, trial, _LATE)
    another = yield from issue_token(surface, trial)
    if another:
        yield try_token(another, another.token, trial, _AGAIN)
    signer = yield from open_signer(surface)
    if signer:
        payload = dict(read_payload(signer.genuine.token) or {})
        began = payload.get("iat", 0)
        yield try_token(signer.genuine, signer.seal(payload), KEYED, _ANEW)
        if isinstance(began, int | float) and began:
            yield try_token(signer.genuine, signer.seal({**payload, "exp": began + _DAY}), KEYED, _LONG)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if next(find_carriers(surface), None) is None:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, NO_JWT)
        return
    told = {exchange.shot.label: exchange for exchange in exchanges}
    shown = told.get(_FRESH) or told.get(_SEEN)
    fault = _number_fault(shown) if shown and shown.answer.succeeded else ""
    if shown and fault:
        sure = Confidence.MEDIUM if "15 minutes" in fault else Confidence.HIGH
        yield CLAIM.finding(shown, Blame(message=_MESSAGE, reason=fault, fix=_FIX, confidence=sure))
    yield from _judge_late(told, fault)
    yield from _judge_long(told)
    silent = [*why_unstarted(CLAIM, surface, exchanges)]
    yield from silent
    if not silent and not shown:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, NO_NEW)


def _judge_late(told: Mapping[str, Exchange], fault: str) -> Iterator[Remark]:
    """What the app does by its own clock; a token is only held to have ended where a new one is let in."""
    if _LATE not in told or not told[_FRESH].answer.succeeded:
        return
    late, again = told[_LATE], told.get(_AGAIN)
    if late.answer.succeeded:
        reason = "A token is still accepted 16 minutes after it was issued."
        sure = Confidence.MEDIUM if fault else Confidence.HIGH
        yield CLAIM.finding(late, Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=sure))
    elif again and again.answer.succeeded and not fault:
        life = _life(_claims_of(told[_FRESH].shot))
        words = f"issued for {life:.0f} s" if life is not None else "issued"
        yield CLAIM.site(late, f"{words}; 16 minutes later: {late.answer.status}")


def _judge_long(told: Mapping[str, Exchange]) -> Iterator[Remark]:
    if _LONG in told and told[_ANEW].answer.succeeded:
        if told[_LONG].answer.succeeded:
            reason = "A token that is signed with the app's key for 24 hours is accepted."
            yield CLAIM.finding(told[_LONG], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        elif 400 <= told[_LONG].answer.status < 500:
            yield CLAIM.site(told[_LONG], f"a token signed for 24 hours: {told[_LONG].answer.status}")


def _number_fault(shown: Exchange) -> str:
    """What is wrong with the token's own numbers; empty when they are well, or do not tell."""
    claims = _claims_of(shown.shot)
    if "exp" not in claims:
        return "The token has no exp: it never ends."
    life = _life(claims)
    if life is None or life <= _QUARTER:
        return ""
    most = "an hour" if life > _HOUR else "15 minutes"
    return f"The token lives {life / 60:.0f} minutes, more than {most}."


def _life(claims: Mapping[str, Any]) -> float | None:
    try:
        return float(claims["exp"]) - float(claims.get("iat", claims.get("nbf")))
    except (KeyError, TypeError, ValueError):
        return None


def _claims_of(shot: Shot) -> Mapping[str, Any]:
    """The claims of the token that a shot carries."""
    carried = next((value for name, value in shot.headers if name in ("Authorization", "Cookie")), "")
    return read_payload(carried.rpartition(" ")[2].rpartition("=")[2]) or {}


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("token past its time", "tokens past their time"),
    sound="refused",
    ask=_ask,
    judge=_judge,
)
