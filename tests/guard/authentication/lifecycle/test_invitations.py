"""The link makes the account, with the roles of the host."""

from typing import Any

import pytest

from vallum.guard.authentication.lifecycle.desk import LinkRefusedError, LoginTakenError
from vallum.guard.authentication.lifecycle.invitations import Invitations
from vallum.guard.authentication.password_policy import WeakPasswordError

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"


@pytest.fixture
def invitations(world: Any) -> Invitations:
    return Invitations(desk=world.desk, limits=world.limits("invitation"))


def test_a_guest_gets_the_roles_of_the_invitation(invitations: Invitations, world: Any, clock: Any) -> None:
    invitations.invite("Bob@example.org", ["writer"])
    link = world.link()
    assert invitations.look(link) == "bob@example.org"
    bob = invitations.accept(link, PASSWORD, login="Bob", client=CLIENT)
    assert (bob.login, bob.email, bob.email_proved, bob.roles) == ("bob", "bob@example.org", clock.now, ("writer",))
    assert world.login.authenticate("bob", PASSWORD, client=CLIENT).account == bob
    with pytest.raises(LinkRefusedError):
        invitations.accept(link, PASSWORD, client=CLIENT)


def test_mistakes_do_not_use_the_link_up(invitations: Invitations, world: Any) -> None:
    world.add("ann")
    invitations.invite("bob@example.org")
    link = world.link()
    with pytest.raises(WeakPasswordError):
        invitations.accept(link, "bob@example.org", client=CLIENT)
    with pytest.raises(LoginTakenError):
        invitations.accept(link, PASSWORD, login="ANN", client=CLIENT)
    assert invitations.accept(link, PASSWORD, client=CLIENT).login == "bob@example.org"


def test_a_member_gets_a_notice(invitations: Invitations, world: Any) -> None:
    world.add("ann")
    invitations.invite("ann@example.org", ["admin"])
    assert "?token=" not in world.mailer.sent[-1].text
    assert world.plain_accounts.find("id-ann").roles == ()


def test_an_address_that_registered_meanwhile_is_refused(invitations: Invitations, world: Any) -> None:
    invitations.invite("ann@example.org", ["admin"])
    link = world.link()
    world.add("ann")
    with pytest.raises(LinkRefusedError):
        invitations.accept(link, PASSWORD, login="other", client=CLIENT)
