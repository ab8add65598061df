"""Whatever is wrong with a bearer token, the answer is one and the same (RFC 6750, 3.1; CWE-209)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.bearer import GENUINE, NONE, carry_token, find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.logins import core_of
from vallum.probe.read.token import build_token, flip_signature, read_header, read_payload
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="bad-tokens-look-alike", control="bearer-errors-uniform")
_MESSAGE: Final = "An attacker who forges tokens is told by each refusal what to mend next."
_FIX: Final = 'Answer 401 with one body and `WWW-Authenticate: Bearer error="invalid_token"`, whatever is wrong.'
_KEY: Final = b"a key that the app does not have, 32+"


def _ask(surface: Surface) -> Asking:
    for carried in find_carriers(surface):
        if carried.cookie:
            continue
        payload = dict(read_payload(carried.token) or {})
        header = dict(read_header(carried.token) or {})
        tokens = {
            GENUINE: carried.token,
            NONE: "",
            "garbage": "not-a-token",
            "a forged signature": flip_signature(carried.token),
            "an expired, forged token": build_token(header, {**payload, "exp": 1}, _KEY),
            "another type": build_token({**header, "typ": "refresh+jwt"}, payload, _KEY),
        }
        for label, token in tokens.items():
            yield carry_token(carried, token, label)


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if not told:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no bearer token was seen in use")
        return
    if not told[GENUINE].answer.succeeded:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "no route was found that takes the genuine token")
        return
    bad = [exchange for label, exchange in told.items() if label not in (GENUINE, NONE)]
    first = bad[0]
    for exchange in bad:
        fault = _fault(first, exchange)
        if fault:
            blame = Blame(message=_MESSAGE, reason=f"{exchange.shot.label}: {fault}.", fix=_FIX)
            yield CLAIM.finding(exchange, blame, seen=tuple(f"{e.shot.label}: {_words(e)}" for e in (first, exchange)))
            return
    for exchange in bad:
        yield CLAIM.site(exchange, f"{exchange.shot.label}: 401, alike")


def _fault(first: Exchange, exchange: Exchange) -> str:
    answer = exchange.answer
    if answer.status != 401:
        return f"answered {answer.status}, not 401"
    if "invalid_token" not in answer.header("www-authenticate"):
        return 'the answer lacks WWW-Authenticate: Bearer error="invalid_token"'
    if answer.header("www-authenticate") != first.answer.header("www-authenticate"):
        return "the challenge differs from that for garbage"
    return "the body differs from that for garbage" if core_of(exchange) != core_of(first) else ""


def _words(exchange: Exchange) -> str:
    return f"{exchange.answer.status} {' '.join(exchange.answer.text.split())[:100]}"


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("bad token", "bad tokens"),
    sound="refused alike",
    ask=_ask,
    judge=_judge,
)
