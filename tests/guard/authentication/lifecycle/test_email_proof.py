"""An address counts when it was proved, by POST; a change tells the old address."""

from typing import Any

import pytest

from vallum.guard.authentication.lifecycle.desk import LinkRefusedError
from vallum.guard.authentication.lifecycle.email_proof import EmailChange, EmailProof
from vallum.guard.authentication.lifecycle.registration import REPLY
from vallum.guard.authentication.lifecycle.reset import PasswordReset
from vallum.guard.authentication.login_failure import LoginFailedError

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"


@pytest.fixture
def proof(world: Any) -> EmailProof:
    return EmailProof(desk=world.desk, limits=world.limits("email-proof"))


@pytest.fixture
def change(world: Any) -> EmailChange:
    return EmailChange(desk=world.desk, login=world.login, limits=world.limits("email-change"))


def test_opening_the_link_proves_nothing_and_the_post_does_once(proof: EmailProof, world: Any, clock: Any) -> None:
    world.add(email_proved=None)
    assert proof.begin("ann@example.org", client=CLIENT) == REPLY
    link = world.link()
    proof.look(link)
    assert world.plain_accounts.find("id-ann").email_proved is None
    assert proof.confirm(link, client=CLIENT).email_proved == clock.now
    for act in (proof.look, proof.confirm):
        with pytest.raises(LinkRefusedError):
            act(link, **({"client": CLIENT} if act == proof.confirm else {}))


def test_only_an_unproved_address_gets_a_link_and_the_reply_is_the_same(proof: EmailProof, world: Any) -> None:
    world.add()
    for address in ("ann@example.org", "nobody@example.org"):
        assert proof.begin(address, client=CLIENT) == REPLY
    assert world.letters() == []


def test_bug_11_cve_2026_32700_a_proof_is_for_the_address_it_was_sent_to(proof: EmailProof, world: Any) -> None:
    """The attacker asks for a proof of her own address and changes it to the victim's before she confirms."""
    world.add("eve", email_proved=None)
    proof.begin("eve@example.org", client=CLIENT)
    link = world.link()
    world.plain_accounts.change("id-eve", 0, email="victim@example.org", email_proved=None)
    with pytest.raises(LinkRefusedError):
        proof.confirm(link, client=CLIENT)
    assert world.plain_accounts.find("id-eve").email_proved is None


def test_bug_11_a_change_in_the_middle_of_the_confirmation_wins(
    proof: EmailProof, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("eve", email_proved=None)
    proof.begin("eve@example.org", client=CLIENT)
    find = type(world.plain_accounts).find

    def race(self: Any, account_id: str) -> Any:
        found = find(self, account_id)
        monkeypatch.undo()
        self.change("id-eve", 0, email="victim@example.org")
        return found

    monkeypatch.setattr(type(world.plain_accounts), "find", race)
    with pytest.raises(LinkRefusedError):
        proof.confirm(world.link(), client=CLIENT)
    assert world.plain_accounts.find("id-eve").email_proved is None


def test_a_change_keeps_the_old_address_until_the_new_one_is_proved(
    change: EmailChange, world: Any, clock: Any
) -> None:
    ann = world.add(login="ann@example.org")
    reset = PasswordReset(desk=world.desk, limits=world.limits("password-reset"))
    assert change.begin(ann, "Ann.Lee@example.org", PASSWORD, client=CLIENT) == REPLY
    assert world.letters() == [
        ("ann.lee@example.org", "Confirm your new address"),
        ("ann@example.org", "A new address was asked for"),
    ]
    assert world.plain_accounts.find(ann.id) == ann
    link = world.mailer.sent[-2].text.partition("?token=")[2].split()[0]
    reset.begin("ann@example.org", client=CLIENT)
    old_reset = world.link()
    change.look(link)
    clock.now += 60
    moved = change.confirm(link, client=CLIENT)
    assert (moved.email, moved.login, moved.email_proved) == ("ann.lee@example.org",) * 2 + (clock.now,)
    assert world.letters()[-1] == ("ann@example.org", "Your address was changed")
    for act in (lambda: reset.look(old_reset), lambda: change.confirm(link, client=CLIENT)):
        with pytest.raises(LinkRefusedError):
            act()


def test_a_taken_address_answers_alike_and_its_owner_is_told(change: EmailChange, world: Any) -> None:
    ann = world.add("ann")
    world.add("bob")
    fresh = world.measure(lambda: change.begin(ann, "new@example.org", PASSWORD, client=CLIENT))
    taken = world.measure(lambda: change.begin(ann, "bob@example.org", PASSWORD, client=CLIENT))
    assert (fresh["mails"], fresh["hashes"]) == (taken["mails"], taken["hashes"]) == (2, 1)
    assert ("bob@example.org", "This address is in use") in world.letters()


def test_an_address_that_was_taken_or_left_meanwhile_is_refused(change: EmailChange, world: Any) -> None:
    ann = world.add()
    change.begin(ann, "new@example.org", PASSWORD, client=CLIENT)
    first = world.mailer.sent[-2].text.partition("?token=")[2].split()[0]
    world.add("new")
    with pytest.raises(LinkRefusedError):
        change.confirm(first, client=CLIENT)
    change.begin(ann, "other@example.org", PASSWORD, client=CLIENT)
    second = world.mailer.sent[-2].text.partition("?token=")[2].split()[0]
    world.plain_accounts.change(ann.id, 0, email="third@example.org")
    with pytest.raises(LinkRefusedError):
        change.confirm(second, client=CLIENT)


def test_a_change_needs_the_password(change: EmailChange, world: Any) -> None:
    ann = world.add()
    with pytest.raises(LoginFailedError):
        change.begin(ann, "new@example.org", "a guess", client=CLIENT)
    assert world.letters() == []
