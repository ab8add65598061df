"""The sign-in asks for a code, and whatever is wrong with the answer ends it (CWE-287, CWE-754; ASVS 10.4.4)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Consent, Exchange
from vallum.probe.federation import Asked, begun, find_door
from vallum.probe.journeys import (
    code_of,
    find_login,
    outcome_of,
    redeemed,
    show_login,
    sign_in,
    try_faults,
    why_incomplete,
)
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="sign-ins-ask-for-a-code", control="oauth-code-flow")
_PLAIN, _FIRST, _AGAIN, _ERROR = "plain", "first use of a code", "second use of a code", "error of the provider"
_TOKENS: Final = frozenset({"token", "id_token"})
_FAULTS: Final = {
    "status": "a token response with an error and the status 400",
    "html": "a page of HTML in place of the token response",
}
_INCOMPLETE: Final = "no-id-token"
_MISSING: Final = "a token response without an ID token"
_MESSAGE: Final = "A fault of the provider, or an answer that an attacker has provoked, becomes a session."
_FIX: Final = (
    "Read the token response strictly: status 200, JSON, access_token and id_token present, token_type Bearer; end the"
    " sign-in otherwise."
)


def _ask(surface: Surface) -> Asking:
    door = yield from find_door(surface, CLAIM)
    if door is None:
        return
    started = yield door.shot(_PLAIN)
    proof = (yield from find_login(surface, door)) if door.trial else None
    if proof is None:
        return
    is_openid = any(asked.is_openid for _, asked in begun([started]))
    yield from try_faults(door, proof, [*_FAULTS, *([_INCOMPLETE] if is_openid else [])])
    first = yield from sign_in(door, _FIRST)
    if code := code_of(first):
        yield from sign_in(door, _AGAIN, Consent(trial=door.trial, url="", code=code))
        yield show_login(door, proof, _AGAIN)
    told = _markup(surface)
    changed = {"code": None, "error": f"access_denied{told}", "error_description": told}
    yield from sign_in(door, _ERROR, Consent(trial=door.trial, url="", changed=changed))
    yield show_login(door, proof, _ERROR)


def _markup(surface: Surface) -> str:
    return f"<i data-{surface.mark}>"


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for exchange, asked in list(begun(exchanges))[:1]:
        yield from _judge_request(exchange, asked)
    for case, told in {
        **_FAULTS,
        _INCOMPLETE: _MISSING,
        _AGAIN: "a code that was used before",
        _ERROR: _ERROR,
    }.items():
        found = outcome_of(exchanges, case) if case == _ERROR else redeemed(exchanges, case)
        if found is None:
            continue
        last, entered = found
        if entered:
            reason = f"After {told} the browser is signed in."
            yield CLAIM.finding(last, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        elif case == _ERROR and last.answer.is_html and _markup(surface) in last.answer.text:
            reason = "What the callback carries as the provider's error stands in the page as markup."
            message = "Whoever sends a link to the callback runs a script in the app's own pages."
            fix = "Know the error codes of RFC 6749, section 4.1.2.1, and show a sentence of your own for each."
            yield CLAIM.finding(last, Blame(message=message, reason=reason, fix=fix), needle=_markup(surface))
        else:
            yield CLAIM.site(last, f"{told}: no session")
    yield from why_incomplete(CLAIM, surface, exchanges)


def _judge_request(exchange: Exchange, asked: Asked) -> Iterator[Remark]:
    wanted = asked.get("response_type")
    if _TOKENS & set(wanted.split()):
        message = "Tokens travel in the browser's address, where histories, scripts and open redirects reach them."
        reason = f"The authorization request asks for response_type={wanted}."
        fix = "Ask for response_type=code, and exchange the code from server to server."
        yield CLAIM.finding(exchange, Blame(message=message, reason=reason, fix=fix))
    elif wanted == "code" and exchange.shot.trial:
        yield CLAIM.site(exchange, "asks for a code")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("step of a sign-in", "steps of sign-ins"),
    sound="well",
    ask=_ask,
    judge=_judge,
)
