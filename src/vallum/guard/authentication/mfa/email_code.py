"""A code by mail: 6 digits, 10 minutes, 5 tries, good once and in one browser; for accounts that chose it.

Mail is the weakest second factor (NIST SP 800-63B, section 5.1.3.1): an account with an app or a passkey gets a code
only after it has chosen mail as well. Source: ASVS 6.6.2, 6.6.3.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Final

from vallum.base.compare import equal
from vallum.guard.authentication.lifecycle.desk import digest_of
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.mfa.factor_desk import STRONG, FactorDesk
from vallum.guard.crypto.random import numeric_code
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.stores.accounts import AccountRecord
from vallum.stores.factors import FactorRecord
from vallum.stores.proofs import ProofRecord
from vallum.stores.sessions import SessionRecord

LOGIN_CODE: Final = "login-code"
CODE_SECONDS: Final = 600
TRIES: Final = 5


class AddressUnprovedError(PublicError):
    """Codes go to a proved address only (409)."""

    refusal: ClassVar[Refusal] = Refusal(409, "address-unproved", "Confirm your address first.")
    status = 409


@dataclass(frozen=True, kw_only=True)
class EmailCode:
    """Sends and checks codes. `browser` is the secret of the half login's cookie, or the session id.

    `stands_in` tells for whom mail is a factor although she has chosen none: who must have one, and has none yet.
    """

    desk: FactorDesk
    stands_in: Callable[[AccountRecord], bool] = lambda _: False
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("login-code"))

    def enable(self, account: AccountRecord, session: SessionRecord | None) -> None:
        """Make the proved address a factor. Raises `AddressUnprovedError` (409) and the challenge (403)."""
        self.desk.reserve(account, session, "")
        if account.email_proved is None:
            raise AddressUnprovedError("not proved")
        if "email" in self._kinds(account):
            return
        record = FactorRecord(
            id=self.desk.new_id(),
            account_id=account.id,
            kind="email",
            state="active",
            created=self.desk.desk.clock(),
        )
        self.desk.factors.add(record)
        self.desk.conclude(account, session, change="email-added", letter="factor-added")

    def send(self, account: AccountRecord, *, browser: str, client: str | None = None) -> None:
        """Mail a code, if the account has chosen mail; an older one dies. Raises `RateLimitedError` (429)."""
        self.limits.take_now(account.id, client=client)
        if not browser or not self.is_usable(account) or account.email_proved is None:
            return
        desk = self.desk.desk
        code, now = numeric_code(6), desk.clock()
        desk.proofs.drop_account(account.id, (LOGIN_CODE,))
        record = ProofRecord(
            digest=_place(browser),
            purpose=LOGIN_CODE,
            account_id=account.id,
            value=_bind(browser, account, code),
            created=now,
            deadline=now + CODE_SECONDS,
            attempts_left=TRIES,
        )
        if desk.proofs.put(record):
            desk.jobs.add(partial(desk.send, "login-code", account.email, code=code))

    def verify(self, account: AccountRecord, answer: str, *, browser: str = "") -> bool:
        """Tell whether `answer` is the code of this account and browser. Ask through `SecondFactor`, which limits."""
        proofs, now, place = self.desk.desk.proofs, self.desk.desk.clock(), _place(browser)
        proof = proofs.spend(place, LOGIN_CODE, now)
        if proof is None or not self.is_usable(account):
            return False
        if not equal(proof.value, _bind(browser, account, answer.strip())):
            return False
        return proofs.consume(place, LOGIN_CODE, now) is not None

    def is_usable(self, account: AccountRecord) -> bool:
        """Tell whether a code by mail is a factor of the account: chosen, or standing in for one that is missing."""
        kinds = self._kinds(account)
        return "email" in kinds or (not kinds & STRONG and self.stands_in(account))

    def _kinds(self, account: AccountRecord) -> set[str]:
        return {one.kind for one in self.desk.list(account.id)}


def _place(browser: str) -> bytes:
    return digest_of(f"login code\0{browser}")


def _bind(browser: str, account: AccountRecord, code: str) -> str:
    """What is stored of a code: the key is the cookie, which the store does not hold, so six digits stay hidden."""
    told = f"{account.id}\0{account.email}\0{code}".encode("utf-8", "surrogatepass")
    return hmac.new(browser.encode("utf-8", "surrogatepass"), told, hashlib.sha256).hexdigest()
