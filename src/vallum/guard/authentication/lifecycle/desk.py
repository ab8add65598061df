"""What all flows of an account share: the stores, the mail, the links, and how a change ends what it must end."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import ClassVar, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness, token
from vallum.base.secret import Secret
from vallum.guard.authentication.jobs import BackgroundJobs, Jobs
from vallum.guard.authentication.lifecycle.letters import Letters
from vallum.guard.authentication.lifecycle.links import LinkPolicy
from vallum.guard.authentication.lockout import Lockout
from vallum.guard.authentication.mail.message import Mailer
from vallum.guard.authentication.password_policy import PasswordPolicy
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.stores.accounts import AccountFields, AccountRecord, AccountStore
from vallum.stores.proofs import ProofRecord, ProofStore
from vallum.stores.refresh import RefreshStore
from vallum.stores.sessions import Json, SessionStore

_TRIES: Final = 5
_NO_DATA: Final[Mapping[str, Json]] = MappingProxyType({})


class LinkRefusedError(PublicError):
    """A link that is unknown, used, too old, or meant for something else (400)."""

    refusal: ClassVar[Refusal] = Refusal(400, "link-refused", "The link is not valid any more. Ask for a new one.")
    status = 400


class AccountGoneError(PublicError):
    """The account is not there, or changed at every try (409)."""

    refusal: ClassVar[Refusal] = Refusal(409, "account-changed", "The account has changed meanwhile. Try again.")
    status = 409


class LoginTakenError(PublicError):
    """Somebody has this login (409): told only to those whom a mailed link has let in."""

    refusal: ClassVar[Refusal] = Refusal(409, "login-taken", "Somebody has this name. Choose another.")
    status = 409


Alter = Callable[[AccountRecord], AccountFields | None]
"""The fields to write for the account as it is; None when nothing may be written any more."""


@dataclass(frozen=True, kw_only=True)
class AccountDesk:
    """The parts that the flows are made of. Build one at import and hand it to each flow.

    With `sessions` and `refresh` a change of password, role or state ends sessions and refresh tokens; the account's
    epoch ends them as well, wherever it is read. Mails go out through `jobs`, after the answer.
    """

    accounts: AccountStore
    proofs: ProofStore
    passwords: PasswordHasher
    mailer: Mailer
    links: LinkPolicy
    policy: PasswordPolicy = field(default_factory=PasswordPolicy)
    letters: Letters = field(default_factory=Letters)
    sessions: SessionStore | None = None
    refresh: RefreshStore | None = None
    lockout: Lockout | None = None
    jobs: Jobs = field(default_factory=BackgroundJobs)
    clock: Clock = SYSTEM_CLOCK
    randomness: Randomness = SYSTEM_RANDOMNESS

    def send(self, letter: str, to: str, *, link: str = "", code: str = "") -> None:
        """Send a letter now: call it in a job."""
        if to:
            self.mailer.send(self.letters.write(letter, to, origin=self.links.origin, link=link, code=code))

    def notify(self, letter: str, to: str) -> None:
        """Send a letter after the answer."""
        self.jobs.add(partial(self.send, letter, to))

    def note_lock(self, account: AccountRecord) -> None:
        """Tell the owner that failed logins have locked the password: for `Login(on_lock=desk.note_lock)`."""
        self.notify("account-locked", account.email)

    def send_link(
        self, purpose: str, to: str, seconds: int, *, account_id: str = "", data: Mapping[str, Json] = _NO_DATA
    ) -> None:
        """Send a link that proves `to` once, within `seconds`; an older one of its kind dies. Call it in a job."""
        if account_id:
            self.proofs.drop_account(account_id, (purpose,))
        secret, now = token(randomness=self.randomness), self.clock()
        record = ProofRecord(
            digest=digest_of(secret),
            purpose=purpose,
            account_id=account_id,
            value=to,
            data=data,
            created=now,
            deadline=now + seconds,
        )
        if self.proofs.put(record):
            self.send(purpose, to, link=self.links.build(purpose, secret))

    def look(self, purpose: str, secret: str) -> ProofRecord:
        """The proof behind a link, which stays good. Raises `LinkRefusedError`."""
        proof = self.proofs.look(digest_of(secret), purpose, self.clock())
        if proof is None:
            raise LinkRefusedError(purpose)
        return proof

    def consume(self, purpose: str, secret: str) -> ProofRecord:
        """The proof behind a link, which is used up by it. Raises `LinkRefusedError`."""
        proof = self.proofs.consume(digest_of(secret), purpose, self.clock())
        if proof is None:
            raise LinkRefusedError(purpose)
        return proof

    def hash(self, password: str | Secret[str], *words: str) -> str:
        """Judge a new password and hash it. Raises `WeakPasswordError` and `HashingBusyError`."""
        self.policy.check(password, words)
        return self.passwords.run_now(self.passwords.hash, password)

    def change(self, account_id: str, alter: Alter, *, bump: bool = False) -> AccountRecord:
        """Write what `alter` says, unless somebody writes first: then ask it again. Return the account as it is then.

        Raises `AccountGoneError` when it says None, when the account is gone, or a login or address is taken.
        """
        for _ in range(_TRIES):
            account = self.accounts.find(account_id)
            fields = alter(account) if account is not None else None
            if account is None or fields is None:
                break
            if self.accounts.change(account.id, account.version, bump=bump, **fields):
                return replace(account, version=account.version + 1, epoch=account.epoch + bump, **fields)
            after = self.accounts.find(account_id)
            if after is not None and after.version == account.version:
                break
        raise AccountGoneError("gone, taken or written by others")

    def end_all(self, account_id: str, *, but: bytes | None = None) -> None:
        """End the sessions of an account, except the one under the digest `but`, its refresh tokens and its links."""
        if self.sessions is not None:
            self.sessions.delete_actor(account_id, but=but)
        if self.refresh is not None:
            self.refresh.end_account(account_id)
        self.proofs.drop_account(account_id)


def digest_of(secret: str) -> bytes:
    """What is stored instead of a token of 256 random bits, which needs no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
