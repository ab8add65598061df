"""Refresh tokens of other providers: sealed in the store, replaced at every use, one refresh at a time for each.

    GRANTS = Grants(client=CLIENT, store=SqlGrants(DATABASE), box=BOX)
    GRANTS.keep(account_id, arrival)                       # after a sign-in with a scope that gives a refresh token
    GRANTS.access_token(account_id, "google").reveal()     # for the provider's API, with `BoundToken`
    GRANTS.disconnect(account_id, "google")                # drops it here and revokes it there

Sources: RFC 6749 section 6, RFC 7009, RFC 9700 section 4.14; CWE-522, CWE-613; ASVS 10.4.5.
"""

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.secret import Secret
from vallum.guard.crypto.sealing import SealedBox
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.oauth.client import Arrival, Connection, OAuthClient
from vallum.guard.oauth.token_endpoint import (
    INVALID_GRANT,
    ProviderTokens,
    TokenEndpointError,
    request_tokens,
    revoke_token,
)
from vallum.stores.grants import GrantRecord, GrantStore

KEEPS: Final = ("oauth-refresh-rotation",)
_EARLY: Final = 60.0
_BUSY: Final = 30.0
_UNTOLD: Final = 300
"""How long an access token is used whose life the provider does not tell."""


class GrantEndedError(PublicError):
    """There is no grant any more (401): the user signs in with the provider again."""

    refusal: ClassVar[Refusal] = Refusal(401, "sign-in-again", "Please sign in with this provider again.")


class GrantBusyError(PublicError):
    """Another request refreshes this grant right now (503)."""

    refusal: ClassVar[Refusal] = Refusal(
        503, "try-again", "Please try again in a moment.", headers=[(b"retry-after", b"1")]
    )


@dataclass(frozen=True, kw_only=True)
class Grants:
    """The grants of one app."""

    client: OAuthClient
    store: GrantStore
    box: SealedBox
    clock: Clock = SYSTEM_CLOCK

    def keep(self, account_id: str, arrival: Arrival) -> bool:
        """Store the refresh token of a sign-in instead of an older one; False if the provider gave none."""
        issuer = self.client.connection(arrival.provider).provider.issuer
        if arrival.tokens.refresh_token is None:
            return False
        sealed = self._seal(account_id, issuer, arrival.tokens, arrival.tokens.refresh_token)
        self.store.drop(account_id, issuer)
        return self.store.add(GrantRecord(account_id=account_id, issuer=issuer, sealed=sealed))

    def access_token(self, account_id: str, name: str) -> Secret[str]:
        """Return an access token that is good for a minute at least, refreshed if need be.

        Raises `GrantEndedError` (401) when there is no grant or the provider ended it, which drops it;
        `GrantBusyError` (503) while another request refreshes it, and `ProviderDownError` (503), which keeps it.
        """
        connection = self.client.connection(name)
        issuer, now = connection.provider.issuer, self.clock()
        record = self.store.find(account_id, issuer)
        if record is None:
            raise GrantEndedError("no grant")
        held = self._open(record)
        if now < held["until"] - _EARLY:
            return Secret(held["access"])
        if self.store.claim(account_id, issuer, record.version, now, now + _BUSY):
            return self._refresh(connection, record, Secret(held["refresh"]))
        if now < held["until"]:
            return Secret(held["access"])
        raise GrantBusyError("refreshed by another request")

    def disconnect(self, account_id: str, name: str) -> bool:
        """Drop the grant and ask the provider to revoke it; False if there was none or the provider did not say so."""
        connection = self.client.connection(name)
        record = self.store.find(account_id, connection.provider.issuer)
        if record is None or not self.store.drop(account_id, connection.provider.issuer):
            return False
        address = connection.published.read().revocation
        refresh = Secret(str(self._open(record)["refresh"]))
        return bool(address) and revoke_token(self.client.sender, connection.provider, address, refresh)

    def _refresh(self, connection: Connection, record: GrantRecord, refresh: Secret[str]) -> Secret[str]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh.reveal()}
        address = connection.published.read().token
        try:
            tokens = request_tokens(self.client.sender, connection.provider, address, form)
        except TokenEndpointError as error:
            if error.word != INVALID_GRANT:
                raise
            self.store.drop(record.account_id, record.issuer, record.version)
            raise GrantEndedError("the provider ended the grant") from None
        sealed = self._seal(record.account_id, record.issuer, tokens, tokens.refresh_token or refresh)
        if not self.store.replace(record.account_id, record.issuer, record.version, sealed):
            raise GrantEndedError("disconnected meanwhile")
        return tokens.access_token

    def _seal(self, account_id: str, issuer: str, tokens: ProviderTokens, refresh: Secret[str]) -> str:
        until = self.clock() + (tokens.expires_in if tokens.expires_in is not None else _UNTOLD)
        held = {"access": tokens.access_token.reveal(), "refresh": refresh.reveal(), "until": until}
        return self.box.encrypt_text(json.dumps(held), context=_describe(account_id, issuer))

    def _open(self, record: GrantRecord) -> dict[str, Any]:
        opened = self.box.decrypt_text(record.sealed, context=_describe(record.account_id, record.issuer))
        held: dict[str, Any] = json.loads(opened)
        return held


def _describe(account_id: str, issuer: str) -> str:
    return f"oauth-grant:{json.dumps([account_id, issuer])}"
