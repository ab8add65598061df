"""Reset and change a password: what was signed in ends, the owner is told, and nobody is logged in by it (ASVS 6.4)."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.authentication.lifecycle.desk import AccountDesk, AccountGoneError, LinkRefusedError
from vallum.guard.authentication.lifecycle.links import EMAIL_PROOF, PASSWORD_RESET
from vallum.guard.authentication.lifecycle.registration import REPLY
from vallum.guard.authentication.login import Login
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.names import canonical_email
from vallum.guard.logging.vocabulary import PasswordChanged, note_event
from vallum.stores.accounts import AccountFields, AccountRecord

KEEPS: Final = ("password-reset-token",)
QUARTER: Final = 900
_LONGEST: Final = 3600


@dataclass(frozen=True, kw_only=True)
class PasswordReset:
    """Two steps: `begin` mails a link with 32 random bytes, of which the digest is stored; `confirm` sets the password.

    A link lives 15 minutes, at most an hour, works once, and dies with a newer one and with a change of the password.
    """

    desk: AccountDesk
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("password-reset"))
    seconds: int = QUARTER

    def __post_init__(self) -> None:
        """Raise `ConfigError` for a link that lives longer than an hour."""
        if not 0 < self.seconds <= _LONGEST:
            raise ConfigError("a reset link lives at most an hour.", hint="Leave `seconds` out.", code="reset-lifetime")

    def begin(self, email: str, *, client: str | None = None) -> str:
        """Mail a link if `email` is the proved address of an account; return the sentence that is always the same.

        Any other address gets a mail as well, which says that there is nothing to reset, and an unproved one gets its
        proof. Nothing is looked up before the answer. Raises `NameRefusedError` (400) and `RateLimitedError` (429).
        """
        address = canonical_email(email)
        self.limits.take_now(address, client=client)
        self.desk.jobs.add(partial(self._carry_on, address))
        return REPLY

    def look(self, secret: str) -> None:
        """For the page behind the link: uses nothing up. Raises `LinkRefusedError` (400)."""
        self.desk.look(PASSWORD_RESET, secret)

    def confirm(self, secret: str, password: str, *, client: str | None = None) -> AccountRecord:
        """Set the password, by POST; end sessions, tokens, links and the lock of the account; tell its owner.

        A weak password does not use the link up. Raises `LinkRefusedError` (400), `WeakPasswordError` (422),
        `RateLimitedError` (429) and `HashingBusyError` (503).
        """
        desk = self.desk
        self.limits.take_now(secret, client=client)
        proof = desk.look(PASSWORD_RESET, secret)
        account = desk.accounts.find(proof.account_id)
        if account is None:
            raise LinkRefusedError("the account is gone")
        stored = desk.hash(password, account.login, account.email)
        proof = desk.consume(PASSWORD_RESET, secret)

        def reset(found: AccountRecord) -> AccountFields | None:
            return {"password": stored} if found.is_active and found.email == proof.value else None

        try:
            account = desk.change(proof.account_id, reset, bump=True)
        except AccountGoneError:
            raise LinkRefusedError("disabled, or the address is another one now") from None
        if desk.lockout is not None:
            desk.lockout.clear(account.id)
        _conclude(desk, account)
        return account

    def _carry_on(self, address: str) -> None:
        account = self.desk.accounts.find_email(address)
        if account is None or not account.is_active:
            self.desk.send("password-reset-unknown", address)
        elif account.email_proved is None:
            self.desk.send_link(EMAIL_PROOF, account.email, self.seconds, account_id=account.id)
        else:
            self.desk.send_link(PASSWORD_RESET, account.email, self.seconds, account_id=account.id)


@dataclass(frozen=True, kw_only=True)
class PasswordChange:
    """Changes the password of somebody who is signed in and proves the old one."""

    desk: AccountDesk
    login: Login

    def change(
        self, account: AccountRecord, old: str, new: str, *, keep: bytes | None = None, client: str | None = None
    ) -> AccountRecord:
        """Set the password; end every session but the one under the digest `keep`, every token and every link.

        The account's epoch has moved: renew the kept session under the account that is returned. Raises what
        `Login.verify` raises for the old password, and `WeakPasswordError` (422) for the new one.
        """
        self.login.verify(account, old, client=client)
        stored = self.desk.hash(new, account.login, account.email)

        def alter(found: AccountRecord) -> AccountFields | None:
            return {"password": stored} if found.is_active and found.epoch == account.epoch else None

        changed = self.desk.change(account.id, alter, bump=True)
        _conclude(self.desk, changed, keep=keep)
        return changed


def _conclude(desk: AccountDesk, account: AccountRecord, *, keep: bytes | None = None) -> None:
    desk.end_all(account.id, but=keep)
    note_event(PasswordChanged(account=account.id))
    desk.notify("password-changed", account.email)
