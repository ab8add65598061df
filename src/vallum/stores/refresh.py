"""What a store of refresh tokens promises: each rotates once, and a token used twice ends its whole family.

Source: RFC 9700, 4.14.2 (refresh token rotation).
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Rotation: TypeAlias = Literal["rotated", "grace", "reused", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRecord:
    """A refresh token as stored: under the SHA-256 digest of the token.

    All tokens that descend from one login share a `family`. `epoch` is the account's when the family began.
    `replaced_by` is the digest of the successor, b"" while there is none. `key_thumbprint` binds the token to a DPoP
    key (RFC 9449), "" for none. Times are seconds since the epoch; `deadline` ends the token whether used or not.
    """

    digest: bytes
    family: str
    account_id: str
    client: str = ""
    scope: str = ""
    epoch: int = 0
    created: float
    deadline: float
    replaced_by: bytes = b""
    replaced_at: float | None = None
    key_thumbprint: str = ""


class RefreshStore(Protocol):
    """Refresh tokens. Raises any exception when it cannot answer; the caller then issues nothing (503)."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same tokens."""

    @property
    def reads_at_once(self) -> bool:
        """Whether `find` never waits, so that an event loop may call it directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def issue(self, record: RefreshRecord) -> bool:
        """Insert the first token of a family; False, and nothing done, if the digest or the family is taken."""

    def find(self, digest: bytes, now: float) -> RefreshRecord | None:
        """The token, replaced or not, if it is in time and its family lives: what the successor is built from."""

    def rotate(self, digest: bytes, successor: RefreshRecord, now: float, grace: float) -> Rotation:
        """Replace the token by `successor`, which has the same family, in one step.

        `rotated`: the successor is stored, and this caller alone stored it.
        `grace`: the token was replaced at most `grace` seconds ago and its successor is still unused, as when two tabs
        refresh at once. Nothing was stored; the token to answer is the one whose digest is `replaced_by`. Derive
        successors from the presented token by a keyed hash, and both tabs derive the same.
        `reused`: it was replaced before that, so somebody else has it. The family was ended in the same step.
        `dead`: it is unknown, too old, or its family was ended. Nothing was done.
        """

    def end_family(self, family: str) -> bool:
        """End all tokens of a family, as at a logout; False if there was none."""

    def end_account(self, account_id: str) -> int:
        """End all families of an account; tell how many."""

    def purge(self, now: float) -> int:
        """Remove the tokens that are too old; tell how many."""
