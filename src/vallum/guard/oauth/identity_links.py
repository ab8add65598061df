"""Which account a federated identity belongs to: found by issuer and subject, linked by proof on both sides.

An address from a provider links nothing, verified or not. Who has an account already signs in to it first, and then
proves the other identity, in one browser and within minutes. Sources: OpenID Connect Core section 5.7, ASVS 10.5.2,
6.8.1; CWE-287.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.compare import equal
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.logging.events import Level
from vallum.guard.oauth.client import Arrival, Departure, OAuthClient
from vallum.guard.oauth.id_token import FederatedIdentity
from vallum.stores.links import LinkRecord, LinkStore

RECENT: Final = 300.0


class LinkIdentityError(PublicError):
    """The identity is not linked (409): the same answer whether it is another account's or a proof is missing."""

    refusal: ClassVar[Refusal] = Refusal(409, "identity-not-linked", "This sign-in cannot be linked to your account.")
    level: ClassVar[Level] = Level.WARNING


class RecentLoginError(PublicError):
    """The login is too long ago to change how somebody signs in (403)."""

    refusal: ClassVar[Refusal] = Refusal(403, "recent-login-required", "Please sign in again to do this.")


@dataclass(frozen=True, kw_only=True)
class IdentityLinks:
    """The links of one app."""

    store: LinkStore
    clock: Clock = SYSTEM_CLOCK
    recent_seconds: float = RECENT

    def find_account(self, identity: FederatedIdentity) -> str | None:
        """The id of the account, None if there is none yet."""
        record = self.store.find(identity.issuer, identity.subject)
        return None if record is None else record.account_id

    def admit(self, arrival: Arrival, create: Callable[[FederatedIdentity], str]) -> str:
        """Return the account of a sign-in, and make one by `create` when the identity is new.

        `create` makes a new account and returns its id; where the address is taken it raises an error of its own, and
        never returns an account that exists. Raises `LinkIdentityError` for an arrival that was begun as a link.
        """
        if arrival.account_id:
            raise LinkIdentityError("this was begun to link an identity, not to sign in")
        found = self.find_account(arrival.identity)
        if found is not None:
            return found
        created = create(arrival.identity)
        if self._link(arrival.identity, created):
            return created
        winner = self.find_account(arrival.identity)
        if winner is None:
            raise LinkIdentityError("linked and unlinked by others at the same time")
        return winner

    def begin(
        self, client: OAuthClient, name: str, *, account_id: str, proved_at: float, browser: str = ""
    ) -> Departure:
        """Begin to link: `account_id` is whose session it is, `proved_at` when she last proved who she is.

        Raises `RecentLoginError` (403) when that is more than 5 minutes ago.
        """
        if not account_id or not 0 <= self.clock() - proved_at <= self.recent_seconds:
            raise RecentLoginError("the last proof of identity is too old")
        return client.begin(name, browser=browser, account_id=account_id)

    def link(self, arrival: Arrival, *, account_id: str) -> None:
        """Link what came back to the account that began it, whose session must still be the same.

        Raises `LinkIdentityError` (409) for another session, and for an identity that another account has.
        """
        if not account_id or not equal(arrival.account_id, account_id):
            raise LinkIdentityError("the session is not the one that began the link")
        if not self._link(arrival.identity, account_id) and self.find_account(arrival.identity) != account_id:
            raise LinkIdentityError("the identity belongs to another account")

    def confirm(self, arrival: Arrival, *, account_id: str) -> None:
        """For a step-up: raise `LinkIdentityError` unless the identity that came back is one of this very account."""
        if not account_id or self.find_account(arrival.identity) != account_id:
            raise LinkIdentityError("the identity is not one of this account")

    def unlink(self, identity: FederatedIdentity, *, account_id: str, has_other_way: bool) -> bool:
        """Remove a link; False if there is none. Without another way to sign in the last link stays (409)."""
        if not has_other_way and len(self.store.list_account(account_id)) < 2:
            raise LinkIdentityError("it is the only way to sign in")
        return self.store.unlink(identity.issuer, identity.subject, account_id)

    def _link(self, identity: FederatedIdentity, account_id: str) -> bool:
        record = LinkRecord(
            issuer=identity.issuer,
            subject=identity.subject,
            account_id=account_id,
            email=identity.email,
            created=self.clock(),
        )
        return self.store.link(record)
