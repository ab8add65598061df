from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.keyring import LEAD, OVERLAP, Keyring, TimedKey
from vallum.crypto.jwt.keys import generate_key
from vallum.guard.tokens.access_tokens import AccessTokens, BearerRefusedError

NOW = 1_800_000_000.0
OLD, NEW, NEXT = (generate_key(key_id=name) for name in ("old", "new", "next"))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def build(clock: Clock, ring: Keyring, **options: Any) -> AccessTokens:
    return AccessTokens(keyring=ring, issuer="https://id.example", audience="api", clock=clock, **options)


def kid(tokens: AccessTokens) -> str:
    signer = tokens._ring.state().signer
    assert signer is not None
    return signer.key_id


def test_a_rotation_logs_nobody_out(clock: Clock) -> None:
    ring = Keyring([OLD], clock=clock)
    tokens = build(clock, ring, life=3600)
    ring.rotate(NEW)
    assert [key["kid"] for key in ring.export_jwks()["keys"]] == ["new", "old"]
    clock.now += LEAD - 1
    last = tokens.issue("u1")
    assert kid(tokens) == "old"
    clock.now += 1
    assert kid(tokens) == "new"
    first = tokens.issue("u1")
    clock.now += 3599
    assert tokens.verify(last).subject == tokens.verify(first).subject == "u1"
    clock.now = NOW + LEAD + OVERLAP
    assert [key["kid"] for key in ring.export_jwks()["keys"]] == ["new"]


def test_a_key_that_leaked_ends_its_tokens_at_once_even_those_seen_before(clock: Clock) -> None:
    ring = Keyring([OLD], clock=clock)
    tokens = build(clock, ring)
    token = tokens.issue("u1")
    assert tokens.verify(token)
    assert tokens.verify(token)
    ring.rotate(NEW)
    ring.retire("old")
    assert kid(tokens) == "new"
    with pytest.raises(BearerRefusedError) as caught:
        tokens.verify(token)
    assert caught.value.cause == "unknown-key"
    assert tokens.verify(tokens.issue("u1"))


def test_several_rotations_follow_one_another(clock: Clock) -> None:
    ring = Keyring([OLD], clock=clock)
    ring.rotate(NEW, lead=0)
    ring.rotate(NEXT, lead=60)
    assert ring.state().signer == NEW
    clock.now += 60
    assert ring.state().signer == NEXT
    assert len(ring.state().public) == 3
    clock.now += OVERLAP
    assert [key.key_id for key in ring.state().public] == ["next"]
    ring.rotate(OLD, lead=0)
    assert ring.state().signer == OLD


def test_a_ring_of_public_keys_only_verifies(clock: Clock) -> None:
    ring = Keyring([OLD.public(), NEW.public()], clock=clock)
    reader = build(clock, ring)
    assert ring.state().signer is None
    assert reader.verify(build(clock, Keyring([OLD], clock=clock)).issue("u1"))
    ring.retire("old")
    with pytest.raises(ConfigError):
        reader.issue("u1")


def test_times_can_be_given(clock: Clock) -> None:
    ring = Keyring([TimedKey(key=NEW, signs_from=NOW + 10), TimedKey(key=OLD, verifies_until=NOW + 4000)], clock=clock)
    assert ring.state().signer == OLD
    clock.now += 10
    assert ring.state().signer == NEW
    assert ring.state().until == NOW + 4000


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda ring: ring.rotate(NEW, overlap=OVERLAP - 1), "key-overlap"),
        (lambda ring: ring.rotate(NEW, lead=-1), "key-overlap"),
        (lambda ring: ring.rotate(OLD), "verifier-keys"),
        (lambda ring: ring.retire("other"), "unknown-key"),
        (lambda ring: ring.retire("old"), "last-key"),
        (lambda ring: Keyring([]), "verifier-keys"),
        (lambda ring: Keyring([TimedKey(key=OLD, verifies_until=NOW + 9)]), "last-key"),
        (lambda ring: AccessTokens(keyring=ring, key=NEW, issuer="i", audience="a"), "token-keys"),
    ],
)
def test_what_would_log_people_out_is_refused(clock: Clock, act: Any, code: str) -> None:
    ring = Keyring([OLD], clock=clock)
    with pytest.raises(ConfigError) as caught:
        act(ring)
    assert caught.value.code == code
    assert ring.state().signer == OLD


def test_the_last_key_cannot_be_retired_while_the_others_end(clock: Clock) -> None:
    ring = Keyring([OLD], clock=clock)
    ring.rotate(NEW, lead=0)
    with pytest.raises(ConfigError) as caught:
        ring.retire("new")
    assert caught.value.code == "last-key"
    assert ring.state().signer == NEW
