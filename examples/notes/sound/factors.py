"""The second factor: an app, enrolled by its first code, asked for at each login and before a new password."""

from datetime import datetime
from typing import Final, Unpack

from vallum.base.secret import Secret
from vallum.crypto.seal.keys import SealingKey
from vallum.crypto.seal.ring import SealRing
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.lifecycle.desk import AccountDesk
from vallum.guard.authentication.lifecycle.links import LinkPolicy
from vallum.guard.authentication.login import Login
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.mail.message import Mail
from vallum.guard.authentication.mfa.factor_desk import FactorDesk
from vallum.guard.authentication.mfa.second_factor import SecondFactor
from vallum.guard.authentication.mfa.step_up import RecentFactor
from vallum.guard.authentication.mfa.totp import TotpFactor
from vallum.stores.accounts import AccountFields, AccountRecord
from vallum.stores.sql.factors import SqlFactors
from vallum.stores.sql.proofs import SqlProofs
from vallum.stores.sql.sqlite import SqliteDatabase

from . import limits, mail, passwords, people
from .records import Account
from .settings import APP_NAME, SETTINGS

TOTP_KIND: Final = "totp"


class Accounts:
    """The guard's view of the people: it reads, and only `people.py` writes."""

    shared = True
    reads_at_once = False
    writes_at_once = False

    def find(self, account_id: str) -> AccountRecord | None:
        """The account with this number."""
        account = people.get_account(int(account_id))
        person = people.get(int(account_id))
        if account is None or person is None:
            return None
        return AccountRecord(
            id=account_id,
            login=person.username,
            email=person.email,
            email_proved=1.0,
            roles=account.roles,
            is_active=account.is_active,
            created=datetime.fromisoformat(person.created).timestamp(),
        )

    def find_login(self, login: str) -> AccountRecord | None:
        """The account with this user name."""
        return self._read(people.find_account(login))

    def find_email(self, email: str) -> AccountRecord | None:
        """The account with this address."""
        return self._read(people.find_by_email(email))

    def create(self, _record: AccountRecord) -> bool:
        """Nothing: `people.add` opens accounts."""
        return False

    def change(self, _account_id: str, _version: int, *, bump: bool = False, **_fields: Unpack[AccountFields]) -> bool:
        """Nothing: `people` changes accounts; `bump` does not matter then."""
        return bump and False

    def delete(self, _account_id: str) -> bool:
        """Nothing: `people.delete` deletes accounts."""
        return False

    def _read(self, account: Account | None) -> AccountRecord | None:
        return self.find(str(account.id)) if account else None


class Post:
    """Hands the guard's letters to the app's own outbox."""

    def send(self, letter: Mail) -> None:
        """Send it."""
        mail.send(letter.to, letter.subject, letter.text)


DATABASE: Final = SqliteDatabase(SETTINGS.data / "factors.sqlite3")
RING: Final = SealRing([SealingKey(key) for key in SETTINGS.data_keys])
DESK: Final = AccountDesk(
    accounts=Accounts(),
    proofs=SqlProofs(DATABASE),
    passwords=passwords.HASHER,
    mailer=Post(),
    links=LinkPolicy(SETTINGS.origin),
    sessions=people.SESSIONS,
    lockout=limits.LOCKOUT,
    jobs=ImmediateJobs(),
)
FACTORS: Final = FactorDesk(desk=DESK, factors=SqlFactors(DATABASE), ring=RING, issuer=APP_NAME)
TOTP: Final = TotpFactor(desk=FACTORS, limits=LoginLimits("totp-enrolment", address=limits.ADDRESS))
SECOND: Final = SecondFactor(
    desk=DESK,
    checks={TOTP_KIND: TOTP},
    limits=LoginLimits("second-factor", address=limits.ADDRESS),
)
LOGIN: Final = Login(
    accounts=DESK.accounts,
    passwords=passwords.HASHER,
    lockout=limits.LOCKOUT,
    half_logins=DESK.proofs,
    needs_factor=FACTORS.is_due,
)
FRESH: Final = RecentFactor()


def record_of(user_id: int) -> AccountRecord:
    """The guard's record of an account. Raises the 401 for one that is gone."""
    record = DESK.accounts.find(str(user_id))
    if record is None:
        raise people.SignInNeededError
    return record


def halve(account: Account) -> Secret[str] | None:
    """The secret of a half login, where the password is not enough."""
    return LOGIN.halve(record_of(account.id))


def is_due(user_id: int) -> bool:
    """Tell whether this account has a second factor."""
    return FACTORS.is_due(record_of(user_id))


def demand_fresh(user_id: int) -> None:
    """Ask whoever has a second factor for a proof of the last five minutes. Raises the challenge (403)."""
    if is_due(user_id):
        FRESH.check()


def forget(user_id: int) -> None:
    """Nothing of a deleted account may be found by whoever gets its number next."""
    FACTORS.factors.drop_account(str(user_id))
