"""How a client proves to the token endpoint who it is: by a signed assertion, by HTTP Basic, or in the form.

    SecretBasic(SECRETS.google)                         # vallum.guard.secrets gives the Secret
    PrivateKeyJwt(SECRETS.signing_pem, key_id="2026-1") # preferred: nothing that could be replayed elsewhere is sent

The secret travels in the header or body of server-to-server requests and nowhere else. Sources: RFC 6749 section 2.3.1,
RFC 7523, RFC 9700 section 2.5; ASVS 10.4.16, CWE-522.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.base.randomness import token
from vallum.base.secret import Secret

KEEPS: Final = ("oauth-client-secret",)
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE: Final = 60
_LEAST: Final = 16
_KINDS: Final[dict[str, Any]] = {"ES256": ECKey, "RS256": RSAKey, "PS256": RSAKey}


class Proof(NamedTuple):
    """What a token request carries besides: headers, and members of its form."""

    headers: dict[str, str]
    form: dict[str, str]

    def __repr__(self) -> str:
        """No secret."""
        return f"Proof(headers={sorted(self.headers)}, form={sorted(self.form)})"


class ClientAuthentication(Protocol):
    """A way for a client to prove who it is."""

    def prove(self, client_id: str, issuer: str) -> Proof:
        """Return the proof for one request to the token or revocation endpoint of `issuer`."""


@dataclass(frozen=True, slots=True)
class PublicClient:
    """A client that cannot keep a secret has none; PKCE alone protects its codes."""

    def prove(self, client_id: str, issuer: str) -> Proof:  # noqa: ARG002 - the protocol's
        """The client's name, and no proof."""
        return Proof({}, {"client_id": client_id})


@dataclass(frozen=True, slots=True)
class SecretBasic:
    """`client_secret_basic`: the secret in the Authorization header. Raises `ConfigError` below 16 characters."""

    secret: Secret[str]

    def __post_init__(self) -> None:
        """Check the secret."""
        _check(self.secret)

    def prove(self, client_id: str, issuer: str) -> Proof:  # noqa: ARG002 - the protocol's
        """The header, form-encoded first as RFC 6749, section 2.3.1, has it."""
        pair = f"{quote_plus(client_id)}:{quote_plus(self.secret.reveal())}"
        return Proof({"authorization": f"Basic {b64encode(pair.encode('ascii')).decode('ascii')}"}, {})


@dataclass(frozen=True, slots=True)
class SecretPost:
    """`client_secret_post`, for providers that take nothing else. Raises `ConfigError` below 16 characters."""

    secret: Secret[str]

    def __post_init__(self) -> None:
        """Check the secret."""
        _check(self.secret)

    def prove(self, client_id: str, issuer: str) -> Proof:  # noqa: ARG002 - the protocol's
        """The members of the form."""
        return Proof({}, {"client_id": client_id, "client_secret": self.secret.reveal()})


@dataclass(frozen=True, slots=True)
class PrivateKeyJwt:
    """`private_key_jwt`: an assertion that lives a minute, for this issuer. Raises `ConfigError` for a bad key."""

    pem: Secret[str]
    key_id: str = ""
    algorithm: str = "ES256"
    clock: Clock = SYSTEM_CLOCK
    _key: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the key."""
        object.__setattr__(self, "_key", _load(self.pem, self.algorithm))

    def prove(self, client_id: str, issuer: str) -> Proof:
        """The members of the form. The audience is the issuer, so that no other server can use the assertion."""
        claims = {"iss": client_id, "sub": client_id, "aud": issuer, "jti": token()}
        assertion = _sign(self._key, self.algorithm, self.key_id, claims, self.clock())
        return Proof({}, {"client_id": client_id, "client_assertion_type": ASSERTION, "client_assertion": assertion})


@dataclass(frozen=True, slots=True)
class AppleSecret:
    """Apple's client secret: a token signed with the team's key, made anew for each request (ES256)."""

    pem: Secret[str]
    team_id: str
    key_id: str
    clock: Clock = SYSTEM_CLOCK
    _key: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the key."""
        object.__setattr__(self, "_key", _load(self.pem, "ES256"))

    def prove(self, client_id: str, issuer: str) -> Proof:
        """The members of the form."""
        claims = {"iss": self.team_id, "sub": client_id, "aud": issuer}
        secret = _sign(self._key, "ES256", self.key_id, claims, self.clock())
        return Proof({}, {"client_id": client_id, "client_secret": secret})


def _check(secret: Secret[str]) -> None:
    if type(secret) is not Secret or len(secret) < _LEAST or not secret.reveal().isascii():
        raise ConfigError(
            f"a client secret is a Secret of at least {_LEAST} ASCII characters.",
            hint="Read it with vallum.guard.secrets; do not write it into the source.",
            code="oauth-client-secret",
        )


def _load(pem: Secret[str], algorithm: str) -> Any:
    kind = _KINDS.get(algorithm)
    try:
        key = kind.import_key(pem.reveal()) if kind and type(pem) is Secret else None
    except (JoseError, ValueError, TypeError):
        key = None
    if key is None or not key.is_private or (algorithm == "ES256" and key.curve_name != "P-256"):
        raise ConfigError(
            f"this is no private key for {algorithm} as a Secret in PEM.",
            hint=f"Choose one of {', '.join(sorted(_KINDS))}.",
            code="oauth-client-key",
        )
    return key


def _sign(key: Any, algorithm: str, key_id: str, claims: dict[str, Any], now: float) -> str:
    header = {"alg": algorithm, "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    return jwt.encode(header, {**claims, "iat": int(now), "exp": int(now) + _LIFE}, key, algorithms=[algorithm])
