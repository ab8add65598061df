"""One suite for every store of one-time proofs."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum.stores.proofs import ProofRecord, ProofStore

NOW = 1_000.25
RESET = "reset"


def proof(name: str = "a", **changes: Any) -> ProofRecord:
    fields: dict[str, Any] = {
        "digest": name.encode().ljust(32, b"."),
        "purpose": RESET,
        "account_id": "ada",
        "value": "ada@example.org",
        "data": {"next": "/", "n": [1, None]},
        "created": NOW,
        "deadline": NOW + 900,
        "attempts_left": 3,
    }
    return ProofRecord(**fields | changes)


DIGEST = proof().digest


def test_consumes_what_was_put_once(proofs: ProofStore) -> None:
    assert proofs.put(proof())
    assert proofs.consume(DIGEST, RESET, NOW) == proof()
    assert proofs.consume(DIGEST, RESET, NOW) is None
    assert proofs.look(DIGEST, RESET, NOW) is None


def test_looking_consumes_nothing(proofs: ProofStore) -> None:
    proofs.put(proof())
    assert [proofs.look(DIGEST, RESET, NOW) for _ in range(5)] == [proof()] * 5
    assert proofs.consume(DIGEST, RESET, NOW) is not None


def test_a_digest_is_put_once(proofs: ProofStore) -> None:
    assert proofs.put(proof())
    assert not proofs.put(proof(account_id="eve", attempts_left=99))
    assert proofs.look(DIGEST, RESET, NOW) == proof()


@pytest.mark.parametrize(("later", "good"), [(899.9, True), (900, False), (901, False)])
def test_a_deadline_ends_it(proofs: ProofStore, later: float, good: bool) -> None:
    proofs.put(proof())
    assert (proofs.look(DIGEST, RESET, NOW + later) is not None) is good
    assert (proofs.spend(DIGEST, RESET, NOW + later) is not None) is good
    assert (proofs.consume(DIGEST, RESET, NOW + later) is not None) is good


def test_a_proof_of_one_purpose_opens_no_other(proofs: ProofStore) -> None:
    proofs.put(proof())
    assert proofs.look(DIGEST, "email", NOW) is None
    assert proofs.spend(DIGEST, "email", NOW) is None
    assert proofs.consume(DIGEST, "email", NOW) is None
    assert proofs.look(DIGEST, RESET, NOW) == proof()


def test_it_is_bound_to_its_browser(proofs: ProofStore) -> None:
    proofs.put(proof(browser=b"b" * 32))
    assert proofs.consume(DIGEST, RESET, NOW) is None
    assert proofs.consume(DIGEST, RESET, NOW, browser=b"x" * 32) is None
    assert proofs.consume(DIGEST, RESET, NOW, browser=b"b" * 32) == proof(browser=b"b" * 32)


def test_a_proof_without_browser_takes_none(proofs: ProofStore) -> None:
    proofs.put(proof())
    assert proofs.consume(DIGEST, RESET, NOW, browser=b"x" * 32) is None


def test_attempts_are_counted_and_the_last_may_be_right(proofs: ProofStore) -> None:
    proofs.put(proof())
    left = [proofs.spend(DIGEST, RESET, NOW) for _ in range(5)]
    assert [None if row is None else row.attempts_left for row in left] == [2, 1, 0, None, None]
    assert proofs.look(DIGEST, RESET, NOW) is None
    assert proofs.consume(DIGEST, RESET, NOW) == proof(attempts_left=0)
    assert proofs.consume(DIGEST, RESET, NOW) is None


def test_an_account_loses_its_proofs(proofs: ProofStore) -> None:
    for name, purpose in [("a", "reset"), ("b", "email"), ("c", "code"), ("d", "code")]:
        proofs.put(proof(name, purpose=purpose))
    proofs.put(proof("e", account_id="bob"))
    assert proofs.drop_account("ada", []) == 0
    assert proofs.drop_account("ada", ["reset", "code", "none"]) == 3
    assert proofs.look(proof("b").digest, "email", NOW) is not None
    assert proofs.drop_account("ada") == 1
    assert proofs.drop_account("ada") == 0
    assert proofs.look(proof("e").digest, RESET, NOW) is not None


def test_purge_removes_what_is_too_old(proofs: ProofStore) -> None:
    proofs.put(proof("a"))
    proofs.put(proof("b", deadline=NOW + 2000))
    assert proofs.purge(NOW + 900) == 1
    assert proofs.put(proof("a")), "the digest is free again"
    assert proofs.look(proof("b").digest, RESET, NOW + 900) is not None


def test_what_is_too_old_goes_by_itself(proofs: ProofStore) -> None:
    proofs.put(proof("old", deadline=NOW + 1))
    for number in range(300):
        proofs.put(proof(f"n{number}", created=NOW + 2, deadline=NOW + 900))
    assert proofs.put(proof("old")), "the place was freed without a purge"


def test_nothing_secret_is_shown() -> None:
    assert "example.org" not in repr(proof())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    value=st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))),
    data=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text()),
    browser=st.binary(max_size=32),
)
def test_round_trip(proofs: ProofStore, value: str, data: dict[str, Any], browser: bytes) -> None:
    record = proof(value=value, data=data, browser=browser)
    proofs.put(record)
    assert proofs.consume(DIGEST, RESET, NOW, browser=browser) == record


def test_one_of_fifty_uses_wins(proofs: ProofStore, crowd: Any, rounds: int) -> None:
    for number in range(rounds):
        record = proof(f"r{number}")
        proofs.put(record)
        got = crowd(lambda _, record=record: proofs.consume(record.digest, RESET, NOW))
        assert [row for row in got if row is not None] == [record]


def test_fifty_guesses_at_once_have_no_more_attempts(proofs: ProofStore, crowd: Any, rounds: int) -> None:
    for number in range(rounds):
        record = proof(f"r{number}")
        proofs.put(record)
        got = crowd(lambda _, record=record: proofs.spend(record.digest, RESET, NOW))
        assert sorted(row.attempts_left for row in got if row is not None) == [0, 1, 2]
