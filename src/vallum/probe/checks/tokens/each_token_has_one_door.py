"""A token of one type is refused where another is wanted (CWE-287, CWE-345; RFC 8725, 3.11; ASVS 9.2.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.findings.finding import Remark, Silence
from vallum.probe.bearer import Carried, find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.issuing import NO_JWT, NO_NEW, try_token
from vallum.probe.read.token import read_header, read_payload
from vallum.probe.refreshing import Pair, begin_family, find_door, read_pair, renewals
from vallum.probe.signing import KEYED, open_signer
from vallum.probe.surface import Surface
from vallum.probe.tokens import REFRESH_NAMES, read_text

CLAIM: Final = Claim(slug="each-token-has-one-door", control="jwt-type-separation")
_FRESH, _ANEW = "access token", "signed anew"
_AT_DOOR, _AT_API, _MADE = "an access token at the refresh endpoint", " at the API", "a token that says it is "
_TYPES: Final = ("type", "typ", "token_type", "token_use", "use")
_MESSAGE: Final = "A token that was given for one purpose, and is guarded for that alone, opens another door."
_FIX: Final = "Give each type its own typ header, audience or key, and let each verifier take one type only."


def _ask(surface: Surface) -> Asking:
    carried = next(find_carriers(surface), None)
    if carried is None:
        return
    pair = yield from begin_family(surface)
    if pair is None:
        return
    access = pair.access or carried.token
    yield try_token(carried, access, "", _FRESH)
    for label, token in _others(pair):
        if token and token != access:
            bare = Carried(secret=Secret(token), target=carried.target, route=carried.route)
            yield try_token(bare, token, "", f"{label}{_AT_API}")
    door = find_door(surface) if surface.writes else None
    for way, shot in renewals(surface, door, pair, access) if door else ():
        yield replace(shot, label=f"{_AT_DOOR} ({way})")
    yield from _ask_made(surface, carried)


def _others(pair: Pair) -> tuple[tuple[str, str], ...]:
    refresh = read_text(pair.exchange, REFRESH_NAMES) or pair.refresh
    return ("the refresh token", refresh), ("the ID token", read_text(pair.exchange, ("id_token",)))


def _ask_made(surface: Surface, carried: Carried) -> Asking:
    """Where the app's tokens state a type: one under its own key that states another."""
    payload, header = read_payload(carried.token) or {}, read_header(carried.token) or {}
    stated = [name for name in _TYPES if "access" in str(payload.get(name, "")).lower()]
    typed = str(header.get("typ", "")).lower() == "at+jwt"
    signer = (yield from open_signer(surface)) if stated or typed else None
    if signer is None:
        return
    claims = dict(read_payload(signer.genuine.token) or {})
    made = {f"{_MADE}refresh in {name}": signer.seal({**claims, name: "refresh"}) for name in stated}
    if typed:
        made[f"{_MADE}refresh+jwt"] = signer.seal(claims, typ="refresh+jwt")
    for label, token in {_ANEW: signer.seal(claims), **made}.items():
        yield try_token(signer.genuine, token, KEYED, label)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if next(find_carriers(surface), None) is None:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, NO_JWT)
        return
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if _FRESH not in told or not told[_FRESH].answer.succeeded:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, NO_NEW)
        return
    anew = _ANEW in told and told[_ANEW].answer.succeeded
    for label, exchange in told.items():
        at_door = label.startswith(_AT_DOOR)
        if not (at_door or label.endswith(_AT_API) or (anew and label.startswith(_MADE))):
            continue
        if read_pair(exchange) if at_door else exchange.answer.succeeded:
            given = " and gives a new one" if at_door else ""
            reason = f"{label[:1].upper()}{label[1:]} is accepted{given}."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        elif 400 <= exchange.answer.status < 500:
            yield CLAIM.site(exchange, f"{label}: {exchange.answer.status}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("token at a door that is not its own", "tokens at doors that are not their own"),
    sound="refused",
    ask=_ask,
    judge=_judge,
    idle="the app gives out one type of token only, and has no refresh endpoint",
)
