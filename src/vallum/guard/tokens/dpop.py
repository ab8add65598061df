"""Access tokens that only the owner of a key can use (RFC 9449, DPoP): a copied token is worth nothing.

    DPOP = DpopProofs(tokens=TOKENS, replays=revocation_store)

    thumbprint = DPOP.check_proof(proofs, method="POST", address=TOKEN_ENDPOINT)      # then begin(key_thumbprint=...)
    claims = DPOP.authenticate(authorization, proofs, method=..., address=ORIGIN + path)

`proofs` is the list of the request's `DPoP` headers. Build `address` from the configured origin, never from `Host`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.compare import equal
from vallum.base.errors import ConfigError
from vallum.crypto.jwt.claims import Claims
from vallum.crypto.jwt.compact import TokenRefusedError
from vallum.crypto.jwt.proof import Proof, hash_token, name_target, read_proof
from vallum.guard.errors.refusal import Refusal
from vallum.guard.tokens.access_tokens import AccessTokens
from vallum.guard.tokens.bearer import BearerRefusedError, read_credential
from vallum.stores.revocations import RevocationStore

MOST_WINDOW: Final = 300


class DpopRefusedError(BearerRefusedError):
    """A proof, or a bound token, that is not accepted: 401, the same answer for every cause."""

    refusal: ClassVar[Refusal] = Refusal(
        401,
        "invalid-token",
        "The access token is not valid.",
        headers=[(b"www-authenticate", b'DPoP error="invalid_token", algs="ES256 EdDSA RS256"')],
        identified=False,
    )
    event: ClassVar[str] = "token-refused"


@dataclass(frozen=True, kw_only=True)
class DpopProofs:
    """Checks proofs. `replays` remembers the id of each until it is too old; all workers share it.

    `window` is how many seconds a proof may be old, or ahead of the server's clock. Raises `ConfigError` outside 1 to
    300 s.
    """

    tokens: AccessTokens
    replays: RevocationStore
    window: int = 60
    clock: Clock = SYSTEM_CLOCK

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 1 <= self.window <= MOST_WINDOW:
            raise ConfigError(f"the window of proofs is 1 to {MOST_WINDOW} s.", code="dpop-window")

    def authenticate(
        self, authorization: str | Iterable[str] | None, proofs: Iterable[str], *, method: str, address: str
    ) -> Claims:
        """Return what the bound token of a request says. Raises `DpopRefusedError` (401), or `BearerMissingError`."""
        token = read_credential(authorization, scheme="dpop")
        thumbprint = self.check_proof(proofs, method=method, address=address, access_token=token)
        try:
            return self.tokens.verify(token, key_thumbprint=thumbprint)
        except BearerRefusedError as refusal:
            raise DpopRefusedError(refusal.cause) from None

    def check_proof(self, proofs: Iterable[str], *, method: str, address: str, access_token: str = "") -> str:
        """Return the thumbprint of the key that signed the one proof of a request. Each proof works once.

        Raises `DpopRefusedError` for everything else, and when the store cannot tell.
        """
        sent = list(proofs)
        if len(sent) != 1:
            raise DpopRefusedError("proof-count")
        try:
            proof = read_proof(sent[0])
            self._compare(proof, method, address, access_token)
        except TokenRefusedError as refusal:
            raise DpopRefusedError(refusal.reason) from None
        self._use_up(proof)
        return proof.key_thumbprint

    def _compare(self, proof: Proof, method: str, address: str, access_token: str) -> None:
        if abs(proof.issued - self.clock()) > self.window:
            raise TokenRefusedError("proof-time")
        if proof.method != method or name_target(proof.address) != name_target(address):
            raise TokenRefusedError("proof-request")
        if not equal(proof.token_hash, hash_token(access_token) if access_token else ""):
            raise TokenRefusedError("proof-token")

    def _use_up(self, proof: Proof) -> None:
        name = hashlib.sha256(f"{proof.key_thumbprint} {proof.token_id}".encode("utf-8", "surrogatepass")).hexdigest()
        # One second more than the window, so that the last moment of a proof is covered.
        until = proof.issued + self.window + 1
        try:
            first = self.replays.revoke(f"dpop:{name}", until, self.clock())
        except Exception as failure:
            raise DpopRefusedError(f"replay-unknown: {type(failure).__name__}") from failure
        if not first:
            raise DpopRefusedError("proof-replayed")
