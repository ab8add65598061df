"""Logout at the provider, and logout that the provider tells us of (RP-Initiated and Back-Channel Logout 1.0).

    leave_provider(CLIENT, "corporate", back="/")                     # redirect there after sign_out()
    BACK_CHANNEL.accept("corporate", token)                           # POST from the provider: 200, or 400

A logout token is signed by the provider's keys, is of type logout, is not an ID token, is for us, is at most two
minutes old and works once. Then every session, refresh token and stored grant of the subject's account ends.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from urllib.parse import quote, urlencode

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.guard.oauth.client import OAuthClient
from vallum.guard.oauth.id_token import LEEWAY, read_subject
from vallum.guard.oauth.redirect_uris import build_redirect
from vallum.guard.oauth.refusals import SignInRefusedError
from vallum.stores.links import LinkStore
from vallum.stores.proofs import ProofRecord, ProofStore
from vallum.stores.sessions import SessionStore

PURPOSE: Final = "oauth-logout"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_OLDEST: Final = 120.0
_KEPT: Final = 1800.0
_LONGEST_ID: Final = 255


def leave_provider(client: OAuthClient, name: str, *, back: str = "", id_token: str = "") -> str | None:
    """The address that ends the session at the provider too; None if it has none. End your own session first.

    `back` is a path of this app, registered with the provider as the place to come back to. Raises `ConfigError` for
    what is no plain path.
    """
    connection = client.connection(name)
    address = connection.published.read().end_session
    if not address:
        return None
    query = {"client_id": connection.provider.client_id}
    if id_token:
        query["id_token_hint"] = id_token
    if back:
        query["post_logout_redirect_uri"] = (
            f"{client.origin}/"
            if back == "/"
            else build_redirect(client.origin, back, unsafe_loopback_http=client.is_plain)
        )
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query, quote_via=quote)}"


@dataclass(frozen=True, kw_only=True)
class BackChannelLogout:
    """The endpoint that providers call. `also_end` is told the account, to end its refresh tokens and grants."""

    client: OAuthClient
    links: LinkStore
    sessions: SessionStore
    proofs: ProofStore
    also_end: Callable[[str], object] | None = None
    clock: Clock = SYSTEM_CLOCK

    def accept(self, name: str, token: str) -> str | None:
        """End all sessions of the account that a logout token names; return its id, None if it has no account here.

        Raises `SignInRefusedError` (400) for a token that is not accepted, and for one that came before; the log is
        told why. Answer 200 or 400 with `Cache-Control: no-store`.
        """
        id_tokens = self.client.connection(name).id_tokens
        claims = id_tokens.read(token, kinds=("logout+jwt", None, "JWT"))
        self._check_claims(claims)
        subject = read_subject(claims)
        self._use_once(id_tokens.provider.issuer, claims["jti"])
        link = self.links.find(id_tokens.provider.issuer, subject)
        if link is None:
            return None
        self.sessions.delete_actor(link.account_id)
        if self.also_end is not None:
            self.also_end(link.account_id)
        return link.account_id

    def _check_claims(self, claims: dict[str, Any]) -> None:
        events, identity = claims.get("events"), claims.get("jti")
        if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
            _refuse("events")
        if "nonce" in claims:
            _refuse("nonce")
        if not isinstance(identity, str) or not 0 < len(identity) <= _LONGEST_ID:
            _refuse("jti")
        if self.clock() - float(claims["iat"]) > _OLDEST + LEEWAY:
            _refuse("iat")

    def _use_once(self, issuer: str, identity: str) -> None:
        now = self.clock()
        digest = hashlib.sha256(f"{PURPOSE}\0{issuer}\0{identity}".encode("utf-8", "surrogatepass")).digest()
        record = ProofRecord(digest=digest, purpose=PURPOSE, created=now, deadline=now + _KEPT)
        if not self.proofs.put(record):
            _refuse("used already")


def _refuse(what: str) -> NoReturn:
    raise SignInRefusedError(f"logout-token: {what}")
