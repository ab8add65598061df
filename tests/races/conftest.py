"""The stores of the conformance suite, fifty threads, and the blocks that hand out something that is good once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.authenticator import SoftAuthenticator
from tests.stores.conformance.conftest import crowd, database, make, rounds
from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.crypto.seal.keys import SealingKey
from vallum.crypto.seal.ring import SealRing
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.lifecycle.desk import AccountDesk
from vallum.guard.authentication.lifecycle.links import LinkPolicy
from vallum.guard.authentication.mail.kept import MemoryMailer
from vallum.guard.authentication.mfa.factor_desk import FactorDesk
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.stores.accounts import AccountRecord
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.factors import MemoryFactors
from vallum.stores.memory.revocations import MemoryRevocations

__all__ = ["crowd", "database", "make", "rounds"]

NOW = 1_800_000_000.0
PASSWORD = "seven blue pencils"
IN_MEMORY = {"accounts": MemoryAccounts, "factors": MemoryFactors}
"""What Valkey does not keep: a race that rests on it alone runs on the SQL stores only."""


class Unlimited:
    """In the place of every limit, which would end a race before it began."""

    def take_now(self, *_: Any, **__: Any) -> None:
        """Let everybody through."""


class Table:
    """One of each block of an app, on the stores of one kind."""

    def __init__(self, kind: str, make: Callable[[str], Any], passwords: PasswordHasher) -> None:
        self.kind, self.now, self.limits = kind, NOW, Unlimited()
        self._make = make
        self.proofs, self.accounts, self.store = self.open("proofs"), self.open("accounts"), self.open("factors")
        self.mailer, self.passwords = MemoryMailer(), passwords
        self.desk = AccountDesk(
            accounts=self.accounts,
            proofs=self.proofs,
            passwords=passwords,
            mailer=self.mailer,
            links=LinkPolicy("https://notes.example"),
            jobs=ImmediateJobs(),
            clock=lambda: self.now,
        )
        ring = SealRing([SealingKey(Secret(bytes(range(32))))])
        self.factors = FactorDesk(desk=self.desk, factors=self.store, ring=ring, issuer="Notes")
        self.device = SoftAuthenticator("https://notes.example", "notes.example")
        self.ann = AccountRecord(
            id="ann",
            login="ann",
            email="ann@example.org",
            email_proved=1.0,
            password=passwords.hash(PASSWORD),
            created=1.0,
        )
        self.accounts.create(self.ann)

    def open(self, name: str) -> Any:
        if name == "revocations" and self.kind in {"memory", "valkey"}:  # so that they know these accounts
            return MemoryRevocations(self.accounts)
        return IN_MEMORY[name]() if self.kind == "valkey" and name in IN_MEMORY else self._make(name)

    def link(self) -> str:
        """The token in the newest mail that has one."""
        texts = [mail.text for mail in self.mailer.sent if "?token=" in mail.text]
        return texts[-1].partition("?token=")[2].split()[0]


@pytest.fixture(scope="session")
def hasher() -> Iterator[PasswordHasher]:
    """One that hashes for fifty at once, for the limit of hashing is not what is tried here."""
    passwords = PasswordHasher(UNSAFE_CHEAPEST, workers=2, queue=100, refusal_delay=0)
    yield passwords
    passwords.close()


@pytest.fixture
def table(kind: str, make: Callable[[str], Any], hasher: PasswordHasher) -> Table:
    return Table(kind, make, hasher)
