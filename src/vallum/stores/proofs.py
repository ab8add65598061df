"""What a store of one-time proofs promises: of any number of requests that use one up, exactly one wins.

A proof is a reset link, an e-mail proof, an invite, an OAuth state, a login code, a half login, a WebAuthn challenge.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from vallum.stores.sessions import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRecord:
    """A proof as stored: under the SHA-256 digest of the secret that its holder brings.

    `purpose` keeps proofs of different kinds apart: a link for one never opens another. `value` is what is proved, such
    as the new address, or the digest of a code. `browser` is the SHA-256 digest of the cookie that binds the proof to
    one browser, b"" where any browser may use it. `account_id` is "" where no account is known yet. Times are seconds
    since the epoch.
    """

    digest: bytes
    purpose: str
    account_id: str = ""
    value: str = field(default="", repr=False)
    data: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    created: float
    deadline: float
    attempts_left: int = 5
    browser: bytes = b""


class ProofStore(Protocol):
    """One-time proofs. Raises any exception when it cannot answer; the caller then accepts nothing (503)."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same proofs."""

    @property
    def reads_at_once(self) -> bool:
        """Whether `look` never waits, so that an event loop may call it directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def put(self, record: ProofRecord) -> bool:
        """Insert `record`; False, and nothing done, if the digest is taken."""

    def look(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        """The proof, if it is in time and has attempts left. Consumes nothing: a GET, even a mail scanner's, may ask.

        Compare `browser` yourself where the proof is bound to one.
        """

    def consume(self, digest: bytes, purpose: str, now: float, *, browser: bytes = b"") -> ProofRecord | None:
        """Remove the proof and return it, in one conditional statement: of parallel callers one gets it, the rest None.

        `browser` must be exactly the record's own. Works after the last attempt was spent too, for that attempt may be
        the right one.
        """

    def spend(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        """Take one attempt in one statement and return the proof as it is afterwards; None if none was left.

        To check a code: `spend`, compare with `value`, `consume`; let in only who won the last. Where no attempt is
        left, neither `look` nor `spend` finds the proof any more.
        """

    def drop_account(self, account_id: str, purposes: Collection[str] | None = None) -> int:
        """Remove an account's proofs of these purposes, or all; tell how many."""

    def purge(self, now: float) -> int:
        """Remove what is too old; tell how many."""
