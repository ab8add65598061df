"""Each sign-in has a challenge of its own by S256, and dies with a wrong verifier (CWE-345; RFC 7636; ASVS 10.2.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.federation import Asked, begun, find_door
from vallum.probe.journeys import (
    BACK,
    HONEST,
    find_login,
    last_of,
    proof_of,
    redeemed,
    requests_of,
    try_faults,
    why_incomplete,
)
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="sign-ins-use-pkce", control="oauth-pkce")
_ONE, _TWO, _WRONG = "one start", "another start", "verifier"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_MESSAGE: Final = "Whoever gets hold of a code, from a log, a referrer or another app, can use it for a sign-in."
_FIX: Final = (
    "Draw a verifier of 32 random bytes for each start, send its SHA-256 as code_challenge with"
    " code_challenge_method=S256, and the verifier with the token request."
)


def _ask(surface: Surface) -> Asking:
    door = yield from find_door(surface, CLAIM)
    if door is None:
        return
    yield door.shot(_ONE)
    yield door.shot(_TWO)
    proof = (yield from find_login(surface, door)) if door.trial else None
    if proof:
        yield from try_faults(door, proof, [_WRONG])


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    met = list(begun(exchanges))
    if met:
        exchange, asked = met[0]
        fault = _fault_of(asked, [other for _, other in met[1:]])
        if fault:
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=fault, fix=_FIX))
        else:
            yield CLAIM.site(exchange, "a challenge by S256, new at each start")
            yield from _judge_exchange(exchanges)
    found = redeemed(exchanges, _WRONG)
    if found and found[1]:
        reason = "The provider refuses the verifier, and the browser is signed in all the same."
        yield CLAIM.finding(found[0], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif found:
        yield CLAIM.site(found[0], "a verifier that the provider refuses: no session")
    yield from why_incomplete(CLAIM, surface, exchanges)


def _fault_of(asked: Asked, others: Sequence[Asked]) -> str:
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    if not challenge:
        return "The authorization request has no code_challenge."
    if method != "S256":
        return f"The challenge is sent by the method {method or 'plain'}, which hides nothing."
    if not _CHALLENGE.fullmatch(challenge):
        return "The challenge is no SHA-256 in base64url."
    if any(other.get("code_challenge") == challenge for other in others):
        return "Two starts have the same challenge."
    return ""


def _judge_exchange(exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    last = last_of(exchanges, f"{BACK}{HONEST}")
    sent = [str(request["verifier"]) for request in requests_of(exchanges, HONEST)]
    if last is None or proof_of(exchanges) is None or not sent:
        return
    if _VERIFIER.fullmatch(sent[0]):
        yield CLAIM.site(last, f"a verifier of {len(sent[0])} characters with the token request")
    else:
        reason = f"The token request carries a verifier of {len(sent[0])} characters; RFC 7636 asks for 43 to 128."
        yield CLAIM.finding(last, Blame(message=_MESSAGE, reason=reason, fix=_FIX))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("step of a sign-in", "steps of sign-ins"),
    sound="well",
    ask=_ask,
    judge=_judge,
)
