"""Reset and change of a password: once, in time, for one account; everything that was signed in ends."""

import hashlib
import threading
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authentication.lifecycle.desk import AccountGoneError, LinkRefusedError
from vallum.guard.authentication.lifecycle.email_proof import EmailChange
from vallum.guard.authentication.lifecycle.links import PASSWORD_RESET
from vallum.guard.authentication.lifecycle.registration import REPLY
from vallum.guard.authentication.lifecycle.reset import PasswordChange, PasswordReset
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.password_policy import WeakPasswordError
from vallum.guard.http.rate_limit import RateLimitedError
from vallum.stores.refresh import RefreshRecord
from vallum.stores.sessions import SessionRecord

PASSWORD = "seven blue pencils"
NEW = "nine green crayons"
CLIENT = "203.0.113.9"


@pytest.fixture
def reset(world: Any) -> PasswordReset:
    return PasswordReset(desk=world.desk, limits=world.limits("password-reset"))


def ask(world: Any, reset: PasswordReset, email: str = "ann@example.org") -> str:
    assert reset.begin(email, client=CLIENT) == REPLY
    return world.link()


def sign_in(world: Any, account_id: str = "id-ann", digest: bytes = b"1") -> None:
    now = world.clock()
    world.sessions.create(
        SessionRecord(digest=digest, actor_id=account_id, created=now, seen=now, idle_seconds=9e9, deadline=9e9)
    )
    world.refresh.issue(
        RefreshRecord(digest=digest, family=digest.hex(), account_id=account_id, created=now, deadline=9e9)
    )


def test_a_reset_sets_the_password_once_and_ends_everything(reset: PasswordReset, world: Any, clock: Any) -> None:
    world.add()
    sign_in(world)
    link = ask(world, reset)
    assert link not in str(vars(world.desk.proofs._store))
    assert (
        world.proofs.look(hashlib.sha256(link.encode()).digest(), PASSWORD_RESET, clock.now).value == "ann@example.org"
    )
    for _ in range(9):
        reset.look(link)
    account = reset.confirm(link, NEW, client=CLIENT)
    assert (account.epoch, account.version) == (1, 1)
    assert world.plain_accounts.find("id-ann") == account
    assert world.sessions.read(b"1", clock.now) is None
    assert world.refresh.find(b"1", clock.now) is None
    assert world.letters()[-1] == ("ann@example.org", "Your password was changed")
    assert world.login.authenticate("ann", NEW, client=CLIENT)
    with pytest.raises(LoginFailedError):
        world.login.authenticate("ann", PASSWORD, client=CLIENT)
    with pytest.raises(LinkRefusedError):
        reset.confirm(link, "eleven red markers", client=CLIENT)


def test_every_address_reads_and_costs_the_same_before_the_answer(reset: PasswordReset, world: Any) -> None:
    world.add("ann")
    world.add("off", is_active=False)
    world.add("new", email_proved=None)
    later: list[Any] = []
    object.__setattr__(world.desk, "jobs", type("Kept", (), {"add": staticmethod(later.append)})())
    addresses = [f"{name}@example.org" for name in ("ann", "off", "new", "nobody")]
    for address in addresses:
        assert world.measure(lambda address=address: reset.begin(address, client=CLIENT)) == {"mails": 0}
    for work in later:
        work()
    assert world.letters() == [
        ("ann@example.org", "Reset your password"),
        ("off@example.org", "No account to reset"),
        ("new@example.org", "Confirm your address"),
        ("nobody@example.org", "No account to reset"),
    ]


def test_mail_goes_to_the_stored_address(reset: PasswordReset, world: Any) -> None:
    world.add()
    reset.begin("ANN@EXAMPLE.ORG", client=CLIENT)
    assert world.mailer.sent[-1].to == "ann@example.org"
    assert world.mailer.sent[-1].text.count("https://notes.example/password/reset/confirm?token=") == 1


def test_a_newer_link_and_a_change_kill_an_older_one(reset: PasswordReset, world: Any) -> None:
    ann = world.add()
    first = ask(world, reset)
    second = ask(world, reset)
    with pytest.raises(LinkRefusedError):
        reset.look(first)
    PasswordChange(desk=world.desk, login=world.login).change(ann, PASSWORD, NEW, client=CLIENT)
    with pytest.raises(LinkRefusedError):
        reset.confirm(second, NEW, client=CLIENT)


def test_the_link_ends_after_a_quarter_of_an_hour(reset: PasswordReset, world: Any, clock: Any) -> None:
    world.add()
    link = ask(world, reset)
    clock.now += 901
    with pytest.raises(LinkRefusedError):
        reset.confirm(link, NEW, client=CLIENT)
    with pytest.raises(ConfigError):
        PasswordReset(desk=world.desk, seconds=3601)


