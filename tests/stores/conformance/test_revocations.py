"""One suite for every store of revoked tokens."""

from typing import Any

from vallum.stores.accounts import AccountRecord, AccountStore
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.revocations import MemoryRevocations
from vallum.stores.revocations import RevocationStore, Standing
from vallum.stores.sql.accounts import SqlAccounts
from vallum.stores.sql.revocations import SqlRevocations
from vallum.stores.valkey.revocations import ValkeyRevocations

NOW = 1_000.25


def test_a_revoked_token_is_revoked_until_it_ends(revocations: RevocationStore) -> None:
    assert revocations.revoke("a", NOW + 600, NOW)
    assert revocations.is_revoked("a", NOW)
    assert revocations.is_revoked("a", NOW + 599.9)
    assert not revocations.is_revoked("a", NOW + 600)
    assert not revocations.is_revoked("b", NOW)


def test_revoking_again_keeps_the_later_end(revocations: RevocationStore) -> None:
    revocations.revoke("a", NOW + 600, NOW)
    assert not revocations.revoke("a", NOW + 300, NOW)
    assert revocations.is_revoked("a", NOW + 599)
    assert not revocations.revoke("a", NOW + 900, NOW)
    assert revocations.is_revoked("a", NOW + 899)


def test_what_has_ended_need_not_be_kept(revocations: RevocationStore) -> None:
    assert not revocations.revoke("a", NOW, NOW)
    assert not revocations.is_revoked("a", NOW - 1)


def test_purge_keeps_what_counts(revocations: RevocationStore) -> None:
    revocations.revoke("a", NOW + 600, NOW)
    revocations.revoke("b", NOW + 700, NOW)
    assert revocations.purge(NOW + 600) == (0 if type(revocations).__name__ == "ValkeyRevocations" else 1)
    assert not revocations.is_revoked("a", NOW + 600)
    assert revocations.is_revoked("b", NOW + 600)


def test_one_of_fifty_revocations_was_first(revocations: RevocationStore, crowd: Any, rounds: int) -> None:
    for number in range(rounds):
        name = f"t{number}"
        assert crowd(lambda _, name=name: revocations.revoke(name, NOW + 600, NOW)).count(True) == 1


def read_standings(revocations: RevocationStore, accounts: AccountStore) -> None:
    accounts.create(AccountRecord(id="ada", login="ada", created=NOW, epoch=4))
    assert revocations.read("a", "ada", NOW) == Standing(is_revoked=False, epoch=4)
    revocations.revoke("a", NOW + 600, NOW)
    accounts.change("ada", 0, bump=True)
    assert revocations.read("a", "ada", NOW) == Standing(is_revoked=True, epoch=5)
    accounts.change("ada", 1, is_active=False)
    assert revocations.read("b", "ada", NOW) == Standing(is_revoked=False, epoch=None)
    assert revocations.read("a", "nobody", NOW) == Standing(is_revoked=True, epoch=None)


def test_one_call_tells_revocation_and_epoch(kind: str, database: Any, valkey: Any) -> None:
    accounts: Any = MemoryAccounts() if database is None else SqlAccounts(database)
    if kind == "memory":
        read_standings(MemoryRevocations(accounts), accounts)
    elif kind == "valkey":
        store = ValkeyRevocations(f"unix://{valkey.unix_socket_path}", accounts, prefix="standing")
        read_standings(store, accounts)
        store.close()
    else:
        read_standings(SqlRevocations(database), accounts)
        other = MemoryAccounts()
        database.write("DELETE FROM vallum_revocation")
        read_standings(SqlRevocations(database, other), other)
