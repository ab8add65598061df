"""A validly signed token that lacks a claim, or was not made for here and now, is refused (ASVS 9.2.1, 9.2.3)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.bearer import GENUINE, find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.issuing import NO_JWT, try_token
from vallum.probe.read.token import read_payload
from vallum.probe.signing import KEYED, UNSIGNED, open_signer
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="tokens-need-every-claim", control="jwt-claims-validated")
_CLAIMS: Final = ("exp", "iat", "nbf", "iss", "aud", "sub", "jti")
_ANEW: Final = "signed anew"
_OTHER: Final = "https://another.vallum.example"
_FAR: Final = 32_503_680_000
_MESSAGE: Final = "A token that was made for another service, or that should have ended, is let in here."
_FIX: Final = "Require exp, iat, nbf, iss, aud, sub and jti, and compare issuer and audience with the configured ones."


def _ask(surface: Surface) -> Asking:
    for carried in find_carriers(surface):
        yield try_token(carried, carried.token, "", GENUINE)
    signer = yield from open_signer(surface)
    if signer is None:
        return
    payload = dict(read_payload(signer.genuine.token) or {})
    yield try_token(signer.genuine, signer.seal(payload), KEYED, _ANEW)
    for label, changed in _variants(payload):
        yield try_token(signer.genuine, signer.seal(changed), KEYED, label)


def _variants(payload: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in _CLAIMS:
        if name in payload:
            yield f"no {name}", {key: value for key, value in payload.items() if key != name}
    yield "another iss", {**payload, "iss": _OTHER}
    yield "another aud", {**payload, "aud": [_OTHER] if isinstance(payload.get("aud"), list) else _OTHER}
    now = payload.get("iat")
    if isinstance(now, int | float):
        yield "an nbf ten minutes ahead", {**payload, "nbf": int(now) + 600}
        yield "an exp two minutes ago", {**payload, "iat": int(now) - 600, "nbf": int(now) - 600, "exp": int(now) - 120}
    else:
        yield "an nbf far ahead", {**payload, "nbf": _FAR}
        yield "an exp long ago", {**payload, "exp": 1}


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    carried = next(find_carriers(surface), None)
    if carried is None:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, NO_JWT)
        return
    told = {exchange.shot.label: exchange for exchange in exchanges if exchange.shot.label}
    lacking = [name for name in _CLAIMS if name not in (read_payload(carried.token) or {})]
    if lacking and told[GENUINE].answer.succeeded:
        reason = f"The app's own token lacks {', '.join(lacking)}, and is accepted."
        yield CLAIM.finding(told[GENUINE], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    if _ANEW not in told or not told[_ANEW].answer.succeeded:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, UNSIGNED)
        return
    yield from _judge_variants([e for e in exchanges if e.shot.label.startswith(("no ", "another ", "an "))], lacking)


def _judge_variants(variants: Sequence[Exchange], lacking: Sequence[str]) -> Iterator[Remark]:
    passed = [exchange for exchange in variants if exchange.answer.succeeded]
    if passed:
        labels = ", with ".join(exchange.shot.label for exchange in passed)
        reason = f"A token that is signed with the app's key is accepted with {labels}."
        yield CLAIM.finding(passed[0], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    for exchange in variants if not lacking else ():
        if 400 <= exchange.answer.status < 500:
            yield CLAIM.site(exchange, f"{exchange.shot.label}: {exchange.answer.status}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("token with a wrong claim", "tokens with wrong claims"),
    sound="refused",
    ask=_ask,
    judge=_judge,
)
