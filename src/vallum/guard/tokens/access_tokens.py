"""Issue and check access tokens; one answer for every token that is not accepted (RFC 9068, RFC 6750, ASVS 9).

    TOKENS = AccessTokens(key=load_private(settings.token_key), issuer="https://id.example.org", audience="notes-api")

    token = TOKENS.issue(user.id, {"scope": "notes:read"})
    claims = TOKENS.authenticate(request.headers.getlist("authorization"))     # or a 401 that tells no cause

A service that only checks tokens is given the public keys: `AccessTokens(keys=[load_public(pem)], issuer=..., ...)`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.crypto.jwt.claims import LONGEST_LIFE, Claims, ClaimsPolicy
from vallum.crypto.jwt.compact import TokenRefusedError
from vallum.crypto.jwt.issuer import DEFAULT_LIFE, Issuer
from vallum.crypto.jwt.keys import SigningKey, VerifyingKey, generate_key, load_private, load_public, unsafe_shared_key
from vallum.crypto.jwt.verifier import Verifier
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.logging.events import Level

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
    "SigningKey",
    "VerifyingKey",
    "generate_key",
    "load_private",
    "load_public",
    "unsafe_shared_key",
]
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105  # the media type of RFC 9068, not a secret
TOKEN_USE: Final = "access"  # noqa: S105  # the kind of token, not a secret
_CREDENTIAL: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


class BearerRefusedError(PublicError):
    """A token that is not accepted: 401, the same answer for every cause; `cause` goes to the security log."""

    refusal: ClassVar[Refusal] = Refusal(
        401,
        "invalid-token",
        "The access token is not valid.",
        headers=[(b"www-authenticate", b'Bearer error="invalid_token"')],
        identified=False,
    )
    level: ClassVar[Level] = Level.WARNING
    event: ClassVar[str] = "token-refused"


class BearerMissingError(PublicError):
    """No access token was sent: 401 with the plain challenge (RFC 6750, section 3)."""

    refusal: ClassVar[Refusal] = Refusal(
        401, "token-required", "Send an access token.", headers=[(b"www-authenticate", b"Bearer")], identified=False
    )
    level: ClassVar[Level] = Level.INFO
    event: ClassVar[str] = "token-missing"


def never_revoked(_: Claims) -> bool:
    """The deny list of a service that has none: tokens die by their life alone."""
    return False


@dataclass(frozen=True, kw_only=True)
class AccessTokens:
    """Access tokens of one issuer for one audience. Give `key` to issue, `keys` for others that are still accepted.

    `revoked` is asked for each token with a good signature and good claims; when it raises, the token is refused.
    Raises `ConfigError` without any key, for mixed families of keys, and for a life above one hour.
    """

    issuer: str
    audience: str
    key: SigningKey | None = None
    keys: Iterable[VerifyingKey] = ()
    life: int = DEFAULT_LIFE
    longest_life: int = LONGEST_LIFE
    leeway: int = 30
    allowed_claims: Iterable[str] = ("scope", "roles")
    revoked: Callable[[Claims], bool] = never_revoked
    clock: Clock = SYSTEM_CLOCK
    randomness: Randomness = SYSTEM_RANDOMNESS
    _policy: ClaimsPolicy = field(init=False, repr=False, compare=False)
    _verifier: Verifier = field(init=False, repr=False, compare=False)
    _issuer: Issuer | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build verifier and issuer once."""
        policy = ClaimsPolicy(
            issuer=self.issuer,
            audience=self.audience,
            token_type=TOKEN_TYPE,
            token_use=TOKEN_USE,
            leeway=self.leeway,
            longest_life=self.longest_life,
            clock=self.clock,
        )
        issuer = self.key and Issuer(
            key=self.key,
            policy=policy,
            life=self.life,
            allowed_claims=self.allowed_claims,
            randomness=self.randomness,
        )
        own = [self.key.public()] if self.key else []
        object.__setattr__(self, "keys", (*own, *self.keys))
        object.__setattr__(self, "_policy", policy)
        object.__setattr__(self, "_verifier", Verifier(self.keys))
        object.__setattr__(self, "_issuer", issuer)

    def issue(self, subject: str, claims: Mapping[str, Any] | None = None) -> str:
        """Return a token for `subject`. Raises `ConfigError` without a signing key, and as `Issuer.issue` does."""
        if self._issuer is None:
            raise ConfigError("this service has no key to sign with.", hint="Give key=...", code="no-signing-key")
        return self._issuer.issue(subject, claims)

    def verify(self, token: str) -> Claims:
        """Return what a token says. Raises `BearerRefusedError` (401) for every token that is not accepted."""
        try:
            claims = self._policy.check(self._verifier.verify(token, token_type=TOKEN_TYPE))
        except TokenRefusedError as refusal:
            raise BearerRefusedError(refusal.reason) from None
        try:
            revoked = self.revoked(claims)
        except Exception as failure:
            raise BearerRefusedError(f"revocation-unknown: {type(failure).__name__}") from failure
        if revoked:
            raise BearerRefusedError("revoked")
        return claims

    def authenticate(self, authorization: str | Iterable[str] | None) -> Claims:
        """Return what the bearer token of a request says, given its `Authorization` header or list of them.

        Raises `BearerMissingError` (401) without a header or with another scheme, `BearerRefusedError` (401) for two
        headers and for everything else.
        """
        headers = [authorization] if isinstance(authorization, str) else list(authorization or ())
        if len(headers) > 1:
            raise BearerRefusedError("two-headers")
        if not headers or headers[0].partition(" ")[0].lower() != "bearer":
            raise BearerMissingError
        found = _CREDENTIAL.fullmatch(headers[0])
        if not found:
            raise BearerRefusedError("malformed")
        return self.verify(found[1])

    def export_keys(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JWKS document (RFC 7517, section 5)."""
        return {"keys": [key.export_jwk() for key in self.keys]}
