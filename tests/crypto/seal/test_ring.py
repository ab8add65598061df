import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.seal.keys import SealingKey, generate_key
from vallum.crypto.seal.ring import OVERHEAD, SealRefusedError, SealRing

NEW, OLD = (Secret(hashlib.sha256(name).digest()) for name in (b"new", b"old"))
RING = SealRing([SealingKey(NEW)])
SEALED = RING.seal(b"JBSWY3DPEHPK3PXP", context="totp:17")

# AES-256 test cases 15 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B.
KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
NONCE = bytes.fromhex("cafebabefacedbaddecaf888")
PLAIN = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
CIPHER = bytes.fromhex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
)


def refuse(sealed: bytes, context: str = "totp:17", ring: SealRing = RING) -> None:
    with pytest.raises(SealRefusedError) as caught:
        ring.open(sealed, context=context)
    assert caught.value.code == "seal-refused"
    assert caught.value.__cause__ is None


def test_the_published_ciphertext_comes_out() -> None:
    ring = SealRing([SealingKey(Secret(KEY))], randomness=lambda count: NONCE[:count])
    sealed = ring.seal(PLAIN, context="x")
    assert sealed[9:21] == NONCE
    assert sealed[21:-16] == CIPHER
    # The tag covers the head and the context as associated data.
    assert AESGCM(KEY).decrypt(NONCE, sealed[21:], sealed[:9] + b"x") == PLAIN


@given(st.binary(max_size=300), st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()))
def test_what_is_sealed_opens(plain: bytes, context: str) -> None:
    sealed = RING.seal(plain, context=context)
    assert len(sealed) == len(plain) + OVERHEAD
    assert RING.open(sealed, context=context) == plain


def test_every_flipped_bit_is_refused() -> None:
    for place in range(len(SEALED)):
        for bit in range(8):
            changed = bytearray(SEALED)
            changed[place] ^= 1 << bit
            refuse(bytes(changed))


def test_every_shortening_and_lengthening_is_refused() -> None:
    for length in range(len(SEALED)):
        refuse(SEALED[:length])
    refuse(SEALED + b"\0")
    refuse(b"\0" + SEALED)


@given(st.binary(max_size=80))
def test_any_bytes_are_refused(value: bytes) -> None:
    refuse(value)


@pytest.mark.parametrize("context", ["totp:18", "totp:1", "totp:17 ", "TOTP:17", "x"])
def test_a_value_belongs_to_its_context(context: str) -> None:
    refuse(SEALED, context)


def test_keys_rotate_and_old_values_open_until_their_key_leaves() -> None:
    old = SealRing([SealingKey(OLD)])
    stored = old.seal(b"seed", context="c")
    both = SealRing([SealingKey(NEW), SealingKey(OLD)])
    assert both.open(stored, context="c") == b"seed"
    assert both.is_outdated(stored)
    renewed = both.seal(b"seed", context="c")
    assert not both.is_outdated(renewed)
    assert RING.open(renewed, context="c") == b"seed"
    refuse(stored, "c")
    refuse(renewed, "c", old)


def test_the_same_value_never_looks_the_same() -> None:
    assert len({RING.seal(b"seed", context="c") for _ in range(100)}) == 100


def test_a_key_stops_at_its_budget_but_still_opens() -> None:
    ring = SealRing([SealingKey(NEW, budget=2)])
    first = ring.seal(b"1", context="c")
    ring.seal(b"2", context="c")
    with pytest.raises(ConfigError) as caught:
        ring.seal(b"3", context="c")
    assert caught.value.code == "seal-budget"
    assert ring.open(first, context="c") == b"1"


@pytest.mark.parametrize("value", [b"", b"x" * 32, bytes(range(16)), bytes(range(31)), bytes(range(33)), bytes(32)])
def test_weak_keys_are_refused(value: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        SealingKey(Secret(value))
    assert caught.value.code == "weak-key"


@pytest.mark.parametrize("budget", [0, -1, 2**32 + 1])
def test_a_budget_beyond_the_standard_is_refused(budget: int) -> None:
    with pytest.raises(ConfigError) as caught:
        SealingKey(NEW, budget=budget)
    assert caught.value.code == "seal-budget"


def test_a_ring_needs_different_keys_and_a_value_a_context() -> None:
    for keys in ([], [SealingKey(NEW), SealingKey(NEW)]):
        with pytest.raises(ConfigError) as caught:
            SealRing(keys)
        assert caught.value.code == "seal-keys"
    with pytest.raises(ConfigError) as caught:
        RING.seal(b"seed", context="")
    assert caught.value.code == "seal-context"


def test_nothing_shows_the_key() -> None:
    key = SealingKey(generate_key())
    assert repr(key) == f"SealingKey({key.key_id.hex()})"
    assert SealingKey(NEW).key_id == SealingKey(NEW).key_id != SealingKey(OLD).key_id
