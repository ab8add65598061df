"""One suite for every store of accounts."""

from typing import Any

import pytest

from vallum.stores.accounts import AccountRecord, AccountStore

NOW = 1_000.5


def account(name: str, **changes: Any) -> AccountRecord:
    fields: dict[str, Any] = {
        "id": f"id-{name}",
        "login": name,
        "email": f"{name}@example.org",
        "email_proved": NOW,
        "password": "$argon2id$...",
        "roles": ("writer", "admin"),
        "created": NOW,
    }
    return AccountRecord(**fields | changes)


def test_finds_what_was_created(accounts: AccountStore) -> None:
    ada = account("ada")
    assert accounts.create(ada)
    assert accounts.create(account("bob", email_proved=None, is_active=False, epoch=4, roles=()))
    assert accounts.find("id-ada") == accounts.find_login("ada") == accounts.find_email("ada@example.org") == ada
    assert accounts.find_login("bob") == account("bob", email_proved=None, is_active=False, epoch=4, roles=())


@pytest.mark.parametrize("name", ["nobody", "", "ADA", "ada ", "a\0da", "\udcff", "' OR 1=1 --", "x" * 5000])
def test_finds_nobody_else(accounts: AccountStore, name: str) -> None:
    accounts.create(account("ada"))
    accounts.create(account("eve", email=""))
    assert accounts.find(name) is None
    assert accounts.find_login(name) is None
    assert accounts.find_email(name) is None


@pytest.mark.parametrize("field", ["id", "login", "email"])
def test_id_login_and_address_are_taken_once(accounts: AccountStore, field: str) -> None:
    accounts.create(account("ada"))
    assert not accounts.create(account("eve", **{field: getattr(account("ada"), field)}))
    assert accounts.find_login("eve") is None
    assert accounts.find("id-ada") == account("ada")


def test_any_number_of_accounts_has_no_address(accounts: AccountStore) -> None:
    assert accounts.create(account("ada", email=""))
    assert accounts.create(account("bob", email=""))


def test_a_change_needs_the_version_that_was_read(accounts: AccountStore) -> None:
    accounts.create(account("ada"))
    assert accounts.change("id-ada", 0, password="new", roles=("reader",), is_active=False)
    assert not accounts.change("id-ada", 0, password="slow")
    assert not accounts.change("id-nobody", 0, password="x")
    assert accounts.find("id-ada") == account("ada", password="new", roles=("reader",), is_active=False, version=1)


def test_the_epoch_grows_in_the_same_statement(accounts: AccountStore) -> None:
    accounts.create(account("ada", epoch=2))
    assert accounts.change("id-ada", 0, bump=True, password="new")
    assert accounts.change("id-ada", 1, bump=True)
    assert not accounts.change("id-ada", 1, bump=True)
    assert accounts.find("id-ada") == account("ada", password="new", epoch=4, version=2)


@pytest.mark.parametrize("field", ["login", "email"])
def test_a_change_takes_no_name_of_another(accounts: AccountStore, field: str) -> None:
    accounts.create(account("ada"))
    accounts.create(account("bob"))
    assert not accounts.change("id-bob", 0, **{field: getattr(account("ada"), field)})
    assert accounts.find("id-bob") == account("bob"), "the version tells that nobody else wrote"
    assert accounts.change("id-bob", 0, **{field: getattr(account("bob"), field)}), "one's own name is no conflict"


def test_an_address_changes_and_becomes_unproved(accounts: AccountStore) -> None:
    accounts.create(account("ada"))
    assert accounts.change("id-ada", 0, email="new@example.org", email_proved=None)
    assert accounts.find_email("ada@example.org") is None
    found = accounts.find_email("new@example.org")
    assert found is not None
    assert found.email_proved is None
    assert accounts.create(account("bob", email="ada@example.org")), "the old address is free"


def test_only_what_may_change_changes(accounts: AccountStore) -> None:
    accounts.create(account("ada"))
    with pytest.raises((KeyError, TypeError)):
        accounts.change("id-ada", 0, **{"id = 'x' --": "y"})
    assert accounts.find("id-ada") == account("ada")


def test_a_deleted_account_is_gone_and_its_names_are_free(accounts: AccountStore) -> None:
    accounts.create(account("ada"))
    assert accounts.delete("id-ada")
    assert not accounts.delete("id-ada")
    assert not accounts.change("id-ada", 0, password="x")
    assert accounts.create(account("ada", id="other"))


def test_the_password_is_not_shown() -> None:
    assert "argon2" not in repr(account("ada"))


def test_one_of_fifty_registrations_gets_the_name(accounts: AccountStore, crowd: Any, rounds: int) -> None:
    for number in range(rounds):
        name = f"ada{number}"
        won = crowd(lambda place, name=name: accounts.create(account(name, id=f"{name}-{place}")))
        assert won.count(True) == 1


def test_one_of_fifty_changes_of_a_version_wins(accounts: AccountStore, crowd: Any, rounds: int) -> None:
    accounts.create(account("ada"))
    for number in range(rounds):
        won = crowd(lambda place, number=number: accounts.change("id-ada", number, bump=True, password=f"p{place}"))
        found = accounts.find("id-ada")
        assert won.count(True) == 1
        assert found is not None
        assert (found.version, found.epoch, found.password) == (number + 1, number + 1, f"p{won.index(True)}")


def test_one_of_fifty_accounts_gets_the_address(accounts: AccountStore, crowd: Any) -> None:
    for place in range(50):
        accounts.create(account(f"u{place}"))
    won = crowd(lambda place: accounts.change(f"id-u{place}", 0, email="wanted@example.org"))
    assert won.count(True) == 1
