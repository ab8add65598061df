"""A token counts in one Authorization header, and nowhere else (RFC 6750, 2 and 5.3; CWE-598; ASVS 14.2.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.bearer import GENUINE, NONE, carry_token, find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, FormBody
from vallum.probe.loglines import written_lines
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="tokens-travel-in-one-header", control="bearer-header-only")
_QUERY: Final = ("access_token", "token", "jwt", "auth_token")
_FORM, _TWICE = "the form field access_token", "a second Authorization header"
_MESSAGE: Final = "Tokens in addresses end in logs, histories and Referer headers, from where anybody can use them."
_TWO: Final = "Two layers that read different headers see different callers: what one checks, the other does not use."
_FIX: Final = "Take the token from one Authorization header with the Bearer scheme only, and refuse a repeated header."


def _ask(surface: Surface) -> Asking:
    for carried in find_carriers(surface):
        if carried.cookie:
            continue
        genuine = carry_token(carried, carried.token, GENUINE)
        bare = carry_token(carried, "", NONE)
        yield genuine
        yield bare
        for name in _QUERY:
            joint = "&" if "?" in bare.target else "?"
            yield replace(
                bare, target=f"{bare.target}{joint}{name}={carried.token}", label=f"the query parameter {name}"
            )
        yield replace(bare, method="POST", body=FormBody((("access_token", carried.secret),)), label=_FORM)
        yield replace(genuine, headers=(*genuine.headers, ("Authorization", "Bearer another")), label=_TWICE)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if not told:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no bearer token was seen in use")
        return
    if not told[GENUINE].answer.succeeded or told[NONE].answer.succeeded:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "no route was found that takes the genuine token and refuses none")
        return
    token = dict(told[GENUINE].shot.headers)["Authorization"].partition(" ")[2]
    for label, exchange in told.items():
        if any(token in line.text for line in written_lines(exchange)):
            blame = Blame(message=_MESSAGE, reason=f"The log holds a token ({label}).", fix=_FIX)
            yield CLAIM.finding(_hidden(exchange, token), blame)
        if label in (GENUINE, NONE):
            continue
        if exchange.answer.succeeded:
            message = _TWO if label == _TWICE else _MESSAGE
            reason = f"A request with the token in {label} is let in."
            if label == _TWICE:
                reason = "A request with two Authorization headers is let in."
            yield CLAIM.finding(_hidden(exchange, token), Blame(message=message, reason=reason, fix=_FIX))
        elif surface.sends_away(exchange.answer) or exchange.answer.status in (400, 401, 403, 404, 405, 414, 422):
            yield CLAIM.site(_hidden(exchange, token), f"{label}: {exchange.answer.status}")


def _hidden(exchange: Exchange, token: str) -> Exchange:
    """The exchange without the token in its address."""
    shot = replace(exchange.shot, target=exchange.shot.target.replace(token, "TOKEN"))
    return replace(exchange, shot=shot, curl=exchange.curl.replace(token, "TOKEN"))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("other place for a token", "other places for a token"),
    sound="ignored or refused",
    ask=_ask,
    judge=_judge,
)
