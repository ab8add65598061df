"""Stores that count, a fast hasher, and the flows of an account on them."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST, Argon2id
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.lifecycle.desk import AccountDesk
from vallum.guard.authentication.lifecycle.links import LinkPolicy
from vallum.guard.authentication.lockout import Lockout
from vallum.guard.authentication.login import Login
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.mail.kept import MemoryMailer
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.stores.accounts import AccountRecord
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.proofs import MemoryProofs
from vallum.stores.memory.refresh import MemoryRefresh
from vallum.stores.memory.sessions import MemorySessions

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"


class Counted:
    """Passes every call on, and counts it by its name."""

    def __init__(self, store: Any, counts: Counter[str], kind: str) -> None:
        self._store, self._counts, self._kind = store, counts, kind

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def call(*given: Any, **named: Any) -> Any:
            self._counts[self._kind] += 1
            return found(*given, **named)

        return call


class World:
    """One of everything; `counts` says how many queries, hashes and mails there were."""

    def __init__(self, clock: Callable[[], float], passwords: PasswordHasher) -> None:
        self.clock = clock
        self.passwords = passwords
        self.counts: Counter[str] = Counter()
        self.plain_accounts, self.limit_store = MemoryAccounts(), MemoryLimits()
        self.accounts = Counted(self.plain_accounts, self.counts, "queries")
        self.proofs = Counted(MemoryProofs(), self.counts, "queries")
        self.sessions, self.refresh = MemorySessions(), MemoryRefresh()
        self.mailer = MemoryMailer()
        self.lockout = Lockout(Counted(self.limit_store, self.counts, "queries"), clock=clock)
        self.desk = AccountDesk(
            accounts=self.accounts,
            proofs=self.proofs,
            passwords=passwords,
            mailer=self.mailer,
            links=LinkPolicy("https://notes.example"),
            sessions=self.sessions,
            refresh=self.refresh,
            lockout=self.lockout,
            jobs=ImmediateJobs(),
            clock=clock,
        )
        self.login = self.build_login()

    def limits(self, name: str = "login") -> LoginLimits:
        return LoginLimits(name, store=self.limit_store, clock=self.clock)

    def build_login(self, **settings: Any) -> Login:
        named = {"accounts": self.accounts, "passwords": self.passwords, "lockout": self.lockout, "clock": self.clock}
        return Login(**{**named, "limits": self.limits(), "on_lock": self.desk.note_lock, **settings})

    def add(self, name: str = "ann", **fields: Any) -> AccountRecord:
        address = f"{name}@example.org"
        known = {"login": name, "email": address, "email_proved": 1.0, "password": self.passwords.hash(PASSWORD)}
        record = AccountRecord(**{"id": f"id-{name}", "created": 1.0, **known, **fields})
        assert self.plain_accounts.create(record)
        self.counts.clear()
        return record

    def link(self) -> str:
        """The token in the newest mail."""
        return self.mailer.sent[-1].text.partition("?token=")[2].split()[0]

    def letters(self) -> list[tuple[str, str]]:
        return [(mail.to, mail.subject) for mail in self.mailer.sent]

    def measure(self, act: Callable[[], Any]) -> dict[str, int]:
        """How many queries, hashes and mails `act` costs, whether it succeeds or not."""
        before, mails = self.counts.copy(), len(self.mailer.sent)
        act()
        return {**(self.counts - before), "mails": len(self.mailer.sent) - mails}


@pytest.fixture
def world(clock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    passwords = PasswordHasher(UNSAFE_CHEAPEST, workers=1, refusal_delay=0)
    built = World(clock, passwords)
    derive = Argon2id.derive

    def count(self: Argon2id, *given: Any) -> bytes:
        built.counts["hashes"] += 1
        return derive(self, *given)

    monkeypatch.setattr(Argon2id, "derive", count)
    yield built
    passwords.close()
