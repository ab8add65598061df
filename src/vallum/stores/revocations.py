"""What a store of revoked access tokens promises: one call tells all that ends a token before its time."""

from typing import NamedTuple, Protocol


class Standing(NamedTuple):
    """What may have ended a token: its own revocation, or its account's.

    `epoch` is the account's present one, None where the account is gone or not active. A token is good only if it is
    not revoked and carries exactly this epoch.
    """

    is_revoked: bool
    epoch: int | None


class RevocationStore(Protocol):
    """Revoked tokens by their `jti`. Raises any exception when it cannot answer; the caller then trusts no token (503).

    The epochs are those of the `AccountStore`; a revocation store is built beside one and only reads it.
    """

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same revocations."""

    @property
    def reads_at_once(self) -> bool:
        """Whether `is_revoked` and `read` never wait, so that an event loop may call them directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def revoke(self, jti: str, until: float, now: float) -> bool:
        """Revoke a token until it ends by itself at `until`; True if it was not revoked before. Revoking twice is fine.

        Keeps the later of two ends. Does nothing for a token whose end has passed.
        """

    def is_revoked(self, jti: str, now: float) -> bool:
        """Tell whether the token was revoked."""

    def read(self, jti: str, account_id: str, now: float) -> Standing:
        """Revocation and epoch in one call."""

    def purge(self, now: float) -> int:
        """Remove the revocations whose tokens ended by themselves; tell how many."""
