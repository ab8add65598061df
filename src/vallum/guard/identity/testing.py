"""For the tests of an app: log in as somebody without her password, with a factor, catch the mails, stop the clock.

clock = FrozenClock()
kit = IdentityKit(Guard(app, policy=GuardPolicy(environment=Environment.TEST, clock=clock), identity=Identity()))
ada = kit.add_account("ada@example.org", roles=("editor",))
client.cookies = kit.log_in_as(ada)                  # with_factor=True: a second factor was shown as well
code = kit.add_app(ada)                              # an authenticator app: code() is what it shows now
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from vallum.base.errors import ConfigError
from vallum.base.randomness import token
from vallum.crypto.otp.totp import generate_secret
from vallum.guard.authentication.mail.kept import MemoryMailer
from vallum.guard.authentication.mail.message import Mail
from vallum.guard.authentication.mfa.step_up import FACTOR_AT
from vallum.guard.authentication.mfa.totp import context_of
from vallum.guard.authorization.demands import PROVED
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.sessions.desk import digest_of
from vallum.stores.accounts import AccountRecord
from vallum.stores.factors import FactorRecord
from vallum.stores.sessions import SessionRecord

START: Final = 1_800_000_000.0
_CODE: Final = re.compile(r"code is (\d{6})")
_TOKEN: Final = re.compile(r"[?]token=([A-Za-z0-9_-]+)")


class FrozenClock:
    """A clock that stands until it is moved: give it to the policy as `clock`."""

    def __init__(self, now: float = START) -> None:
        """Stand at `now`, in seconds since the epoch."""
        self.now = now

    def __call__(self) -> float:
        """The time at which it stands."""
        return self.now

    def move(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.now += seconds


class Guarded(Protocol):
    """A guard, as far as the kit knows it."""

    @property
    def identity(self) -> IdentityParts | None:
        """Its accounts, if it has any."""


class IdentityKit:
    """Accounts, sessions and mails of a guard under test. Raises `ConfigError` in production and without accounts."""

    def __init__(self, guard: Guarded) -> None:
        """Work on the stores of `guard`."""
        if guard.identity is None or guard.identity.policy.is_production:
            raise ConfigError(
                "the test kit needs a guard with accounts, and never production.",
                hint="Guard(app, policy=GuardPolicy(environment=Environment.TEST), identity=Identity()).",
                code="test-kit",
            )
        self.parts: IdentityParts = guard.identity

    def add_account(self, email: str, *, password: str = "", roles: Iterable[str] = ()) -> AccountRecord:
        """Make an account with a proved address. Raises `ConfigError` when the address is taken."""
        desk = self.parts.desk
        account = AccountRecord(
            id=token(16, randomness=desk.randomness),
            login=email,
            email=email,
            email_proved=desk.clock(),
            password=desk.passwords.hash(password) if password else "",
            roles=tuple(roles),
            created=desk.clock(),
        )
        if not desk.accounts.create(account):
            raise ConfigError("the address is taken.", code="test-kit")
        return account

    def add_app(self, account: AccountRecord) -> Callable[[], str]:
        """Give `account` an authenticator app; what is returned tells the code that the app shows now.

        A code works once: move the clock by 30 s for another.
        """
        desk, secret = self.parts.factors.desk, generate_secret(randomness=self.parts.desk.randomness)
        factor_id, now = desk.new_id(), self.parts.desk.clock()
        sealed = desk.ring.seal(secret.reveal(), context=context_of(account.id, factor_id))
        desk.factors.add(
            FactorRecord(id=factor_id, account_id=account.id, kind="totp", name="app", secret=sealed, created=now)
        )
        desk.factors.activate(factor_id, 0, now)
        return lambda: self.parts.factors.totp.totp.make_code(secret, self.parts.desk.clock())

    def log_in_as(self, account: AccountRecord, *, with_factor: bool = False) -> dict[str, str]:
        """Begin a session without any proof, and return its cookie by name, for plain http and for https.

        `with_factor` has it begun by a second factor too.
        """
        session_id, now = token(), self.parts.policy.clock()
        policy = self.parts.policy.session
        record = SessionRecord(
            digest=digest_of(session_id),
            actor_id=account.id,
            roles=account.roles,
            created=now,
            seen=now,
            idle_seconds=policy.idle_seconds,
            deadline=now + policy.absolute_seconds,
            data={FACTOR_AT: now, PROVED: now} if with_factor else {},
        )
        if not self.parts.sessions.create(record):
            raise ConfigError("the account is not there or disabled.", code="test-kit")
        return {"__Host-session": session_id, "insecure-session": session_id}

    @property
    def mails(self) -> list[Mail]:
        """The mails so far, oldest first. Raises `ConfigError` where a real mailer is set."""
        if not isinstance(self.parts.mailer, MemoryMailer):
            raise ConfigError("the mails went out.", hint="Leave Identity(mailer=...) out.", code="test-kit")
        return self.parts.mailer.sent

    def last_code(self) -> str:
        """The code in the newest mail that has one. Raises `ConfigError` without such a mail."""
        return self._search(_CODE, "no mail has a code.")

    def last_token(self) -> str:
        """The token of the link in the newest mail that has one. Raises `ConfigError` without such a mail."""
        return self._search(_TOKEN, "no mail has a link.")

    def _search(self, wanted: re.Pattern[str], missing: str) -> str:
        for mail in reversed(self.mails):
            if found := wanted.search(mail.text):
                return found[1]
        raise ConfigError(missing, code="test-kit")
