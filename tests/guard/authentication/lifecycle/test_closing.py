"""Losses end sessions and move the epoch; the export has no secret; the end leaves nothing."""

from typing import Any

import pytest

from vallum.guard.authentication.lifecycle.closing import AccountCare, AccountClosing
from vallum.guard.authentication.lifecycle.desk import AccountGoneError
from vallum.guard.authentication.lifecycle.reset import PasswordReset
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.stores.sessions import SessionRecord

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"


@pytest.fixture
def signed_in(world: Any) -> Any:
    ann = world.add(roles=("writer", "admin"))
    now = world.clock()
    world.sessions.create(
        SessionRecord(
            digest=b"1", actor_id=ann.id, created=now, seen=now, idle_seconds=9e9, deadline=9e9, address=CLIENT
        )
    )
    return ann


def alive(world: Any) -> bool:
    return world.sessions.read(b"1", world.clock()) is not None


def test_a_disabled_account_is_out_at_once(world: Any, signed_in: Any) -> None:
    care = AccountCare(desk=world.desk)
    assert care.disable(signed_in.id).epoch == 1
    assert not alive(world)
    with pytest.raises(LoginFailedError):
        world.login.authenticate("ann", PASSWORD, client=CLIENT)
    assert care.enable(signed_in.id).epoch == 1
    assert world.login.authenticate("ann", PASSWORD, client=CLIENT)
    assert [subject for _, subject in world.letters()] == ["Your account was disabled", "Your account was enabled"]


def test_a_change_of_roles_ends_the_sessions_that_carry_the_old(world: Any, signed_in: Any) -> None:
    changed = AccountCare(desk=world.desk).set_roles(signed_in.id, ["writer", "writer"])
    assert (changed.roles, changed.epoch) == (("writer",), 1)
    assert not alive(world)
    assert world.letters() == [("ann@example.org", "Your rights were changed")]


def test_an_administrator_opens_a_lock(world: Any, signed_in: Any) -> None:
    for _ in range(10):
        world.lockout.note_failure(signed_in.id)
    AccountCare(desk=world.desk).unlock(signed_in.id)
    assert world.login.authenticate("ann", PASSWORD, client=CLIENT)


def test_the_export_has_everything_and_no_secret(world: Any, signed_in: Any) -> None:
    told = AccountClosing(desk=world.desk, sources={"notes": lambda account_id: [f"of {account_id}"]}).export("id-ann")
    assert told["account"]["email"] == "ann@example.org"
    assert told["account"]["roles"] == ["writer", "admin"]
    assert told["sessions"][0]["address"] == CLIENT
    assert told["notes"] == ["of id-ann"]
    assert "argon2" not in str(told)


def test_a_deleted_account_leaves_nothing(world: Any, signed_in: Any) -> None:
    reset = PasswordReset(desk=world.desk, limits=world.limits("password-reset"))
    reset.begin("ann@example.org", client=CLIENT)
    erased: list[str] = []
    AccountClosing(desk=world.desk, erasers=(erased.append,)).delete(signed_in.id)
    assert erased == [signed_in.id]
    assert world.plain_accounts.find(signed_in.id) is None
    assert not alive(world)
    assert world.desk.proofs.drop_account(signed_in.id) == 0
    assert world.letters()[-1] == ("ann@example.org", "Your account was deleted")


def test_an_eraser_that_fails_leaves_a_disabled_account(world: Any, signed_in: Any) -> None:
    def fail(account_id: str) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        AccountClosing(desk=world.desk, erasers=(fail,)).delete(signed_in.id)
    assert not world.plain_accounts.find(signed_in.id).is_active
    assert not alive(world)


def test_an_account_that_is_not_there(world: Any) -> None:
    care, closing = AccountCare(desk=world.desk), AccountClosing(desk=world.desk)
    for act in (care.disable, care.enable, closing.export, closing.delete, lambda name: care.set_roles(name, ())):
        with pytest.raises(AccountGoneError):
            act("nobody")


def test_without_the_other_stores_the_epoch_alone_ends_sessions(world: Any, signed_in: Any) -> None:
    for part in ("sessions", "refresh", "lockout"):
        object.__setattr__(world.desk, part, None)
    care = AccountCare(desk=world.desk)
    assert care.disable(signed_in.id).epoch == 1
    care.unlock(signed_in.id)
    assert AccountClosing(desk=world.desk).export(signed_in.id)["sessions"] == []
    AccountClosing(desk=world.desk).delete(signed_in.id)
    assert world.plain_accounts.find(signed_in.id) is None
