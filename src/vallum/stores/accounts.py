"""What a store of accounts promises: unique logins and addresses, and changes that never overwrite a newer one."""

from dataclasses import dataclass, field
from typing import Protocol, TypedDict, Unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """An account as stored.

    `login` and `email` are canonical (the caller folds them) and unique; an `email` of "" means that there is none, and
    any number of accounts may have none. `password` is a stored hash, "" where nobody can log in by password.
    `email_proved` and `created` are seconds since the epoch. A token or session that carries an older `epoch` than the
    account is dead. `version` counts the changes.
    """

    id: str
    login: str
    email: str = ""
    email_proved: float | None = None
    password: str = field(default="", repr=False)
    roles: tuple[str, ...] = ()
    is_active: bool = True
    epoch: int = 0
    created: float
    version: int = 0


class AccountFields(TypedDict, total=False):
    """What may change in an account."""

    login: str
    email: str
    email_proved: float | None
    password: str
    roles: tuple[str, ...]
    is_active: bool


class AccountStore(Protocol):
    """Accounts. Raises any exception when it cannot answer; the caller then lets nobody in (503)."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same accounts."""

    @property
    def reads_at_once(self) -> bool:
        """Whether the `find` methods never wait, so that an event loop may call them directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def find(self, account_id: str) -> AccountRecord | None:
        """The account with this id, active or not."""

    def find_login(self, login: str) -> AccountRecord | None:
        """The account with this canonical login, active or not."""

    def find_email(self, email: str) -> AccountRecord | None:
        """The account with this canonical address, active or not; None for ""."""

    def create(self, record: AccountRecord) -> bool:
        """Insert `record` in one statement; False, and nothing done, if its id, login or address is taken."""

    def change(self, account_id: str, version: int, *, bump: bool = False, **fields: Unpack[AccountFields]) -> bool:
        """Write `fields` if the account still has this `version`, in one statement; the version grows by one.

        `bump` raises the epoch by one in the same statement, which ends every session and token of the account. False,
        and nothing done, if somebody wrote first, the account is gone, or another account has the login or the address;
        `find` tells which: in the last case the version has not moved.
        """

    def delete(self, account_id: str) -> bool:
        """Remove the account; False if it was not there."""
