"""Who can check a token cannot write one: tokens are signed with a private key (CWE-347; ASVS 9.1.1, 11.6.1)."""

import base64
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.bearer import GENUINE, NONE, carry_token, find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.issuing import NO_JWT
from vallum.probe.read.token import flip_signature, read_header, read_signature
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="tokens-need-a-private-key", control="jwt-asymmetric")
_PRIVATE: Final = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA", "Ed25519")
_RSA_BYTES: Final = 256
_SIGNATURE, _PAYLOAD = "a changed signature", "a changed payload"
_MESSAGE: Final = "Every service that checks these tokens holds the key that writes them: one leak forges all accounts."
_FORGED: Final = "An attacker can change what a token says, and is let in with it."
_FIX: Final = "Sign with ES256, EdDSA or RS256 (2048 bits and more) by a key that only the issuer holds."


def _ask(surface: Surface) -> Asking:
    for carried in find_carriers(surface):
        yield carry_token(carried, carried.token, GENUINE)
        yield carry_token(carried, "", NONE)
        yield carry_token(carried, flip_signature(carried.token), _SIGNATURE)
        changed = _flip_payload(carried.token)
        if changed:
            yield carry_token(carried, changed, _PAYLOAD)


def _flip_payload(token: str) -> str:
    """The token with one bit of its payload changed, such that it stays JSON; empty when it holds no number."""
    header, payload, signature = token.split(".")
    content = bytearray(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    digits = [index for index, letter in enumerate(content) if chr(letter).isdigit()]
    if not digits:
        return ""
    content[digits[-1]] ^= 1
    return f"{header}.{base64.urlsafe_b64encode(content).rstrip(b'=').decode()}.{signature}"


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    carried = next(find_carriers(surface), None)
    if carried is None:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, NO_JWT)
        return
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if not told[GENUINE].answer.succeeded or told[NONE].answer.succeeded:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "no route was found that takes the genuine token and refuses none")
        return
    algorithm = str((read_header(carried.token) or {}).get("alg", ""))
    fault = _fault(algorithm, len(read_signature(carried.token)[1]))
    if fault:
        blame = Blame(message=_MESSAGE, reason=fault, fix=_FIX, confidence=Confidence.MEDIUM)
        yield CLAIM.finding(told[GENUINE], blame)
    for label in (_SIGNATURE, _PAYLOAD):
        if label in told and told[label].answer.succeeded:
            reason = f"A token with {label} is accepted."
            yield CLAIM.finding(told[label], Blame(message=_FORGED, reason=reason, fix=_FIX))
        elif label in told and not fault and 400 <= told[label].answer.status < 500:
            yield CLAIM.site(told[label], f"signed with {algorithm}; {label}: {told[label].answer.status}")


def _fault(algorithm: str, length: int) -> str:
    if algorithm not in _PRIVATE:
        return f"Tokens are signed with {algorithm[:20] or 'nothing'}, whose key is shared by all who check them."
    if algorithm[:2] in ("RS", "PS") and length < _RSA_BYTES:
        return f"Tokens are signed with an RSA key of {length * 8} bits."
    return ""


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("changed token", "changed tokens"),
    sound="refused, and the genuine one signed with a private key",
    ask=_ask,
    judge=_judge,
)
