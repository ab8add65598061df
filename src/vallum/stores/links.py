"""What a store of federated identities promises: (issuer, subject) belongs to one account at most.

The subject alone names nobody, and an address from an issuer is a claim, not an identity (OpenID Connect Core, 5.7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """A link as stored. `issuer` and `subject` are kept as the issuer wrote them; `email` is for display only."""

    issuer: str
    subject: str
    account_id: str
    email: str = ""
    created: float


class LinkStore(Protocol):
    """Links from federated identities to accounts. Raises any exception when it cannot answer."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same links."""

    @property
    def reads_at_once(self) -> bool:
        """Whether `find` and `list_account` never wait, so that an event loop may call them directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def find(self, issuer: str, subject: str) -> LinkRecord | None:
        """The link of this identity."""

    def list_account(self, account_id: str) -> Sequence[LinkRecord]:
        """The links of an account, oldest first."""

    def link(self, record: LinkRecord) -> bool:
        """Insert `record`; False, and nothing done, if the identity is linked already, to whichever account."""

    def unlink(self, issuer: str, subject: str, account_id: str) -> bool:
        """Remove a link of this account; False if it has no such link."""

    def drop_account(self, account_id: str) -> int:
        """Remove all links of an account; tell how many."""
