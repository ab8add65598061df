"""Tokens that anybody can decode hold no secret and nothing about a person (CWE-312; ASVS 9.2.1, 14.2.6)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.read.token import read_payload
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="payloads-hold-nothing-private", control="jwt-no-sensitive-payload")
_ALLOWED: Final = frozenset({
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "azp", "scope", "scp", "scopes", "role", "roles",
    "permissions", "groups", "type", "typ", "token_type", "token_use", "use", "acr", "amr", "auth_time", "nonce",
    "at_hash", "c_hash", "client_id", "cnf", "act", "ver", "fam", "family", "tenant", "org",
})  # fmt: skip
_TIMES: Final = frozenset({"exp", "nbf", "iat", "auth_time"})
_SHAPES: Final = (
    ("an e-mail address", re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)),
    ("a card number", re.compile(r"\A\d(?:[ -]?\d){12,18}\Z")),
    ("a key", re.compile(r"-----BEGIN |\bsk_live_|\bAKIA[A-Z0-9]{16}|\$argon2|\$2[aby]\$")),
)
_MESSAGE: Final = (
    "Whoever sees a token, in a log, a browser or a proxy, reads what it holds: it is encoded, not encrypted."
)
_FIX: Final = "Put an opaque subject, the registered claims and coarse role names into a token, and nothing else."


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told: set[str] = set()
    met = [(token, exchange, payload) for token, exchange in _issued(surface) if (payload := read_payload(token))]
    if not met:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no JSON Web Token was seen in use")
    for _, exchange, payload in met:
        faults = [*_faults(payload)]
        for reason in faults:
            if reason not in told:
                told.add(reason)
                yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        if not faults:
            yield CLAIM.site(exchange, f"claims: {', '.join(sorted(payload))}")


def _issued(surface: Surface) -> Iterator[tuple[str, Exchange]]:
    for held in surface.tokens:
        if held.source:
            yield held.token.reveal(), held.source
    for account in surface.accounts:
        for cookie in account.session_cookies if account.login else ():
            if account.login:
                yield cookie.value.reveal(), account.login


def _faults(payload: Mapping[str, Any]) -> Iterator[str]:
    """Names that are not on the list, and values of a form that is private; no value is ever shown."""
    foreign = sorted(str(name) for name in payload if str(name) not in _ALLOWED)
    if foreign:
        yield f"The payload has claims beyond the registered ones: {', '.join(foreign)[:120]}."
    for name, value in payload.items():
        shape = next((told for told, form in _SHAPES if form.search(str(value))), "")
        if shape and name not in _TIMES:
            yield f"The claim {name} holds {shape}."


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("issued token", "issued tokens"),
    sound="with registered claims and roles only",
    judge=_judge,
)
