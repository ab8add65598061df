from hashlib import sha256

import pytest

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.claims import Claims
from vallum.crypto.jwt.keys import VerifyingKey, generate_key
from vallum.crypto.jwt.seen import SeenTokens, digest_token
from vallum.guard.tokens.access_tokens import AccessTokens, BearerRefusedError

CLAIMS = Claims("u1", "i", ("a",), 1, 2, "j", {})
OWNER, OTHER = object(), object()
KEY = generate_key()
NOW = 1_800_000_000.0


def test_what_was_kept_is_found_by_its_owner_only() -> None:
    seen = SeenTokens()
    assert seen.find(b"t", OWNER) is None
    seen.keep(b"t", OWNER, CLAIMS)
    assert seen.find(b"t", OWNER) is CLAIMS
    assert seen.find(b"u", OWNER) is None
    assert seen.find(b"t", OTHER) is None
    seen.keep(b"u", OTHER, CLAIMS)
    assert seen.find(b"t", OTHER) is None
    assert seen.find(b"t", OWNER) is None


def test_the_memory_is_bounded_and_the_oldest_goes() -> None:
    seen = SeenTokens(3)
    for number in range(10):
        seen.keep(b"%d" % number, OWNER, CLAIMS)
    assert [number for number in range(10) if seen.find(b"%d" % number, OWNER)] == [7, 8, 9]
    seen.drop(b"8")
    seen.drop(b"8")
    assert seen.find(b"8", OWNER) is None


def test_a_memory_of_none_keeps_nothing() -> None:
    seen = SeenTokens(0)
    seen.keep(b"t", OWNER, CLAIMS)
    assert seen.find(b"t", OWNER) is None
    with pytest.raises(ConfigError) as caught:
        SeenTokens(-1)
    assert caught.value.code == "token-memory"


def test_no_token_is_kept() -> None:
    seen = SeenTokens()
    seen.keep(digest_token("secret-token"), OWNER, CLAIMS)
    assert list(seen._claims) == [sha256(b"secret-token").digest()]


class Counted:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, remember: int) -> None:
        self.now = NOW
        self.revoked = False
        self.checks = 0
        self.tokens = AccessTokens(
            key=KEY,
            issuer="https://id.example",
            audience="api",
            remember=remember,
            clock=lambda: self.now,
            revoked=lambda claims: self.revoked,
        )
        self.token = self.tokens.issue("u1")
        for key in self.tokens._ring.state().verifier._keys.values():
            object.__setattr__(key, "check", self.count(key))

    def count(self, key: VerifyingKey) -> object:
        check = key.check

        def counted(message: bytes, signature: bytes) -> bool:
            self.checks += 1
            return check(message, signature)

        return counted


@pytest.mark.parametrize(("remember", "checks"), [(10, 1), (0, 3)])
def test_the_signature_of_a_seen_token_is_checked_once(
    monkeypatch: pytest.MonkeyPatch, remember: int, checks: int
) -> None:
    world = Counted(monkeypatch, remember=remember)
    for _ in range(3):
        assert world.tokens.verify(world.token).subject == "u1"
    assert world.checks == checks


def test_expiry_and_revocation_of_a_seen_token_are_checked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Counted(monkeypatch, remember=10)
    assert world.tokens.verify(world.token)
    world.revoked = True
    with pytest.raises(BearerRefusedError) as caught:
        world.tokens.verify(world.token)
    assert caught.value.cause == "revoked"
    world.revoked = False
    world.now = NOW + 929
    assert world.tokens.verify(world.token)
    world.now = NOW + 930
    for _ in range(2):
        with pytest.raises(BearerRefusedError) as caught:
            world.tokens.verify(world.token)
        assert caught.value.cause == "expired"
    assert world.checks == 2


def test_a_changed_signature_is_no_seen_token(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Counted(monkeypatch, remember=10)
    assert world.tokens.verify(world.token)
    head, _, signature = world.token.rpartition(".")
    for changed in (f"{head}.{'A' * len(signature)}", world.token + "=", world.token + "\u00e9"):
        with pytest.raises(BearerRefusedError):
            world.tokens.verify(changed)


def test_two_audiences_with_one_ring_do_not_share_what_they_saw() -> None:
    ring = AccessTokens(key=KEY, issuer="https://id.example", audience="api")._ring
    one, two = (AccessTokens(keyring=ring, issuer="https://id.example", audience=name) for name in ("one", "two"))
    token = one.issue("u1")
    assert one.verify(token)
    with pytest.raises(BearerRefusedError) as caught:
        two.verify(token)
    assert caught.value.cause == "audience"
