"""Disable, enable, give rights to, export and delete an account; with each loss its sessions end."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from vallum.guard.authentication.lifecycle.desk import AccountDesk, AccountGoneError
from vallum.guard.logging.vocabulary import AccountDeleted, AdminActed, RolesChanged, note_event
from vallum.stores.accounts import AccountFields, AccountRecord
from vallum.stores.sessions import Json

_NONE: Final[Mapping[str, Callable[[str], Json]]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class AccountCare:
    """For administrators, on routes that only they reach.

    Each raises `AccountGoneError` (409) for an account that is not there.
    """

    desk: AccountDesk

    def disable(self, account_id: str) -> AccountRecord:
        """Let nobody in as this account any more; what is signed in ends now."""
        account = self.desk.change(account_id, lambda _: {"is_active": False}, bump=True)
        self._conclude(account, "disable", "account-disabled")
        return account

    def enable(self, account_id: str) -> AccountRecord:
        """Let the account in again, with the password that it had."""
        account = self.desk.change(account_id, lambda _: {"is_active": True})
        note_event(AdminActed(action="enable", subject=account.id))
        self.desk.notify("account-enabled", account.email)
        return account

    def unlock(self, account_id: str) -> None:
        """End the lock that failed logins have brought."""
        if self.desk.lockout is not None:
            self.desk.lockout.clear(account_id)
        note_event(AdminActed(action="unlock", subject=account_id))

    def set_roles(self, account_id: str, roles: Iterable[str]) -> AccountRecord:
        """Give the account exactly these roles. Its sessions carry the old ones and end."""
        wanted = tuple(dict.fromkeys(roles))
        before: list[tuple[str, ...]] = []

        def alter(account: AccountRecord) -> AccountFields:
            before.append(account.roles)
            return {"roles": wanted}

        account = self.desk.change(account_id, alter, bump=True)
        note_event(RolesChanged(account=account.id, before=" ".join(before[-1]), after=" ".join(wanted)))
        self._conclude(account, "set-roles", "roles-changed")
        return account

    def _conclude(self, account: AccountRecord, action: str, letter: str) -> None:
        self.desk.end_all(account.id)
        note_event(AdminActed(action=action, subject=account.id))
        self.desk.notify(letter, account.email)


@dataclass(frozen=True, kw_only=True)
class AccountClosing:
    """For the owner, behind a recent login, and for administrators.

    `sources` bring what the app and its other stores keep of an account, by name, for the export; `erasers` remove it.
    They run before the account goes, so that one that fails can be tried again.
    """

    desk: AccountDesk
    sources: Mapping[str, Callable[[str], Json]] = field(default_factory=lambda: _NONE)
    erasers: tuple[Callable[[str], object], ...] = ()

    def export(self, account_id: str) -> dict[str, Json]:
        """All that is kept of an account, for its owner: no hash and no secret (GDPR, article 20).

        Raises `AccountGoneError` (409).
        """
        account = self.desk.accounts.find(account_id)
        if account is None:
            raise AccountGoneError("not there")
        own: dict[str, Json] = {
            "id": account.id,
            "login": account.login,
            "email": account.email,
            "email_proved": account.email_proved,
            "roles": list(account.roles),
            "is_active": account.is_active,
            "created": account.created,
        }
        sessions = self.desk.sessions
        devices: list[Json] = [
            {"created": one.created, "seen": one.seen, "address": one.address, "agent": one.agent}
            for one in (sessions.list_actor(account_id, self.desk.clock()) if sessions is not None else ())
        ]
        more = {name: source(account_id) for name, source in self.sources.items()}
        return {"account": own, "sessions": devices, **more}

    def delete(self, account_id: str) -> None:
        """Let nobody in as this account, then remove it and all that is known of it. Raises `AccountGoneError`."""
        account = self.desk.change(account_id, lambda _: {"is_active": False}, bump=True)
        self.desk.end_all(account_id)
        for erase in self.erasers:
            erase(account_id)
        self.desk.accounts.delete(account_id)
        if self.desk.lockout is not None:
            self.desk.lockout.clear(account_id)
        note_event(AccountDeleted(account=account_id))
        self.desk.notify("account-deleted", account.email)
