"""From half a login to a session, and the second factor asked for again: one path, bounded, for every kind.

    account = SECOND.complete(half_cookie, "totp", form.code)
    sign_in(account.id, roles=account.roles)
    note_factor()

Sources: ASVS 6.3.3, 6.5.1; NIST SP 800-63B, section 5.2.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vallum.base.errors import ConfigError
from vallum.guard.authentication.lifecycle.desk import AccountDesk, digest_of
from vallum.guard.authentication.lifecycle.links import FACTOR_LOST
from vallum.guard.authentication.login import HALF_LOGIN
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.http.rate_limit import Limiter
from vallum.stores.accounts import AccountRecord


class FactorCheck(Protocol):
    """One kind of factor: `TotpFactor`, `RecoveryCodes`, `Passkeys`, `EmailCode`."""

    def verify(self, account: AccountRecord, answer: str, *, browser: str = "") -> bool:
        """Tell whether `answer` proves the factor, and use it up. `browser` is the secret of the cookie that came."""


@dataclass(frozen=True, kw_only=True)
class SecondFactor:
    """Checks an answer against the kinds in `checks`, by name.

    A half login takes 5 answers, `limits` 5 in 15 minutes, and `account_limit` 10 in an hour for the account, however
    often the password is shown again.
    """

    desk: AccountDesk
    checks: Mapping[str, FactorCheck]
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("second-factor"))
    account_limit: Limiter = field(default_factory=lambda: Limiter("10/hour", name="second-factor-owner"))

    def __post_init__(self) -> None:
        """Raise `ConfigError` when there is nothing to check."""
        if not self.checks:
            raise ConfigError("a second factor needs at least one kind.", code="second-factor")

    def complete(self, half: str, kind: str, answer: str, *, client: str | None = None) -> AccountRecord:
        """Return whom to sign in: who showed the password, then this factor. The half login is used up.

        `half` is the secret of `LoginResult.half`. Raises `LoginFailedError` (401) for every other case, and
        `RateLimitedError` (429).
        """
        self.limits.take_now(half, client=client)
        proofs, clock, digest = self.desk.proofs, self.desk.clock, digest_of(half)
        proof = proofs.spend(digest, HALF_LOGIN, clock())
        account = self.desk.accounts.find(proof.account_id) if proof is not None else None
        if proof is None or account is None:
            raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR)
        if not account.is_active or account.epoch != proof.data.get("epoch"):
            raise LoginFailedError(LoginFailure.DISABLED, account=account.id)
        self._verify(account, kind, answer, half)
        if proofs.consume(digest, HALF_LOGIN, clock()) is None:
            raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR, account=account.id)
        proofs.drop_account(account.id, (FACTOR_LOST,))  # she has it, so it is not lost
        return account

    def confirm(
        self, account: AccountRecord, kind: str, answer: str, *, browser: str = "", client: str | None = None
    ) -> None:
        """Ask somebody who is signed in again; call `note_factor()` then. Raises what `complete` raises.

        `browser` is `current().session_id`, which binds passkeys and codes by mail to this session.
        """
        self.limits.take_now(account.id, client=client)
        self._verify(account, kind, answer, browser)

    def _verify(self, account: AccountRecord, kind: str, answer: str, browser: str) -> None:
        self.account_limit.take_now(account.id)
        check = self.checks.get(kind)
        if check is None or not check.verify(account, answer, browser=browser):
            raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR, account=account.id)
