"""Register: one answer for every address, and no account before its owner has opened the mail (ASVS 6.3.8).

The account is made by `confirm`, which asks for the password again: whoever registers with somebody else's address
cannot have her finish it, and no account waits unproved for its later owner (pre-hijacking).
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from vallum.base.randomness import token
from vallum.guard.authentication.lifecycle.desk import AccountDesk, LinkRefusedError, digest_of
from vallum.guard.authentication.lifecycle.links import REGISTRATION
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.names import canonical_email, canonical_login
from vallum.guard.logging.vocabulary import AccountCreated, note_event
from vallum.stores.accounts import AccountRecord

KEEPS: Final = ("registration-no-enumeration",)

REPLY: Final = "If the address can be used, a mail is on its way to it."
"""The only sentence that registration, reset and resend may show."""
_DAY: Final = 86_400


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Two steps: `begin` mails a link, `confirm` makes the account."""

    desk: AccountDesk
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("register"))
    seconds: int = _DAY

    def begin(self, email: str, password: str, *, login: str = "", client: str | None = None) -> str:
        """Mail a link to `email` and return the sentence to show, which is always the same.

        One hash is made and no account is looked at before the answer. An address that has an account gets a notice.
        Raises `NameRefusedError` (400), `WeakPasswordError` (422), `RateLimitedError` (429), `HashingBusyError` (503).
        """
        address = canonical_email(email)
        name = canonical_login(login) if login else address
        self.limits.take_now(address, client=client)
        stored = self.desk.hash(password, address, name)
        self.desk.jobs.add(partial(self._carry_on, address, name, stored))
        return REPLY

    def look(self, secret: str) -> None:
        """For the page behind the link: uses nothing up. Raises `LinkRefusedError` (400)."""
        self.desk.look(REGISTRATION, secret)

    def confirm(self, secret: str, password: str, *, client: str | None = None) -> AccountRecord:
        """Make the account of the link, by POST, with the password that `begin` was given; log nobody in.

        Raises `LinkRefusedError` (400), also when address or login were taken meanwhile, `LoginFailedError` (401) for
        another password, five of which use the link up, and `RateLimitedError` (429).
        """
        desk = self.desk
        self.limits.take_now(secret, client=client)
        proof = desk.proofs.spend(digest_of(secret), REGISTRATION, desk.clock())
        if proof is None:
            raise LinkRefusedError(REGISTRATION)
        stored = str(proof.data["password"])
        if not desk.passwords.run_now(desk.passwords.verify, password, stored):
            raise LoginFailedError(LoginFailure.MISMATCH, typed_name=proof.value)
        proof = desk.consume(REGISTRATION, secret)
        now = desk.clock()
        account = AccountRecord(
            id=token(16, randomness=desk.randomness),
            login=str(proof.data["login"]),
            email=proof.value,
            email_proved=now,
            password=stored,
            created=now,
        )
        if not desk.accounts.create(account):
            raise LinkRefusedError("login or address taken")
        note_event(AccountCreated(account=account.id))
        return account

    def _carry_on(self, address: str, login: str, stored: str) -> None:
        if self.desk.accounts.find_email(address) is not None:
            self.desk.send("registration-known", address)
            return
        self.desk.send_link(REGISTRATION, address, self.seconds, data={"login": login, "password": stored})
