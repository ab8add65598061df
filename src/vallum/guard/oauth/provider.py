"""A provider: who it is, who we are to it, and where its endpoints are, by discovery or by hand.

    Provider(name="corporate", issuer="https://id.example.org", client_id="notes", authentication=SecretBasic(secret))

Sources: OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3, RFC 9207.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.guard.oauth.client_secret import ClientAuthentication
from vallum.guard.oauth.refusals import ProviderDownError
from vallum.guard.oauth.transport import HttpRequest, HttpSender, check_address

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_OURS: Final = frozenset(
    (
        *("response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method", "request", "request_uri"),
    )
)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider listens. `names_issuer` tells that its callbacks always carry `iss` (RFC 9207)."""

    authorization: str
    token: str
    jwks: str = ""
    revocation: str = ""
    end_session: str = ""
    names_issuer: bool = False


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider and our registration with it; `name` stands in our paths and must be its own for each provider.

    `endpoints` None means discovery. `profile` is the address that tells who an access token belongs to, for providers
    that have no ID tokens; all others must give one. `scopes` is the least that you need. `extra` is sent with each
    authorization request, such as `{"prompt": "select_account"}`.
    """

    name: str
    issuer: str
    client_id: str
    authentication: ClientAuthentication
    scopes: tuple[str, ...] = ("openid", "profile")
    endpoints: Endpoints | None = None
    profile: str = ""
    extra: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    unsafe_loopback_http: bool = False

    def __post_init__(self) -> None:
        """Raise `ConfigError` for what cannot be secure, or cannot work."""
        if not _NAME.fullmatch(self.name):
            raise _refuse("its name has small letters, digits and hyphens")
        if not self.client_id:
            raise _refuse("the client id is missing")
        if (not self.profile) is ("openid" not in self.scopes):
            raise _refuse('the scopes need "openid", unless `profile` is given')
        if self.profile and self.endpoints is None:
            raise _refuse("without ID tokens there is no discovery: give the endpoints")
        if self.extra.keys() & _OURS:
            raise _refuse(f"`extra` cannot replace {', '.join(sorted(self.extra.keys() & _OURS))}")
        self.check(self.issuer)
        if "?" in self.issuer:
            raise _refuse("the issuer has no query")
        for address in self._addresses():
            self.check(address)

    @property
    def is_openid(self) -> bool:
        """Whether it gives ID tokens."""
        return not self.profile

    def check(self, address: str) -> str:
        """Return an address that may be this provider's. Raises `ConfigError`."""
        return check_address(address, unsafe_loopback_http=self.unsafe_loopback_http)

    def discover(self, sender: HttpSender) -> Endpoints:
        """Read the published metadata. Raises `ProviderDownError` when there is none that fits this issuer."""
        if self.endpoints is not None:
            return self.endpoints
        reply = sender.send(HttpRequest(url=self.issuer.rstrip("/") + "/.well-known/openid-configuration"))
        if reply.status != 200:
            raise ProviderDownError(f"discovery: status {reply.status}")
        document = reply.read_json()
        if document.get("issuer") != self.issuer:
            raise ProviderDownError("discovery: the document is of another issuer")
        _check_abilities(document)
        return self._read_endpoints(document)

    def _read_endpoints(self, document: Mapping[str, Any]) -> Endpoints:
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "revocation_endpoint", "end_session_endpoint")
        found = [document.get(name) or "" for name in names]
        try:
            checked = [self.check(address) if address else "" for address in map(str, found)]
        except ConfigError as error:
            raise ProviderDownError(f"discovery: {error.message}") from None
        if not all(checked[:3]):
            raise ProviderDownError("discovery: an endpoint is missing")
        names_issuer = document.get("authorization_response_iss_parameter_supported") is True
        return Endpoints(
            authorization=checked[0],
            token=checked[1],
            jwks=checked[2],
            revocation=checked[3],
            end_session=checked[4],
            names_issuer=names_issuer,
        )

    def _addresses(self) -> list[str]:
        places = self.endpoints
        if places is None:
            return []
        if self.is_openid and not places.jwks:
            raise _refuse("the address of its keys is missing")
        optional = (places.jwks, places.revocation, places.end_session, self.profile)
        return [places.authorization, places.token, *filter(None, optional)]


def _check_abilities(document: Mapping[str, Any]) -> None:
    """Refuse a provider that says it cannot do what we rely on; silence is no refusal."""
    for name, needed in (("response_types_supported", "code"), ("code_challenge_methods_supported", "S256")):
        told = document.get(name, [needed])
        if not isinstance(told, list) or needed not in told:
            raise ProviderDownError(f"discovery: {name} lacks {needed}")


def _refuse(what: str) -> ConfigError:
    return ConfigError(f"provider: {what}.", code="oauth-provider")
