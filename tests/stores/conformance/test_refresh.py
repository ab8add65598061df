"""One suite for every store of refresh tokens."""

import dataclasses
from typing import Any

import pytest

from vallum.stores.refresh import RefreshRecord, RefreshStore

NOW = 1_000.25
GRACE = 5.0


def token(name: str, **changes: Any) -> RefreshRecord:
    fields: dict[str, Any] = {
        "digest": name.encode().ljust(32, b"."),
        "family": "f",
        "account_id": "ada",
        "client": "app",
        "scope": "read write",
        "epoch": 3,
        "created": NOW,
        "deadline": NOW + 1000,
        "key_thumbprint": "jkt",
    }
    return RefreshRecord(**fields | changes)


def rotate(store: RefreshStore, old: str, new: str, later: float = 0, **changes: Any) -> str:
    return store.rotate(token(old).digest, token(new, **changes), NOW + later, GRACE)


def find(store: RefreshStore, name: str, later: float = 0) -> RefreshRecord | None:
    return store.find(token(name).digest, NOW + later)


def test_finds_what_was_issued(refresh: RefreshStore) -> None:
    assert refresh.issue(token("a"))
    assert find(refresh, "a") == token("a")
    assert find(refresh, "b") is None


def test_digest_and_family_are_taken_once(refresh: RefreshStore) -> None:
    refresh.issue(token("a"))
    assert not refresh.issue(token("a", family="g"))
    assert not refresh.issue(token("b"))
    assert find(refresh, "a") == token("a")
    assert refresh.issue(token("c", family="g")), "the refused call took no family"


def test_rotation_replaces(refresh: RefreshStore) -> None:
    refresh.issue(token("a"))
    assert rotate(refresh, "a", "b", 10) == "rotated"
    assert find(refresh, "a") == dataclasses.replace(token("a"), replaced_by=token("b").digest, replaced_at=NOW + 10)
    assert find(refresh, "b") == token("b")
    assert rotate(refresh, "b", "c", 20) == "rotated"


@pytest.mark.parametrize(("later", "outcome"), [(10, "grace"), (15, "grace"), (15.5, "reused")])
def test_two_tabs_get_the_same_successor_for_a_while(refresh: RefreshStore, later: float, outcome: str) -> None:
    refresh.issue(token("a"))
    rotate(refresh, "a", "b", 10)
    assert rotate(refresh, "a", "b", later) == outcome
    assert (find(refresh, "b", later) is not None) is (outcome == "grace")


def test_a_token_used_twice_ends_the_family(refresh: RefreshStore) -> None:
    refresh.issue(token("a"))
    refresh.issue(token("other", family="g"))
    rotate(refresh, "a", "b")
    rotate(refresh, "b", "c", 1)
    assert rotate(refresh, "a", "b", 100) == "reused"
    assert [find(refresh, name) for name in "abc"] == [None] * 3
    assert rotate(refresh, "c", "d", 100) == "dead"
    assert find(refresh, "d") is None
    assert find(refresh, "other") is not None


def test_no_grace_once_the_successor_was_used(refresh: RefreshStore) -> None:
    refresh.issue(token("a"))
    rotate(refresh, "a", "b")
    rotate(refresh, "b", "c", 1)
    assert rotate(refresh, "a", "b", 2) == "reused"


@pytest.mark.parametrize("why", ["unknown", "old", "ended", "account ended", "other family", "taken"])
def test_what_is_dead_stays_dead(refresh: RefreshStore, why: str) -> None:
    if why != "unknown":
        refresh.issue(token("a"))
    if why == "ended":
        refresh.end_family("f")
    if why == "account ended":
        refresh.end_account("ada")
    changes = {}
    if why == "other family":
        refresh.issue(token("x", family="g"))
        changes = {"family": "g"}
    if why == "taken":
        refresh.issue(token("b", family="g", client="other"))
    assert rotate(refresh, "a", "b", 1000 if why == "old" else 0, **changes) == "dead"
    found = find(refresh, "b")
    assert found is None or found.client == "other"


def test_a_family_ends_at_logout(refresh: RefreshStore) -> None:
    refresh.issue(token("a"))
    rotate(refresh, "a", "b")
    assert refresh.end_family("f")
    assert not refresh.end_family("f")
    assert find(refresh, "a") is None
    assert find(refresh, "b") is None


def test_all_families_of_an_account_end(refresh: RefreshStore) -> None:
    for number, name in enumerate("abc"):
        refresh.issue(token(name, family=f"f{number}"))
    refresh.issue(token("bob's", family="g", account_id="bob"))
    rotate(refresh, "a", "a2", family="f0")
    assert refresh.end_account("ada") == 3
    assert refresh.end_account("ada") == 0
    assert find(refresh, "a2") is None
    assert find(refresh, "bob's") is not None


def test_a_token_ends_by_itself_and_its_successor_later(refresh: RefreshStore) -> None:
    refresh.issue(token("a"))
    rotate(refresh, "a", "b", 900, deadline=NOW + 1900)
    assert find(refresh, "a", 1000) is None
    assert find(refresh, "b", 1899) is not None
    refresh.purge(NOW + 1000)
    assert find(refresh, "b", 1899) is not None, "the family lives as long as its newest token"


def test_purge_removes_what_is_too_old(refresh: RefreshStore) -> None:
    refresh.issue(token("a"))
    refresh.issue(token("b", family="g", deadline=NOW + 2000))
    assert refresh.purge(NOW + 1000) == 1
    assert find(refresh, "b", 1000) is not None


def test_one_of_fifty_rotations_wins(refresh: RefreshStore, crowd: Any, rounds: int) -> None:
    for number in range(rounds):
        family = f"f{number}"
        refresh.issue(token(f"old{number}", family=family))
        got = crowd(lambda place, n=number, f=family: rotate(refresh, f"old{n}", f"new{n}.{place}", family=f))
        assert got.count("rotated") == 1
        assert got.count("grace") == 49
        stored = [place for place in range(50) if find(refresh, f"new{number}.{place}")]
        assert stored == [got.index("rotated")], "one successor only was stored"


def test_no_successor_survives_the_end_of_its_family(refresh: RefreshStore, crowd: Any, rounds: int) -> None:
    for number in range(rounds):
        family = f"f{number}"
        refresh.issue(token(f"old{number}", family=family))

        def use(place: int, number: int = number, family: str = family) -> Any:
            if place % 2:
                return refresh.end_account("ada")
            return rotate(refresh, f"old{number}", f"new{number}.{place}", family=family)

        crowd(use)
        assert not [place for place in range(50) if find(refresh, f"new{number}.{place}")]
