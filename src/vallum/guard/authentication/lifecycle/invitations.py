"""Invite somebody by mail: the link makes the account, with the roles that the host chose."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from vallum.base.randomness import token
from vallum.guard.authentication.lifecycle.desk import AccountDesk, LinkRefusedError, LoginTakenError
from vallum.guard.authentication.lifecycle.links import INVITATION
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.names import canonical_email, canonical_login
from vallum.guard.logging.vocabulary import AccountCreated, AdminActed, note_event
from vallum.stores.accounts import AccountRecord

_WEEK: Final = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class Invitations:
    """Two steps: `invite`, on a route that only hosts reach, and `accept`, by POST, for whoever has the link."""

    desk: AccountDesk
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("invitation"))
    seconds: int = _WEEK

    def invite(self, email: str, roles: Iterable[str] = ()) -> None:
        """Mail a link to `email`; an address that has an account gets a notice. Raises `NameRefusedError` (400)."""
        address = canonical_email(email)
        note_event(AdminActed(action="invite", subject="account"))
        self.desk.jobs.add(partial(self._carry_on, address, tuple(roles)))

    def look(self, secret: str) -> str:
        """The address that the link proves, for the page behind it: uses nothing up. Raises `LinkRefusedError`."""
        return self.desk.look(INVITATION, secret).value

    def accept(self, secret: str, password: str, *, login: str = "", client: str | None = None) -> AccountRecord:
        """Make the account. A weak password or a refused login does not use the link up; a taken login does not either.

        Raises `LinkRefusedError` (400), `NameRefusedError` (400), `LoginTakenError` (409), `WeakPasswordError` (422)
        and `RateLimitedError` (429).
        """
        desk = self.desk
        self.limits.take_now(secret, client=client)
        proof = desk.look(INVITATION, secret)
        name = canonical_login(login) if login else proof.value
        stored = desk.hash(password, proof.value, name)
        if desk.accounts.find_login(name) is not None:
            raise LoginTakenError
        proof = desk.consume(INVITATION, secret)
        now = desk.clock()
        roles = proof.data["roles"]
        account = AccountRecord(
            id=token(16, randomness=desk.randomness),
            login=name,
            email=proof.value,
            email_proved=now,
            password=stored,
            roles=tuple(str(role) for role in roles) if isinstance(roles, list | tuple) else (),
            created=now,
        )
        if not desk.accounts.create(account):
            raise LinkRefusedError("login or address taken")
        note_event(AccountCreated(account=account.id))
        return account

    def _carry_on(self, address: str, roles: tuple[str, ...]) -> None:
        if self.desk.accounts.find_email(address) is not None:
            self.desk.send("invitation-known", address)
        else:
            self.desk.send_link(INVITATION, address, self.seconds, data={"roles": list(roles)})
