"""End access tokens before their time: one by its id, all of a login, or all of an account (ASVS 7.4.1, 7.4.2, 8.3.2).

    REVOCATION = Revocation(store=SqlRevocations(...))
    TOKENS = AccessTokens(key=..., issuer=..., audience=..., revoked=REVOCATION)

    token = TOKENS.issue(account.id, epoch=account.epoch)      # the epoch is required: a token without one is refused
    REVOCATION.end_token(claims)                               # logout
    end_account(accounts, account.id)                          # password, factor or role changed, account disabled

An account has an epoch, a number that each of its tokens carries. Raising it ends all of them at once, without a list.
A store that cannot answer lets no token in.
"""

from dataclasses import dataclass
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.crypto.jwt.claims import LONGEST_LIFE, MOST_LEEWAY, Claims
from vallum.stores.accounts import AccountStore
from vallum.stores.revocations import RevocationStore

KEEPS: Final = ("jwt-revocation",)
WEEK: Final = 7 * 24 * 3600
"""Seconds that a login can be renewed by refresh tokens."""
LONGEST: Final = WEEK + LONGEST_LIFE + MOST_LEEWAY
"""Seconds after which the last token of a login has ended by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """The deny list and the epochs, asked for each token: give it to `AccessTokens(revoked=...)`."""

    store: RevocationStore
    clock: Clock = SYSTEM_CLOCK

    def __call__(self, claims: Claims) -> bool:
        """Tell whether the token, its login or its account has ended. Raises what the store raises."""
        now = self.clock()
        standing = self.store.read(claims.token_id, claims.subject, now)
        if standing.is_revoked or standing.epoch is None or claims.epoch != standing.epoch:
            return True
        return bool(claims.session) and self.store.is_revoked(name_session(claims.session), now)

    def end_token(self, claims: Claims) -> None:
        """Refuse this token from now on, and every other of the same login."""
        now = self.clock()
        self.store.revoke(claims.token_id, claims.expires + MOST_LEEWAY, now)
        if claims.session:
            self.end_session(claims.session)

    def end_session(self, session: str) -> None:
        """Refuse every token of a login from now on, refresh tokens as well."""
        now = self.clock()
        self.store.revoke(name_session(session), now + LONGEST, now)


def end_account(accounts: AccountStore, account_id: str) -> bool:
    """Raise the epoch of an account, which ends its tokens and sessions; False if there is no such account.

    Where something else of the account changes too, pass `bump=True` to that change instead.
    """
    while (account := accounts.find(account_id)) is not None:
        if accounts.change(account_id, account.version, bump=True):
            return True
    return False


def name_session(session: str) -> str:
    """Return the name under which a login stands in the deny list, apart from the ids of tokens."""
    return f"sid:{session}"
