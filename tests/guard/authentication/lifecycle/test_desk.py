"""Links on the configured origin, letters, and changes that never overwrite."""

from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authentication.lifecycle.desk import AccountGoneError
from vallum.guard.authentication.lifecycle.letters import LETTERS, Letters
from vallum.guard.authentication.lifecycle.links import PASSWORD_RESET, LinkPolicy


@pytest.mark.parametrize("origin", ["https://notes.example", "https://notes.example:8443", "http://localhost:8000"])
def test_links_lead_to_the_configured_origin(origin: str) -> None:
    links = LinkPolicy(origin, {PASSWORD_RESET: "/neu"})
    assert links.build(PASSWORD_RESET, "abc") == f"{origin}/neu?token=abc"
    assert links.build("registration", "abc") == f"{origin}/register/confirm?token=abc"


@pytest.mark.parametrize(
    ("origin", "path"),
    [
        ("http://notes.example", "/neu"),
        ("https://notes.example/", "/neu"),
        ("https://notes.example@evil.example", "/neu"),
        ("https://notes.example", "neu"),
        ("https://notes.example", "//evil.example/neu"),
        ("https://notes.example", "/neu?x="),
        ("", "/neu"),
    ],
)
def test_links_that_lead_elsewhere_are_refused(origin: str, path: str) -> None:
    with pytest.raises(ConfigError):
        LinkPolicy(origin, {PASSWORD_RESET: path})


def test_letters_can_be_replaced_but_not_lose_their_link() -> None:
    german = Letters({**LETTERS, "password-reset": ("Neues Passwort", "Hier: {link}")})
    mail = german.write("password-reset", "ann@example.org", origin="https://notes.example", link="https://x/{origin}")
    assert (mail.subject, mail.text) == ("Neues Passwort", "Hier: https://x/{origin}\n")
    for texts in ({**LETTERS, "password-reset": ("Neu", "ohne")}, {"password-reset": LETTERS["password-reset"]}):
        with pytest.raises(ConfigError):
            Letters(texts)


def test_a_change_is_tried_again_after_another_one(world: Any) -> None:
    world.add()
    seen: list[int] = []

    def alter(account: Any) -> Any:
        seen.append(account.version)
        if len(seen) == 1:
            world.plain_accounts.change(account.id, account.version, roles=("writer",))
        return {"is_active": False}

    changed = world.desk.change("id-ann", alter, bump=True)
    assert seen == [0, 1]
    assert changed == world.plain_accounts.find("id-ann")
    assert (changed.roles, changed.is_active, changed.epoch) == (("writer",), False, 1)


def test_a_change_that_always_loses_is_given_up(world: Any) -> None:
    world.add()

    def alter(account: Any) -> Any:
        world.plain_accounts.change(account.id, account.version, roles=("writer",))
        return {"is_active": False}

    with pytest.raises(AccountGoneError):
        world.desk.change("id-ann", alter)
    assert world.plain_accounts.find("id-ann").is_active


def test_an_account_without_an_address_gets_no_mail(world: Any) -> None:
    world.desk.notify("password-changed", "")
    assert world.letters() == []
