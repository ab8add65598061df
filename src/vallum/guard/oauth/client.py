"""Sign in with other providers: the authorization code flow and no other, with PKCE, state and nonce.

    CLIENT = OAuthClient([google(ID, SECRETS.google)], origin="https://app.example.org", store=PROOFS, sender=SENDER)

    departure = CLIENT.begin("google", browser=cookie)      # redirect to departure.url, keep departure.browser
    CLIENT.look("google", query, browser=cookie)            # the callback, a GET: shows a page, uses nothing up
    arrival = CLIENT.finish("google", query, browser=cookie)  # a POST of that page: arrival.identity is proved

Everything is sync; an event loop calls it in a thread, as `vallum.guard.oauth.starlette` does. Sources: RFC 6749
section 4.1, RFC 9700 sections 2.1 and 4.4, RFC 9207; ASVS 10.2.3, 10.4.4, 10.6.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.guard.errors.public import NotFoundError
from vallum.guard.oauth.id_token import FederatedIdentity, IdTokens, IssuerKeys
from vallum.guard.oauth.pkce import METHOD
from vallum.guard.oauth.provider import Endpoints, Provider
from vallum.guard.oauth.redirect_uris import build_redirect
from vallum.guard.oauth.refusals import ProviderDownError, SignInRefusedError
from vallum.guard.oauth.remembered import Remembered
from vallum.guard.oauth.state import Pending, Transactions
from vallum.guard.oauth.token_endpoint import ProviderTokens, request_tokens
from vallum.guard.oauth.transport import HttpRequest, HttpSender
from vallum.stores.proofs import ProofStore

KEEPS: Final = ("oauth-code-flow",)
_HOUR: Final = 3600.0
_DAY: Final = 86_400.0
_READ: Final = frozenset({"state", "code", "iss", "error"})
_REFUSED: Final = frozenset({"access_token", "id_token"})
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where to send the browser, and what its cookie holds from now on."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A sign-in that succeeded. `account_id` is who began it in order to link the identity, "" at a sign-in."""

    provider: str
    identity: FederatedIdentity
    tokens: ProviderTokens
    account_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A provider with what it has published so far."""

    provider: Provider
    redirect_uri: str
    published: Remembered[Endpoints]
    id_tokens: IdTokens


class OAuthClient:
    """The providers of one app. Build it once; it asks nobody anything until the first sign-in."""

    def __init__(
        self,
        providers: Sequence[Provider],
        *,
        origin: str,
        store: ProofStore,
        sender: HttpSender,
        path: str = "/login",
        clock: Clock = SYSTEM_CLOCK,
        unsafe_loopback_http: bool = False,
    ) -> None:
        """Redirect URIs are `origin` + `path` + `/NAME/callback`: register exactly those with each provider.

        `unsafe_loopback_http` allows an `origin` such as `http://localhost:8000` in development. Raises `ConfigError`
        for two providers of one name or one issuer.
        """
        names, issuers = {provider.name for provider in providers}, {provider.issuer for provider in providers}
        if not providers or len(names) < len(providers) or len(issuers) < len(providers):
            raise ConfigError("each provider has its own name and issuer.", code="oauth-providers")
        self.origin = origin
        self.path = path
        self.sender = sender
        self.transactions = Transactions(store=store, clock=clock)
        self.is_plain = unsafe_loopback_http and origin.startswith("http:")
        self._clock = clock
        self._connections = {
            provider.name: self._connect(
                provider,
                build_redirect(origin, f"{path}/{provider.name}/callback", unsafe_loopback_http=unsafe_loopback_http),
            )
            for provider in providers
        }

    def connection(self, name: str) -> Connection:
        """The provider of this name. Raises `NotFoundError` (404)."""
        found = self._connections.get(name)
        if found is None:
            raise NotFoundError("no provider of this name")
        return found

    def begin(self, name: str, *, browser: str = "", account_id: str = "") -> Departure:
        """Begin a sign-in; `browser` is what the cookie holds, "" if there is none. `account_id`: see `IdentityLinks`.

        Raises `NotFoundError` (404) and `ProviderDownError` (503).
        """
        connection = self.connection(name)
        address = connection.published.read().authorization
        pending = self.transactions.begin(name, browser=browser, account_id=account_id)
        query = urlencode(_describe_request(connection, pending), quote_via=quote)
        return Departure(url=f"{address}{'&' if '?' in address else '?'}{query}", browser=pending.browser)

    def look(self, name: str, query: str, *, browser: str) -> None:
        """Raise `SignInRefusedError` (400) for a callback that `finish` would refuse at once. Uses nothing up."""
        self.connection(name)
        self.transactions.look(name, _read_query(query).get("state", ""), browser)

    def finish(self, name: str, query: str, *, browser: str) -> Arrival:
        """Finish a sign-in with the query string of the callback: use up the state, exchange the code, prove who it is.

        Raises `SignInRefusedError` (400, one answer for all causes; the log is told which) and `ProviderDownError`.
        """
        connection, answer = self.connection(name), _read_query(query)
        pending = self.transactions.consume(name, answer.get("state", ""), browser)
        endpoints = connection.published.read()
        _check_issuer(connection.provider, endpoints, answer)
        if "error" in answer:
            raise SignInRefusedError(f"provider-refused: {answer['error'][:64]!a}")
        if not answer.get("code") or len(answer["code"]) > _LONGEST:
            raise SignInRefusedError("code-missing: the callback has no code")
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": connection.redirect_uri,
            "code_verifier": pending.pkce.verifier,
        }
        tokens = request_tokens(self.sender, connection.provider, endpoints.token, form)
        identity = self._identify(connection, pending, tokens)
        return Arrival(provider=name, identity=identity, tokens=tokens, account_id=pending.account_id)

    def _identify(self, connection: Connection, pending: Pending, tokens: ProviderTokens) -> FederatedIdentity:
        access = tokens.access_token.reveal()
        if not connection.provider.is_openid:
            return _ask_profile(self.sender, connection.provider, access)
        if not tokens.id_token:
            raise SignInRefusedError("id-token: missing")
        return connection.id_tokens.verify(tokens.id_token, nonce=pending.nonce, access_token=access)

    def _connect(self, provider: Provider, redirect_uri: str) -> Connection:
        def discover() -> Endpoints:
            return provider.discover(self.sender)

        published = Remembered(discover, fresh=_HOUR, stale=_DAY, clock=self._clock)
        keys = IssuerKeys(published.read, self.sender, clock=self._clock)
        id_tokens = IdTokens(provider=provider, keys=keys, clock=self._clock)
        return Connection(provider=provider, redirect_uri=redirect_uri, published=published, id_tokens=id_tokens)


def _describe_request(connection: Connection, pending: Pending) -> dict[str, str]:
    provider = connection.provider
    scope = {"scope": " ".join(provider.scopes)} if provider.scopes else {}
    nonce = {"nonce": pending.nonce} if provider.is_openid else {}
    return {
        **provider.extra,
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": connection.redirect_uri,
        **scope,
        "state": pending.state,
        **nonce,
        "code_challenge": pending.pkce.challenge,
        "code_challenge_method": METHOD,
    }


def _read_query(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError:
        raise SignInRefusedError("callback-malformed: the query string cannot be read") from None
    answer: dict[str, str] = {}
    for name, value in pairs:
        if name in _REFUSED:
            raise SignInRefusedError("callback-tokens: tokens came through the browser, which nobody asked for")
        if name in answer:
            raise SignInRefusedError(f"callback-malformed: {name} stands twice")
        if name in _READ:
            answer[name] = value
    return answer


def _check_issuer(provider: Provider, endpoints: Endpoints, answer: dict[str, str]) -> None:
    told = answer.get("iss")
    if told is None and endpoints.names_issuer:
        raise SignInRefusedError("issuer-missing: the callback does not name its issuer, though this one always does")
    if told is not None and told != provider.issuer:
        raise SignInRefusedError("issuer-mixed-up: the callback is of another issuer")


def _ask_profile(sender: HttpSender, provider: Provider, access_token: str) -> FederatedIdentity:
    """Whose token it is. It came for our own code, over TLS from the token endpoint, so it is nobody else's."""
    headers = {"authorization": f"Bearer {access_token}"}
    reply = sender.send(HttpRequest(url=provider.profile, headers=headers))
    if reply.status != 200:
        raise ProviderDownError(f"profile: status {reply.status}")
    answer = reply.read_json()
    subject = answer.get("id")
    if isinstance(subject, bool) or not isinstance(subject, int) or subject <= 0:
        raise SignInRefusedError("profile: no id")
    name = answer.get("login")
    return FederatedIdentity(issuer=provider.issuer, subject=str(subject), name=name if isinstance(name, str) else "")
