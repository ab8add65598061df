"""One suite for every store of second factors."""

from typing import Any

import pytest

from vallum.stores.factors import FactorRecord, FactorStore

NOW = 1_000.25


def factor(factor_id: str, **changes: Any) -> FactorRecord:
    fields: dict[str, Any] = {
        "id": factor_id,
        "account_id": "ada",
        "kind": "totp",
        "name": "phone",
        "secret": b"\0sealed\xff",
        "created": NOW,
        "data": {"transports": ["usb"]},
    }
    return FactorRecord(**fields | changes)


def active(factor_id: str, **changes: Any) -> FactorRecord:
    return factor(factor_id, state="active", **changes)


def test_finds_what_was_added(factors: FactorStore) -> None:
    assert factors.add(factor("a"))
    assert factors.find("a") == factor("a")
    assert factors.find("b") is None
    assert factors.find("\0") is None


def test_an_id_is_taken_once_over_all_accounts(factors: FactorStore) -> None:
    record = factor("a")
    assert factors.add(record)
    assert not factors.add(record)
    assert not factors.add(factor("a", account_id="eve"))
    assert factors.find("a") == factor("a")


def test_lists_an_account_oldest_first(factors: FactorStore) -> None:
    factors.add(factor("late", created=NOW + 1))
    factors.add(factor("early"))
    factors.add(factor("other", account_id="bob"))
    assert [row.id for row in factors.list_account("ada")] == ["early", "late"]


def test_a_pending_factor_becomes_active_once(factors: FactorStore) -> None:
    factors.add(factor("a"))
    assert factors.activate("a", 7, NOW + 5)
    assert not factors.activate("a", 8, NOW + 6)
    assert not factors.activate("nothing", 8, NOW)
    assert factors.find("a") == active("a", counter=7, used=NOW + 5)


def test_a_pending_factor_proves_nothing(factors: FactorStore) -> None:
    factors.add(factor("a"))
    factors.add(factor("r", kind="recovery"))
    assert not factors.advance("a", 7, NOW)
    assert not factors.consume("r")


def test_a_counter_only_grows(factors: FactorStore) -> None:
    factors.add(active("a", counter=10))
    assert [factors.advance("a", step, NOW) for step in (9, 10, 11, 11, 10, 13)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]
    assert factors.find("a") == active("a", counter=13, used=NOW)


def test_a_passkey_without_a_counter_stays_at_zero(factors: FactorStore) -> None:
    factors.add(active("key", kind="passkey"))
    factors.add(active("totp"))
    assert factors.advance("key", 0, NOW)
    assert factors.advance("key", 0, NOW + 1)
    assert not factors.advance("totp", 0, NOW)
    assert factors.advance("key", 5, NOW)
    assert not factors.advance("key", 0, NOW), "one that began to count never goes back"


def test_a_recovery_code_works_once(factors: FactorStore) -> None:
    factors.add(active("r", kind="recovery"))
    assert factors.consume("r")
    assert not factors.consume("r")


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
@pytest.mark.parametrize("other", ["totp", "passkey", "email"])
def test_only_recovery_codes_are_consumed(factors: FactorStore, other: str) -> None:
    factors.add(active("a", kind=other))
    assert not factors.consume("a")
    assert factors.find("a") is not None


def test_a_set_of_codes_is_replaced_in_one_step(factors: FactorStore) -> None:
    factors.add(active("old", kind="recovery"))
    factors.add(active("totp"))
    factors.add(active("bob's", kind="recovery", account_id="bob"))
    factors.replace("ada", "recovery", [active(f"new{n}", kind="recovery") for n in range(3)])
    assert [row.id for row in factors.list_account("ada")] == ["new0", "new1", "new2", "totp"]
    assert factors.find("bob's") is not None
    factors.replace("ada", "recovery", [])
    assert [row.id for row in factors.list_account("ada")] == ["totp"]


def test_names_and_removals_ask_for_the_account(factors: FactorStore) -> None:
    factors.add(active("a"))
    assert not factors.rename("a", "eve", "mine")
    assert not factors.remove("a", "eve")
    assert factors.rename("a", "ada", "key ring")
    assert factors.find("a") == active("a", name="key ring")
    assert factors.remove("a", "ada")
    assert not factors.remove("a", "ada")


def test_an_account_loses_all(factors: FactorStore) -> None:
    factors.add(active("a"))
    factors.add(factor("b"))
    factors.add(active("c", account_id="bob"))
    assert factors.drop_account("ada") == 2
    assert factors.find("c") is not None


def test_purge_removes_what_was_never_verified(factors: FactorStore) -> None:
    factors.add(factor("begun"))
    factors.add(active("good"))
    factors.add(factor("fresh", created=NOW + 500))
    assert factors.purge(NOW + 500) == 1
    assert [row.id for row in factors.list_account("ada")] == ["good", "fresh"]


def test_the_secret_is_not_shown() -> None:
    assert "sealed" not in repr(factor("a"))


def test_one_of_fifty_uses_of_a_totp_step_wins(factors: FactorStore, crowd: Any, rounds: int) -> None:
    factors.add(active("a"))
    for number in range(1, rounds + 1):
        assert crowd(lambda _, step=number: factors.advance("a", step, NOW)).count(True) == 1


def test_one_of_fifty_uses_of_a_recovery_code_wins(factors: FactorStore, crowd: Any, rounds: int) -> None:
    for number in range(rounds):
        name = f"r{number}"
        factors.add(active(name, kind="recovery"))
        assert crowd(lambda _, name=name: factors.consume(name)).count(True) == 1


def test_one_of_fifty_activations_wins(factors: FactorStore, crowd: Any) -> None:
    factors.add(factor("a"))
    assert crowd(lambda place: factors.activate("a", place, NOW)).count(True) == 1
