"""One account from its registration to its end, on one SQLite file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.lifecycle.closing import AccountCare, AccountClosing
from vallum.guard.authentication.lifecycle.desk import AccountDesk, LinkRefusedError
from vallum.guard.authentication.lifecycle.email_proof import EmailChange
from vallum.guard.authentication.lifecycle.invitations import Invitations
from vallum.guard.authentication.lifecycle.links import LinkPolicy
from vallum.guard.authentication.lifecycle.registration import Registration
from vallum.guard.authentication.lifecycle.reset import PasswordReset
from vallum.guard.authentication.lockout import Lockout
from vallum.guard.authentication.login import HALF_LOGIN, Login
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.mail.kept import MemoryMailer
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.stores.limits_sqlite import SqliteLimits
from vallum.stores.sql.accounts import SqlAccounts
from vallum.stores.sql.proofs import SqlProofs
from vallum.stores.sql.refresh import SqlRefresh
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase

FIRST, SECOND = "seven blue pencils", "nine green crayons"
CLIENT = "203.0.113.9"


@pytest.fixture
def parts(tmp_path: Path, clock: Any) -> Iterator[tuple[AccountDesk, Login, MemoryMailer, SqliteLimits]]:
    database, limits = SqliteDatabase(tmp_path / "app.sqlite"), SqliteLimits(tmp_path / "limits.sqlite")
    passwords, mailer, lockout = (
        PasswordHasher(UNSAFE_CHEAPEST, workers=1),
        MemoryMailer(),
        Lockout(limits, clock=clock),
    )
    accounts, proofs = SqlAccounts(database), SqlProofs(database)
    desk = AccountDesk(
        accounts=accounts,
        proofs=proofs,
        passwords=passwords,
        mailer=mailer,
        links=LinkPolicy("https://notes.example"),
        sessions=SqlSessions(database),
        refresh=SqlRefresh(database),
        lockout=lockout,
        jobs=ImmediateJobs(),
        clock=clock,
    )
    login = Login(
        accounts=accounts,
        passwords=passwords,
        lockout=lockout,
        limits=LoginLimits(store=limits, clock=clock),
        half_logins=proofs,
        needs_factor=lambda account: "admin" in account.roles,
        on_lock=desk.note_lock,
        clock=clock,
    )
    yield desk, login, mailer, limits
    passwords.close()
    database.close()
    limits.close()


def test_a_life_on_sqlite(parts: Any, clock: Any) -> None:
    desk, login, mailer, limits = parts

    def limit(name: str) -> LoginLimits:
        return LoginLimits(name, store=limits, clock=clock)

    def newest(place: int = -1) -> str:
        return mailer.sent[place].text.partition("?token=")[2].split()[0]

    registration = Registration(desk=desk, limits=limit("register"))
    registration.begin("Ann@Example.org", FIRST, login="Ann", client=CLIENT)
    account = registration.confirm(newest(), FIRST, client=CLIENT)
    assert login.authenticate("ANN", FIRST, client=CLIENT).account == account

    change = EmailChange(desk=desk, login=login, limits=limit("email-change"))
    change.begin(account, "ann@new.example", FIRST, client=CLIENT)
    account = change.confirm(newest(-2), client=CLIENT)
    assert account == desk.accounts.find_email("ann@new.example")

    for number in range(10):
        with pytest.raises(LoginFailedError):
            login.authenticate("ann", "a guess", client=f"198.51.100.{number}")
        clock.now += 181
    reset = PasswordReset(desk=desk, limits=limit("password-reset"))
    reset.begin("ann@new.example", client=CLIENT)
    link = newest()
    account = reset.confirm(link, SECOND, client=CLIENT)
    for wrong in (link, "", "\ud800"):
        with pytest.raises(LinkRefusedError):
            reset.confirm(wrong, FIRST, client=CLIENT)
    assert login.authenticate("ann@new.example", SECOND, client=CLIENT).account.epoch == 1

    care = AccountCare(desk=desk)
    care.set_roles(account.id, ["admin", "writer"])
    result = login.authenticate("ann", SECOND, client=CLIENT)
    assert result.half is not None
    assert result.account.roles == ("admin", "writer")
    assert desk.look(HALF_LOGIN, result.half.reveal()).account_id == account.id

    invitations = Invitations(desk=desk, limits=limit("invitation"))
    invitations.invite("bob@example.org", ["writer"])
    assert invitations.accept(newest(), FIRST, login="Bob", client=CLIENT).roles == ("writer",)

    closing = AccountClosing(desk=desk)
    assert closing.export(account.id)["account"]["roles"] == ["admin", "writer"]
    care.disable(account.id)
    with pytest.raises(LoginFailedError):
        login.authenticate("ann", SECOND, client=CLIENT)
    closing.delete(account.id)
    assert desk.accounts.find_login("ann") is None
    assert mailer.sent[-1].subject == "Your account was deleted"
