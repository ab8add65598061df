"""One suite for every store of API keys."""

from collections.abc import Callable
from typing import Any

from vallum.stores.api_keys import ApiKeyRecord, ApiKeyStore

NOW = 1_000.25


def key(name: str, **changes: Any) -> ApiKeyRecord:
    fields: dict[str, Any] = {
        "id": name,
        "digest": name.encode() * 32,
        "owner": "ada",
        "name": f"key {name}",
        "scopes": ("notes:read", "notes:write"),
        "networks": ("192.0.2.0/24",),
        "created": NOW,
        "deadline": NOW + 100,
    }
    return ApiKeyRecord(**fields | changes)


def test_a_key_is_found_by_its_digest(api_keys: ApiKeyStore) -> None:
    assert api_keys.add(key("a"))
    assert api_keys.find(b"a" * 32) == key("a")
    for digest in (b"b" * 32, b"", b"a" * 31):
        assert api_keys.find(digest) is None


def test_ids_and_digests_are_taken_once(api_keys: ApiKeyStore) -> None:
    assert api_keys.add(key("a"))
    assert not api_keys.add(key("a", digest=b"x" * 32))
    assert not api_keys.add(key("b", digest=b"a" * 32, owner="eve"))
    assert api_keys.list_owner("eve") == []


def test_lists_an_owner_oldest_first(api_keys: ApiKeyStore) -> None:
    for record in (key("b", created=NOW + 1), key("a"), key("c", owner="bob")):
        api_keys.add(record)
    assert [record.id for record in api_keys.list_owner("ada")] == ["a", "b"]


def test_only_the_owner_ends_a_key_and_never_later(api_keys: ApiKeyStore) -> None:
    api_keys.add(key("a"))
    assert not api_keys.end("a", "eve", NOW)
    assert not api_keys.end("b", "ada", NOW)
    assert api_keys.end("a", "ada", NOW + 10)
    assert api_keys.end("a", "ada", NOW + 1_000)
    found = api_keys.find(b"a" * 32)
    assert found is not None
    assert found.deadline == NOW + 10


def test_the_last_use_only_grows(api_keys: ApiKeyStore) -> None:
    api_keys.add(key("a"))
    for when in (NOW + 2, NOW + 1, NOW + 3):
        api_keys.note_use("a", when)
    api_keys.note_use("unknown", NOW)
    found = api_keys.find(b"a" * 32)
    assert found is not None
    assert found.used == NOW + 3


def test_keys_go_with_their_owner_and_their_time(api_keys: ApiKeyStore) -> None:
    for record in (key("a"), key("b", deadline=NOW), key("c", owner="bob")):
        api_keys.add(record)
    assert api_keys.purge(NOW) == 1
    assert api_keys.drop_owner("ada") == 1
    assert api_keys.list_owner("bob") == [key("c", owner="bob")]


def test_of_many_that_add_one_id_one_wins(
    api_keys: ApiKeyStore, crowd: Callable[[Callable[[int], Any]], list[Any]], rounds: int
) -> None:
    for number in range(rounds):
        won = crowd(
            lambda who, number=number: api_keys.add(
                key(f"k{number}", digest=f"{number}-{who}".encode(), owner=str(who))
            )
        )
        assert sorted(won) == [False] * 49 + [True]