def test_bug_12_cve_2023_26481_a_link_is_for_its_account_and_purpose_only(reset: PasswordReset, world: Any) -> None:
    world.add("ann")
    world.add("eve")
    link = ask(world, reset, "eve@example.org")
    change = EmailChange(desk=world.desk, login=world.login, limits=world.limits("email-change"))
    with pytest.raises(LinkRefusedError):
        change.confirm(link, client=CLIENT)
    assert reset.confirm(link, NEW, client=CLIENT).id == "id-eve"
    assert world.plain_accounts.find("id-ann").version == 0
    for wrong in ("", "x" * 43, "\ud800", link + "A"):
        with pytest.raises(LinkRefusedError):
            reset.confirm(wrong, NEW, client="198.51.100.1")


def test_a_weak_password_does_not_use_the_link_up(reset: PasswordReset, world: Any) -> None:
    world.add()
    link = ask(world, reset)
    with pytest.raises(WeakPasswordError):
        reset.confirm(link, "123456789qwerty", client=CLIENT)
    assert reset.confirm(link, NEW, client=CLIENT)


def test_a_reset_opens_a_lock(reset: PasswordReset, world: Any) -> None:
    world.add()
    for _ in range(10):
        world.lockout.note_failure("id-ann")
    reset.confirm(ask(world, reset), NEW, client=CLIENT)
    assert world.login.authenticate("ann", NEW, client=CLIENT)


@pytest.mark.parametrize("fields", [{"is_active": False}, {"email": "other@example.org"}])
def test_an_account_that_changed_meanwhile_is_left_alone(reset: PasswordReset, world: Any, fields: dict) -> None:
    world.add()
    link = ask(world, reset)
    world.plain_accounts.change("id-ann", 0, **fields)
    with pytest.raises(LinkRefusedError):
        reset.confirm(link, NEW, client=CLIENT)
    assert world.plain_accounts.find("id-ann").epoch == 0


def test_an_account_that_is_gone_has_no_reset(reset: PasswordReset, world: Any) -> None:
    world.add()
    link = ask(world, reset)
    world.plain_accounts.delete("id-ann")
    with pytest.raises(LinkRefusedError):
        reset.confirm(link, NEW, client=CLIENT)


def test_of_parallel_uses_one_wins(reset: PasswordReset, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All have seen the link as good and hashed before the first uses it up."""
    object.__setattr__(reset, "limits", type("None", (), {"take_now": lambda self, *_, **__: None})())
    world.add()
    link, won, together = ask(world, reset), [], threading.Barrier(20, timeout=10)
    monkeypatch.setattr(type(world.desk), "hash", lambda *_: f"hash {together.wait()}")

    def confirm() -> None:
        try:
            won.append(reset.confirm(link, NEW))
        except LinkRefusedError:
            return

    threads = [threading.Thread(target=confirm) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert world.plain_accounts.find("id-ann") == won[0]
    assert won[0].epoch == 1


def test_resets_are_limited(reset: PasswordReset, world: Any) -> None:
    for _ in range(5):
        reset.begin("ann@example.org", client=CLIENT)
    with pytest.raises(RateLimitedError):
        reset.begin("Ann@example.org", client="198.51.100.1")


def test_a_change_keeps_one_session_and_ends_the_others(world: Any, clock: Any) -> None:
    ann = world.add()
    sign_in(world, digest=b"1")
    sign_in(world, digest=b"2")
    change = PasswordChange(desk=world.desk, login=world.login)
    assert change.change(ann, PASSWORD, NEW, keep=b"1", client=CLIENT).epoch == 1
    assert world.sessions.read(b"1", clock.now) is not None
    assert world.sessions.read(b"2", clock.now) is None
    assert world.letters() == [("ann@example.org", "Your password was changed")]


def test_a_change_needs_the_old_password_and_a_good_new_one(world: Any) -> None:
    ann = world.add()
    change = PasswordChange(desk=world.desk, login=world.login)
    with pytest.raises(LoginFailedError):
        change.change(ann, "a guess", NEW, client=CLIENT)
    with pytest.raises(WeakPasswordError):
        change.change(ann, PASSWORD, "ann@example.org", client=CLIENT)
    world.plain_accounts.change(ann.id, 0, is_active=False, bump=True)
    with pytest.raises(AccountGoneError):
        change.change(ann, PASSWORD, NEW, client=CLIENT)
    assert world.letters() == []
