"""Log in by password: one path for every account and for none, so that neither time nor text tells who is a user.

    LOGIN = Login(accounts=accounts, passwords=passwords, lockout=Lockout(limits))
    result = await LOGIN.authenticate_async(form.login, form.password)
    sign_in(result.account.id, roles=result.account.roles)

Sources: ASVS 6.3.1, 6.3.5, 6.3.8; OWASP Authentication Cheat Sheet.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness, token
from vallum.base.secret import Secret
from vallum.crypto.passwords.stored import encode_password
from vallum.guard.authentication.known_devices import KnownDevices
from vallum.guard.authentication.lockout import Lockout
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.names import find_name, fold_name
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.logging.vocabulary import LoginLocked, note_event
from vallum.stores.accounts import AccountRecord, AccountStore
from vallum.stores.proofs import ProofRecord, ProofStore

KEEPS: Final = ("login-constant-time",)

HALF_LOGIN: Final = "half-login"
"""The purpose of the proof that stands between a right password and a second factor."""
HALF_LOGIN_SECONDS: Final = 600
HALF_LOGIN_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class LoginResult:
    """Who proved the password. With `half` set she is not logged in: a second factor is due.

    `half` is the secret of a proof of the purpose "half-login" for a `__Host-` cookie; no session exists until the
    factor was shown and the proof consumed.
    """

    account: AccountRecord
    half: Secret[str] | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Login:
    """Passwords against accounts. Known, unknown, locked, disabled and password-less accounts all cost the same.

    `limits` count in the store of the guard that judges the request, unless they have a store of their own.
    `needs_factor` tells for whom a password is not enough; it is asked after a right password only, and the proof goes
    to `half_logins`. `on_lock` sends the owner a notice and must not wait: hand it to a queue. With `devices`, a
    browser that has logged in before is neither delayed nor locked out by what strangers fail at.
    """

    accounts: AccountStore
    passwords: PasswordHasher
    lockout: Lockout
    limits: LoginLimits = field(default_factory=LoginLimits)
    half_logins: ProofStore | None = None
    needs_factor: Callable[[AccountRecord], bool] = lambda _: False
    on_lock: Callable[[AccountRecord], None] = lambda _: None
    devices: KnownDevices | None = None
    clock: Clock = SYSTEM_CLOCK
    randomness: Randomness = SYSTEM_RANDOMNESS

    def __post_init__(self) -> None:
        """Raise `ConfigError` for one of `needs_factor` and `half_logins` without the other."""
        asks = self.needs_factor is not Login.needs_factor
        if asks is not (self.half_logins is not None):
            raise ConfigError(
                "needs_factor and half_logins belong together.",
                hint="Give the store of proofs as half_logins, and the function that tells who needs a second factor.",
                code="half-login",
            )

    def authenticate(self, name: str, password: str, *, client: str | None = None, device: str = "") -> LoginResult:
        """Return the account of `name`, a login or an address in any spelling, whose password this is.

        `device` is the cookie that `devices` issued, if the browser has one. Raises `RateLimitedError` (429),
        `LimiterDownError` (503), `PasswordRefusedError` (400, more than 1024 bytes), `HashingBusyError` (503), and for
        everything else `LoginFailedError` (401).
        """
        encode_password(password)
        known = self._recognise(device, name)
        self.limits.take_now(_limited_name(name, known), client=client)
        return self.passwords.run_now(self._judge, name, password, known)

    async def authenticate_async(
        self, name: str, password: str, *, client: str | None = None, device: str = ""
    ) -> LoginResult:
        """Do the same off the event loop."""
        encode_password(password)
        known = self._recognise(device, name)
        await self.limits.take(_limited_name(name, known), client=client)
        return await self.passwords.run_async(self._judge, name, password, known)

    def verify(self, account: AccountRecord, password: str, *, client: str | None = None) -> None:
        """Ask an account that is signed in for its password again, under the same limits and locks.

        It waits in a thread. Raises what `authenticate` raises.
        """
        encode_password(password)
        self.limits.take_now(account.login, client=client)
        self.passwords.run_now(self._settle, account, account.login, password, account.id)

    def _recognise(self, device: str, name: str) -> str:
        return self.devices.recognise(device, find_name(name)[0]) if self.devices is not None and device else ""

    def _judge(self, name: str, password: str, device: str) -> LoginResult:
        canonical, is_address = find_name(name)
        found = self.accounts.find_email(canonical) if is_address else self.accounts.find_login(canonical)
        typed = canonical or fold_name(name)
        subject = found.id if found else f"name:{typed}"
        account = self._settle(found, typed, password, f"{subject}\0{device}" if device else subject)
        return LoginResult(account, self.halve(account))

    def _settle(self, found: AccountRecord | None, name: str, password: str, subject: str) -> AccountRecord:
        """One hash, whatever was found; the decision comes after it. Failures are counted for `subject`."""
        locked = self.lockout.is_locked(subject)
        right = self.passwords.verify(password, (found.password or None) if found else None)
        cause = _find_cause(found, right=right, locked=locked)
        if found is None or cause is not None:
            self._note_failure(found, subject, locked=locked, right=right)
            raise LoginFailedError(
                cause or LoginFailure.UNKNOWN_ACCOUNT, account=found.id if found else "", typed_name=name
            )
        self.lockout.note_success(subject)
        return self._upgrade(found, password)

    def _upgrade(self, account: AccountRecord, password: str) -> AccountRecord:
        replacement = self.passwords.renew(password, account.password)
        if replacement and self.accounts.change(account.id, account.version, password=replacement):
            return replace(account, password=replacement, version=account.version + 1)
        return account  # whoever wrote first keeps what she wrote: the hash is replaced at the next login then

    def _note_failure(self, found: AccountRecord | None, subject: str, *, locked: bool, right: bool) -> None:
        if locked or right or not self.lockout.note_failure(subject) or found is None:
            return
        note_event(LoginLocked(account=found.id, cause="failures"))
        self.on_lock(found)

    def halve(self, account: AccountRecord) -> Secret[str] | None:
        """The secret of a new half login, if `account` needs a second factor; for a first one that is no password."""
        if self.half_logins is None or not self.needs_factor(account):
            return None
        secret, now = token(randomness=self.randomness), self.clock()
        record = ProofRecord(
            digest=hashlib.sha256(secret.encode()).digest(),
            purpose=HALF_LOGIN,
            account_id=account.id,
            data={"epoch": account.epoch},
            created=now,
            deadline=now + HALF_LOGIN_SECONDS,
            attempts_left=HALF_LOGIN_ATTEMPTS,
        )
        if not self.half_logins.put(record):
            raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR, account=account.id)
        return Secret(secret)


def _find_cause(found: AccountRecord | None, *, right: bool, locked: bool) -> LoginFailure | None:
    if found is None:
        return LoginFailure.UNKNOWN_ACCOUNT
    if locked:
        return LoginFailure.LOCKED
    if not right:
        return LoginFailure.MISMATCH
    return None if found.is_active else LoginFailure.DISABLED


def _limited_name(name: str, device: str) -> str:
    """One subject for all spellings of a name; text that is no name has one too, and so has each known device."""
    subject = find_name(name)[0] or fold_name(name[:1024])
    return f"{subject}\0{device}" if device else subject
