"""When all factors are lost: password, mail and a day of waiting, which a login with the factor ends.

    LOST.begin(half_cookie)                # after the password: mails the link and tells the owner
    LOST.confirm(form.token, form.password)      # a day later, by POST: removes the factors and signs nobody in

Whoever still has the factor needs only log in to stop it. These are the proofs of a registration (ASVS 6.4.4), no more:
who holds the mailbox can reset the password too, and only the day and the notices stand between. Where that is too
little, leave this out and have an administrator look at papers before she removes a factor. Source: ASVS 6.3.7, 6.4.4.
"""

from dataclasses import dataclass, field
from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.randomness import token
from vallum.guard.authentication.lifecycle.desk import LinkRefusedError, digest_of
from vallum.guard.authentication.lifecycle.links import FACTOR_LOST
from vallum.guard.authentication.login import HALF_LOGIN, Login
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.mfa.factor_desk import FactorDesk
from vallum.stores.accounts import AccountRecord
from vallum.stores.proofs import ProofRecord

DAY: Final = 86_400
_SHORTEST: Final = 3600


@dataclass(frozen=True, kw_only=True)
class LostFactor:
    """Two steps, `wait` seconds apart; the link lives for as long again. Raises `ConfigError` for a wait below 1 h."""

    desk: FactorDesk
    login: Login
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("factor-lost"))
    wait: int = DAY

    def __post_init__(self) -> None:
        """Refuse a wait in which no owner reads her mail."""
        if self.wait < _SHORTEST:
            raise ConfigError(
                "a lost factor is removed an hour later at the earliest.",
                hint="Leave `wait` out for a day.",
                code="factor-lost",
            )

    def begin(self, half: str, *, client: str | None = None) -> None:
        """Mail the link to the proved address of who has just shown the password; an older link dies.

        Raises `LoginFailedError` (401) without half a login, and `RateLimitedError` (429).
        """
        self.limits.take_now(half, client=client)
        desk, now = self.desk.desk, self.desk.desk.clock()
        proof = desk.proofs.consume(digest_of(half), HALF_LOGIN, now)
        account = desk.accounts.find(proof.account_id) if proof is not None else None
        if proof is None or account is None or not account.is_active or account.epoch != proof.data.get("epoch"):
            raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR)
        if account.email_proved is not None:
            self._send(account, now)

    def look(self, secret: str) -> None:
        """For the page behind the link: uses nothing up. Raises `LinkRefusedError` (400), also before its time."""
        self._look(secret)

    def confirm(self, secret: str, password: str, *, client: str | None = None) -> AccountRecord:
        """Remove all factors, by POST; end every session and link, and tell the owner, who then logs in and enrols.

        Raises `LinkRefusedError` (400), what `Login.verify` raises for the password, and `RateLimitedError` (429).
        """
        self.limits.take_now(secret, client=client)
        desk = self.desk.desk
        proof = self._look(secret)
        account = desk.accounts.find(proof.account_id)
        if account is None or account.email != proof.value or account.epoch != proof.data.get("epoch"):
            raise LinkRefusedError("the account has changed meanwhile")
        self.login.verify(account, password, client=client)
        desk.consume(FACTOR_LOST, secret)
        self.desk.factors.drop_account(account.id)
        self.desk.conclude(account, None, change="all-removed", letter="factor-removed")
        return account

    def _look(self, secret: str) -> ProofRecord:
        proof = self.desk.desk.look(FACTOR_LOST, secret)
        if self.desk.desk.clock() < proof.created + self.wait:
            raise LinkRefusedError("before its time")
        return proof

    def _send(self, account: AccountRecord, now: float) -> None:
        desk, secret = self.desk.desk, token(randomness=self.desk.desk.randomness)
        desk.proofs.drop_account(account.id, (FACTOR_LOST,))
        record = ProofRecord(
            digest=digest_of(secret),
            purpose=FACTOR_LOST,
            account_id=account.id,
            value=account.email,
            data={"epoch": account.epoch},
            created=now,
            deadline=now + 2 * self.wait,
        )
        if desk.proofs.put(record):
            link = desk.links.build(FACTOR_LOST, secret)
            desk.jobs.add(lambda: desk.send(FACTOR_LOST, account.email, link=link))
