"""What a store of second factors promises: a code or counter that was accepted once is never accepted again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol, TypeAlias

from vallum.stores.sessions import Json

FactorKind: TypeAlias = Literal["totp", "recovery", "passkey", "email"]
FactorState: TypeAlias = Literal["pending", "active"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRecord:
    """A factor as stored. `id` is unique over all accounts; a passkey's is its credential id in base64url.

    `secret` holds sealed bytes (TOTP), a digest (recovery code) or a public key (passkey). `counter` is the last TOTP
    step or signature counter that was accepted. `data` is for what the kind needs besides: transports, backup state.
    `created` and `used` are seconds since the epoch.
    """

    id: str
    account_id: str
    kind: FactorKind
    name: str = ""
    secret: bytes = field(default=b"", repr=False)
    state: FactorState = "pending"
    counter: int = 0
    created: float
    used: float | None = None
    data: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))


class FactorStore(Protocol):
    """Second factors and passkeys. Raises any exception when it cannot answer; the caller then lets nobody in (503)."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same factors."""

    @property
    def reads_at_once(self) -> bool:
        """Whether `find` and `list_account` never wait, so that an event loop may call them directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def add(self, record: FactorRecord) -> bool:
        """Insert `record`; False, and nothing done, if its id is taken."""

    def find(self, factor_id: str) -> FactorRecord | None:
        """The factor with this id: how a passkey without a user name finds its account."""

    def list_account(self, account_id: str) -> Sequence[FactorRecord]:
        """The factors of an account, pending ones as well, oldest first."""

    def activate(self, factor_id: str, counter: int, now: float) -> bool:
        """Turn a pending factor active, `counter` being what verified it; False if it is not pending."""

    def advance(self, factor_id: str, counter: int, now: float) -> bool:
        """Accept `counter` of an active factor in one statement; False unless it is greater than the stored one.

        So a TOTP step works once. A passkey whose counter always is 0 (WebAuthn Level 3, 6.1.1) may stay at 0.
        """

    def consume(self, factor_id: str) -> bool:
        """Use up an active recovery code: remove it in one statement; False if another was first or it is no code."""

    def replace(self, account_id: str, kind: FactorKind, records: Sequence[FactorRecord]) -> None:
        """Remove the account's factors of this kind and insert `records`, in one step: a new set of recovery codes."""

    def rename(self, factor_id: str, account_id: str, name: str) -> bool:
        """Give a factor of this account another name; False if it has no such factor."""

    def remove(self, factor_id: str, account_id: str) -> bool:
        """Remove a factor of this account; False if it has no such factor."""

    def drop_account(self, account_id: str) -> int:
        """Remove all factors of an account; tell how many."""

    def purge(self, before: float) -> int:
        """Remove the factors that were created before `before` and never activated; tell how many."""
