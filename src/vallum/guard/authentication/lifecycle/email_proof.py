"""Prove and change an address: by a link to that address that works once, and by a POST (ASVS 6.3.7, 7.5.1)."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from vallum.guard.authentication.lifecycle.desk import AccountDesk, AccountGoneError, LinkRefusedError
from vallum.guard.authentication.lifecycle.links import EMAIL_CHANGE, EMAIL_PROOF
from vallum.guard.authentication.lifecycle.registration import REPLY
from vallum.guard.authentication.login import Login
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.names import canonical_email
from vallum.guard.logging.vocabulary import EmailChanged, note_event
from vallum.stores.accounts import AccountFields, AccountRecord

KEEPS: Final = ("email-verification",)
DAY: Final = 86_400


@dataclass(frozen=True, kw_only=True)
class EmailProof:
    """Proves the address of an account that was made without, such as an imported one."""

    desk: AccountDesk
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("email-proof"))
    seconds: int = DAY

    def begin(self, email: str, *, client: str | None = None) -> str:
        """Mail a link if `email` is the unproved address of an account; return the sentence that is always the same.

        Raises `NameRefusedError` (400) and `RateLimitedError` (429).
        """
        address = canonical_email(email)
        self.limits.take_now(address, client=client)
        self.desk.jobs.add(partial(self._carry_on, address))
        return REPLY

    def look(self, secret: str) -> None:
        """For the page behind the link: uses nothing up. Raises `LinkRefusedError` (400)."""
        self.desk.look(EMAIL_PROOF, secret)

    def confirm(self, secret: str, *, client: str | None = None) -> AccountRecord:
        """Note, by POST, that the address is proved: if it is still the account's. Raises `LinkRefusedError` (400)."""
        self.limits.take_now(secret, client=client)
        proof = self.desk.consume(EMAIL_PROOF, secret)
        now = self.desk.clock()

        def prove(account: AccountRecord) -> AccountFields | None:
            return {"email_proved": now} if account.email == proof.value else None

        try:
            return self.desk.change(proof.account_id, prove)
        except AccountGoneError:
            raise LinkRefusedError("the address is another one now") from None

    def _carry_on(self, address: str) -> None:
        account = self.desk.accounts.find_email(address)
        if account is not None and account.email_proved is None:
            self.desk.send_link(EMAIL_PROOF, address, self.seconds, account_id=account.id)


@dataclass(frozen=True, kw_only=True)
class EmailChange:
    """Changes an address: the old one stays until the new one is proved, and is told twice."""

    desk: AccountDesk
    login: Login
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("email-change"))
    seconds: int = DAY

    def begin(self, account: AccountRecord, email: str, password: str, *, client: str | None = None) -> str:
        """Mail a link to the new address and a notice to the old one, if `password` is the account's.

        An address that another account has gets a notice in the place of the link; the answer is the same. Raises
        `NameRefusedError` (400), `LoginFailedError` (401) and `RateLimitedError` (429).
        """
        address = canonical_email(email)
        self.limits.take_now(account.id, client=client)
        self.login.verify(account, password, client=client)
        self.desk.jobs.add(partial(self._carry_on, account, address))
        return REPLY

    def claim(self, account: AccountRecord, email: str, *, client: str | None = None) -> str:
        """Do the same for an account without a password, whose owner has just shown another proof.

        Raises `NameRefusedError` (400) and `RateLimitedError` (429).
        """
        address = canonical_email(email)
        self.limits.take_now(account.id, client=client)
        self.desk.jobs.add(partial(self._carry_on, account, address))
        return REPLY

    def look(self, secret: str) -> None:
        """For the page behind the link: uses nothing up. Raises `LinkRefusedError` (400)."""
        self.desk.look(EMAIL_CHANGE, secret)

    def confirm(self, secret: str, *, client: str | None = None) -> AccountRecord:
        """Give the account of the link its new address, by POST; a login that was the old address follows it.

        Links that went to the old address die. Raises `LinkRefusedError` (400), also when the address was taken.
        """
        self.limits.take_now(secret, client=client)
        proof = self.desk.consume(EMAIL_CHANGE, secret)
        old, now = str(proof.data["old"]), self.desk.clock()

        def move(account: AccountRecord) -> AccountFields | None:
            if account.email != old:
                return None
            login = proof.value if account.login == old else account.login
            return {"email": proof.value, "email_proved": now, "login": login}

        try:
            account = self.desk.change(proof.account_id, move)
        except AccountGoneError:
            raise LinkRefusedError("the address was taken, or changed before") from None
        self.desk.proofs.drop_account(account.id)
        note_event(EmailChanged(account=account.id))
        self.desk.notify("email-changed", old)
        return account

    def _carry_on(self, account: AccountRecord, address: str) -> None:
        if self.desk.accounts.find_email(address) is not None:
            self.desk.send("email-change-known", address)
        else:
            data = {"old": account.email}
            self.desk.send_link(EMAIL_CHANGE, address, self.seconds, account_id=account.id, data=data)
        self.desk.send("email-change-asked", account.email)
