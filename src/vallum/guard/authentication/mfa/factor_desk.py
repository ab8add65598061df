"""What all second factors share: who may change one, what a change ends, and when one is due."""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vallum.base.errors import ConfigError
from vallum.base.randomness import token
from vallum.crypto.seal.ring import SealRing
from vallum.guard.authentication.lifecycle.desk import AccountDesk
from vallum.guard.authentication.mfa.step_up import LoginRequiredError, RecentFactor, RecentLogin
from vallum.guard.errors.public import NotFoundError, PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.logging.vocabulary import SecondFactorChanged, note_event
from vallum.stores.accounts import AccountRecord
from vallum.stores.factors import FactorKind, FactorRecord, FactorStore
from vallum.stores.sessions import SessionRecord

STRONG: Final[frozenset[FactorKind]] = frozenset({"totp", "passkey", "email"})
"""The kinds that make a second factor due; recovery codes only stand in for one."""
MOST_FACTORS: Final = 20
_LONGEST_NAME: Final = 64


class CodeRefusedError(PublicError):
    """A code that does not prove the new factor: wrong, used, or for a factor that waited too long (400)."""

    refusal: ClassVar[Refusal] = Refusal(400, "code-refused", "The code is not right. Enter the one that is shown now.")
    status = 400


class FactorLimitError(PublicError):
    """The account has as many factors as it may have (409)."""

    refusal: ClassVar[Refusal] = Refusal(409, "too-many-factors", "Remove a factor before you add another one.")
    status = 409


@dataclass(frozen=True, kw_only=True)
class FactorDesk:
    """Build one at import and hand it to each kind of factor.

    `ring` seals the secrets: its keys come from outside of the database. `issuer` is the name that apps show. Changing
    a factor needs a proof of the last `recent.seconds`: of a second factor once the account has one, of the login
    before.
    """

    desk: AccountDesk
    factors: FactorStore
    ring: SealRing
    issuer: str
    recent: RecentLogin = field(default_factory=RecentLogin)

    def __post_init__(self) -> None:
        """Raise `ConfigError` for an issuer that an app cannot show, and for a check that leaves roles out."""
        if not self.issuer or ":" in self.issuer or not self.issuer.isprintable() or self.recent.roles:
            raise ConfigError("factors need a plain issuer, and a RecentLogin without roles.", code="factor-desk")

    def list(self, account_id: str) -> "list[FactorRecord]":
        """The active factors of an account, oldest first. Never show their `secret`."""
        return [one for one in self.factors.list_account(account_id) if one.state == "active"]

    def is_due(self, account: AccountRecord) -> bool:
        """Tell whether a password is not enough for `account`: for `Login(needs_factor=desk.is_due)`."""
        return any(one.kind in STRONG for one in self.list(account.id))

    def demand(self, account: AccountRecord, session: SessionRecord | None) -> None:
        """Raise the challenge (403) unless `session`, `current().record`, is this account's and freshly proved."""
        if session is None or session.actor_id != account.id:
            raise LoginRequiredError("the session is not the account's")
        recent = RecentFactor(seconds=self.recent.seconds) if self.is_due(account) else self.recent
        recent.judge(session, self.desk.clock())

    def remove(self, account: AccountRecord, session: SessionRecord | None, factor_id: str) -> None:
        """Remove a factor; with the last one the recovery codes go too. Raises `NotFoundError` and the challenge."""
        self.demand(account, session)
        if not self.factors.remove(factor_id, account.id):
            raise NotFoundError("no such factor of this account")
        if not self.is_due(account):
            self.factors.replace(account.id, "recovery", ())
        self.conclude(account, session, change="removed", letter="factor-removed")

    def reserve(self, account: AccountRecord, session: SessionRecord | None, name: str) -> str:
        """Demand a fresh proof and a place for one more factor; return the name as it is kept."""
        self.demand(account, session)
        if len(self.factors.list_account(account.id)) >= MOST_FACTORS + _RECOVERY_PLACES:
            raise FactorLimitError("too many factors")
        return "".join(sign for sign in name if sign.isprintable())[:_LONGEST_NAME]

    def conclude(self, account: AccountRecord, session: SessionRecord | None, *, change: str, letter: str) -> None:
        """End every other session, token and link of the account, log the change and tell the owner."""
        self.desk.end_all(account.id, but=session.digest if session is not None else None)
        note_event(SecondFactorChanged(account=account.id, change=change))
        self.desk.notify(letter, account.email)

    def new_id(self) -> str:
        """An id for a new factor."""
        return token(16, randomness=self.desk.randomness)


_RECOVERY_PLACES: Final = 10
