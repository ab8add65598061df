"""A token whose header asks for another algorithm or key is refused (CWE-347; RFC 8725, 3.1; ASVS 9.1.2)."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from vallum.findings.finding import Remark, Silence
from vallum.probe.bearer import GENUINE, NONE, Carried, carry_token, find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.read.token import build_token, flip_signature, read_header, read_payload
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="forged-algorithms-are-refused", control="jwt-algorithm-pinned")
_MESSAGE: Final = "An attacker can write a token for any account, and is let in with it."
_FIX: Final = "Name one algorithm and one set of keys in the server's configuration, and refuse every other header."
_PUBLIC_KEYS: Final[Mapping[str, type[jwk.RSAKey | jwk.ECKey | jwk.OKPKey]]] = {
    "RSA": jwk.RSAKey,
    "EC": jwk.ECKey,
    "OKP": jwk.OKPKey,
}
_KEY_PAGES: Final = ("/.well-known/jwks.json", "/jwks.json", "/oauth/jwks", "/.well-known/openid-configuration/jwks")


def _ask(surface: Surface) -> Asking:
    for carried in find_carriers(surface):
        for label, token in ((GENUINE, carried.token), (NONE, "")):
            yield carry_token(carried, token, label)
        for label, token in _forgeries(carried):
            yield carry_token(carried, token, label)
        for target in _KEY_PAGES:
            keys = yield Shot(method="GET", target=target, label="public keys")
            for pem in _public_pems(keys.answer.json()):
                forged = build_token(_header(carried, alg="HS256"), _payload(carried), pem)
                yield carry_token(carried, forged, "HS256 under the public key")


def _forgeries(carried: Carried) -> Iterator[tuple[str, str]]:
    for algorithm in ("none", "None", "NoNe", "NONE"):
        yield f"alg {algorithm} and no signature", build_token(_header(carried, alg=algorithm), _payload(carried))
    yield "a changed signature", flip_signature(carried.token)
    yield "HS256 under an empty key", build_token(_header(carried, alg="HS256"), _payload(carried), b"")
    unknown = build_token(_header(carried, alg="HS256", kid="../../../../dev/null"), _payload(carried), b"")
    yield "an unknown kid", unknown
    yield "an embedded jwk", _embedded(carried)


def _embedded(carried: Carried) -> str:
    """A token signed by a key of our own, with that key in the header."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = jwk.ECKey.import_key(pem)
    header = {"alg": "ES256", "typ": "JWT", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, dict(_payload(carried)), key, algorithms=["ES256"])


def _header(carried: Carried, **changes: str) -> Mapping[str, Any]:
    return {**(read_header(carried.token) or {}), **changes}


def _payload(carried: Carried) -> Mapping[str, Any]:
    return read_payload(carried.token) or {}


def _public_pems(document: Any) -> Iterator[bytes]:
    keys = document.get("keys") if isinstance(document, Mapping) else None
    for entry in keys if isinstance(keys, list) else ():
        if isinstance(entry, dict) and entry.get("kty") in _PUBLIC_KEYS:
            with warnings.catch_warnings(), suppress(ValueError, TypeError, KeyError, JoseError):
                warnings.simplefilter("ignore")  # a weak key of the app is not this claim's business
                yield _PUBLIC_KEYS[entry["kty"]].import_key(entry).as_pem(private=False)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    carriers = tuple(find_carriers(surface))
    if not carriers:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no JSON Web Token was seen in use")
        return
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if GENUINE in told and not (told[GENUINE].answer.succeeded and not told[NONE].answer.succeeded):
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "no route was found that takes the genuine token and refuses none")
        return
    for exchange in exchanges:
        label = exchange.shot.label
        if label in (GENUINE, NONE, "public keys"):
            continue
        if exchange.answer.succeeded:
            reason = f"A token with {label} was accepted."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        else:
            yield CLAIM.site(exchange, f"{label}: answered {exchange.answer.status}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("forged token", "forged tokens"),
    sound="refused",
    ask=_ask,
    judge=_judge,
)
