"""The keys that an app publishes for its tokens are of accepted kinds and sizes (CWE-326; ASVS 11.2.3)."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="public-keys-are-strong", control="strong-asymmetric")
_PLACES: Final = ("/.well-known/jwks.json", "/jwks.json", "/jwks", "/oauth/jwks", "/oauth2/jwks", "/api/jwks", "/keys")
_CURVES: Final = frozenset({"P-256", "P-384", "P-521"})
_EDWARDS: Final = frozenset({"Ed25519", "Ed448", "X25519", "X448"})
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_FEWEST_BITS: Final = 3072
_MESSAGE: Final = "An attacker who works out this key can issue tokens for anybody."
_FIX: Final = "Publish a new Ed25519 or P-256 key, or RSA with 3072 bits, and let the old one run out."
_PUBLISHED: Final = "Whoever fetches this document can issue tokens for anybody."


def _ask(surface: Surface) -> Asking:
    own = [op.template for op in surface.operations if "jwks" in op.template.lower() and not op.holes]
    for target in dict.fromkeys((*_PLACES, *own)):
        yield Shot(method="GET", target=target, route=target, label="key document")


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for exchange in exchanges:
        for key in _keys(exchange):
            told = f"key {str(key.get('kid', 'without a name'))[:40]}"
            if _PRIVATE & key.keys():
                reason = f"{told} is published with its private part."
                yield CLAIM.finding(exchange, Blame(message=_PUBLISHED, reason=reason, fix="Replace the key at once."))
            elif weak := _weakness(key):
                yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=f"{told} is {weak}.", fix=_FIX))
            else:
                yield CLAIM.site(exchange, f"{told}: {key.get('crv') or key.get('kty')}")


def _keys(exchange: Exchange) -> Iterator[Mapping[str, Any]]:
    if not exchange.answer.succeeded:
        return
    try:
        document = json.loads(exchange.answer.text)
    except (ValueError, RecursionError):
        return
    listed = document.get("keys") if isinstance(document, dict) else None
    for key in listed if isinstance(listed, list) else ():
        if isinstance(key, dict) and isinstance(key.get("kty"), str):
            yield key


def _weakness(key: Mapping[str, Any]) -> str:
    kind, curve = key["kty"], key.get("crv")
    if kind == "RSA":
        bits = _bits(key.get("n"))
        return f"RSA with {bits} bits" if bits < _FEWEST_BITS else ""
    accepted = {"EC": _CURVES, "OKP": _EDWARDS}.get(kind, frozenset())
    return "" if curve in accepted else f"of the kind {kind[:12]} {str(curve or '')[:20]}".rstrip()


def _bits(modulus: object) -> int:
    try:
        text = str(modulus)
        return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4))).bit_length()
    except ValueError:
        return 0


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("published key", "published keys"),
    sound="of an accepted kind and size",
    ask=_ask,
    judge=_judge,
    idle="no document of keys was found",
)
