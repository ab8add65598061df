"""Issue and check access tokens; one answer for every token that is not accepted (RFC 9068, RFC 6750, ASVS 9).

    TOKENS = AccessTokens(key=load_private(settings.token_key), issuer="https://id.example.org", audience="notes-api")

    token = TOKENS.issue(user.id, {"scope": "notes:read"})
    claims = TOKENS.authenticate(request.headers.getlist("authorization"))     # or a 401 that tells no cause

A service that only checks tokens is given the public keys: `AccessTokens(keys=[load_public(pem)], issuer=..., ...)`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.crypto.jwt.claims import LONGEST_LIFE, Claims, ClaimsPolicy
from vallum.crypto.jwt.compact import LONGEST_TOKEN, TokenRefusedError
from vallum.crypto.jwt.issuer import DEFAULT_LIFE, Issuer
from vallum.crypto.jwt.keyring import Keyring, TimedKey
from vallum.crypto.jwt.keys import SigningKey, VerifyingKey, generate_key, load_private, load_public, unsafe_shared_key
from vallum.crypto.jwt.seen import SIZE, SeenTokens, digest_token
from vallum.guard.tokens.bearer import BearerMissingError, BearerRefusedError, read_credential

KEEPS: Final = (
    "jwt-algorithm-pinned",
    "jwt-asymmetric",
    "jwt-claims-validated",
    "jwt-no-sensitive-payload",
    "jwt-short-lived",
    "jwt-type-separation",
    "bearer-errors-uniform",
)
__all__ = [
    "AccessTokens",
    "BearerMissingError",
    "BearerRefusedError",
    "Claims",
    "Keyring",
    "SigningKey",
    "TimedKey",
    "VerifyingKey",
    "generate_key",
    "load_private",
    "load_public",
    "unsafe_shared_key",
]
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105  # the media type of RFC 9068, not a secret
TOKEN_USE: Final = "access"  # noqa: S105  # the kind of token, not a secret


def never_revoked(_: Claims) -> bool:
    """The deny list of a service that has none: tokens die by their life alone."""
    return False


@dataclass(frozen=True, kw_only=True)
class AccessTokens:
    """Access tokens of one issuer for one audience. Give `key` to issue, `keys` for others that are still accepted.

    Give `keyring` instead of both where keys rotate while the application runs. `revoked` is asked for each token with
    a good signature and good claims (see `guard.tokens.revocation`); when it raises, the token is refused. `remember`
    is how many tokens are recognised at their next use without another check of their signature; expiry and `revoked`
    are checked every time. Raises `ConfigError` without any key, for mixed families of keys, and for a life above one
    hour.
    """

    issuer: str
    audience: str
    key: SigningKey | None = None
    keys: Iterable[VerifyingKey] = ()
    keyring: Keyring | None = None
    life: int = DEFAULT_LIFE
    longest_life: int = LONGEST_LIFE
    leeway: int = 30
    allowed_claims: Iterable[str] = ("scope", "roles")
    unsafe_claims: Iterable[str] = ()
    revoked: Callable[[Claims], bool] = never_revoked
    remember: int = SIZE
    clock: Clock = SYSTEM_CLOCK
    randomness: Randomness = SYSTEM_RANDOMNESS
    _policy: ClaimsPolicy = field(init=False, repr=False, compare=False)
    _ring: Keyring = field(init=False, repr=False, compare=False)
    _seen: SeenTokens = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build what checks, once, and refuse settings that could not issue."""
        policy = ClaimsPolicy(
            issuer=self.issuer,
            audience=self.audience,
            token_type=TOKEN_TYPE,
            token_use=TOKEN_USE,
            leeway=self.leeway,
            longest_life=self.longest_life,
            clock=self.clock,
        )
        given = ([self.key] if self.key else []) + list(self.keys)
        if self.keyring and given:
            raise ConfigError("keyring takes the place of key and keys.", code="token-keys")
        object.__setattr__(self, "keys", tuple(given))
        object.__setattr__(self, "allowed_claims", tuple(self.allowed_claims))
        object.__setattr__(self, "unsafe_claims", tuple(self.unsafe_claims))
        object.__setattr__(self, "_policy", policy)
        object.__setattr__(self, "_ring", self.keyring or Keyring(given, clock=self.clock))
        object.__setattr__(self, "_seen", SeenTokens(self.remember))
        if signer := self._ring.state().signer:
            self._build_issuer(signer)

    def issue(
        self,
        subject: str,
        claims: Mapping[str, Any] | None = None,
        *,
        epoch: int | None = None,
        session: str = "",
        key_thumbprint: str = "",
    ) -> str:
        """Return a token for `subject`. With `revoked=Revocation(...)` give the account's `epoch`.

        Raises `ConfigError` without a signing key, and as `Issuer.issue` does.
        """
        signer = self._ring.state().signer
        if signer is None:
            raise ConfigError("this service has no key to sign with.", hint="Give key=...", code="no-signing-key")
        issuer = self._build_issuer(signer)
        return issuer.issue(subject, claims, epoch=epoch, session=session, key_thumbprint=key_thumbprint)

    def verify(self, token: str, *, key_thumbprint: str = "") -> Claims:
        """Return what a token says. Raises `BearerRefusedError` (401) for every token that is not accepted.

        A token that is bound to a key is accepted only with that key's thumbprint, which `DpopProofs` proves.
        """
        try:
            claims = self._read(token)
        except TokenRefusedError as refusal:
            raise BearerRefusedError(refusal.reason) from None
        if claims.key_thumbprint != key_thumbprint:  # thumbprints of public keys, no secrets
            raise BearerRefusedError("key-bound")
        if self.revoked is not never_revoked and self._ask(claims):
            raise BearerRefusedError("revoked")
        return claims

    def authenticate(self, authorization: str | Iterable[str] | None) -> Claims:
        """Return what the bearer token of a request says, given its `Authorization` header or list of them.

        Raises `BearerMissingError` (401) without a header or with another scheme, `BearerRefusedError` (401) for two
        headers and for everything else.
        """
        return self.verify(read_credential(authorization))

    def export_keys(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JWKS document (RFC 7517, section 5)."""
        return self._ring.export_jwks()

    def _ask(self, claims: Claims) -> bool:
        try:
            return self.revoked(claims)
        except Exception as failure:
            raise BearerRefusedError(f"revocation-unknown: {type(failure).__name__}") from failure

    def _read(self, token: str) -> Claims:
        state = self._ring.state()
        if not self.remember:
            return self._policy.check(state.verifier.verify(token, token_type=TOKEN_TYPE))
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise TokenRefusedError("malformed")
        digest = digest_token(token)
        claims = self._seen.find(digest, state)
        if claims is None:
            claims = self._policy.check(state.verifier.verify(token, token_type=TOKEN_TYPE))
            self._seen.keep(digest, state, claims)
        elif claims.expires <= self.clock() - self.leeway:
            self._seen.drop(digest)
            raise TokenRefusedError("expired")
        return claims

    def _build_issuer(self, signer: SigningKey) -> Issuer:
        return Issuer(
            key=signer,
            policy=self._policy,
            life=self.life,
            allowed_claims=self.allowed_claims,
            unsafe_claims=self.unsafe_claims,
            randomness=self.randomness,
        )
