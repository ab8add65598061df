from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.crypto.sealing import FernetReader, SealedBox, SealRefusedError, generate_field_key

OLD, NEW = generate_field_key(), generate_field_key()
BOX = SealedBox.from_secrets([OLD])
TEXTS = st.text(st.characters(exclude_categories=("Cs",)))


@given(TEXTS, TEXTS.filter(bool))
def test_a_text_opens_in_its_own_context_only(text, context):
    stored = BOX.encrypt_text(text, context=context)
    assert BOX.decrypt_text(stored, context=context) == text
    with pytest.raises(SealRefusedError):
        BOX.decrypt_text(stored, context=context + "x")


def test_any_flipped_bit_is_refused():
    stored = BOX.encrypt(b"plain", context="c:1")
    sealed = urlsafe_b64decode(stored + "=" * (-len(stored) % 4))
    for bit in range(len(sealed) * 8):
        wrong = bytearray(sealed)
        wrong[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealRefusedError):
            BOX.decrypt(urlsafe_b64encode(wrong).decode(), context="c:1")


@pytest.mark.parametrize("stored", ["", "x", "%%%", "ä", "A" * 200, "a b", "====", "AQ" * 40])
def test_what_was_never_sealed_is_refused_alike(stored):
    with pytest.raises(SealRefusedError) as caught:
        BOX.decrypt(stored, context="c")
    assert str(caught.value) == str(SealRefusedError())


def test_one_value_has_one_text():
    stored = BOX.encrypt(b"plain!", context="c")
    for other in (stored + "\n", stored[:10] + " " + stored[10:], "." + stored):
        with pytest.raises(SealRefusedError):
            BOX.decrypt(other, context="c")


def test_the_same_text_is_sealed_differently_each_time():
    assert len({BOX.encrypt_text("a", context="c") for _ in range(100)}) == 100


def test_keys_are_rotated_row_by_row():
    rows = {number: BOX.encrypt_text(f"row {number}", context=f"r:{number}") for number in range(10)}
    both = SealedBox.from_secrets([NEW, OLD])
    walk = both.reseal((number, f"r:{number}", stored) for number, stored in list(rows.items()))
    for change in (next(walk) for _ in range(4)):  # stopped in the middle
        assert rows[change.row] == change.old
        rows[change.row] = change.new
    again = list(both.reseal((number, f"r:{number}", stored) for number, stored in rows.items()))
    assert len(again) == 6
    rows |= {change.row: change.new for change in again}
    assert not list(both.reseal((number, f"r:{number}", stored) for number, stored in rows.items()))
    alone = SealedBox.from_secrets([NEW])
    assert [alone.decrypt_text(stored, context=f"r:{number}") for number, stored in rows.items()] == [
        f"row {number}" for number in range(10)
    ]


def test_a_row_that_does_not_open_is_not_passed_over():
    with pytest.raises(SealRefusedError):
        list(SealedBox.from_secrets([NEW]).reseal([(1, "r:1", BOX.encrypt(b"x", context="r:1"))]))


def test_fernet_values_are_read_and_never_written():
    key = Fernet.generate_key().decode()
    old = Fernet(key).encrypt(b"legacy").decode()
    box = SealedBox.from_secrets([NEW], fernet=FernetReader([Secret(key)]))
    assert box.decrypt_text(old, context="any") == "legacy"
    assert box.needs_rotation(old)
    (change,) = box.reseal([(1, "r:1", old)])
    assert SealedBox.from_secrets([NEW]).decrypt_text(change.new, context="r:1") == "legacy"
    with pytest.raises(SealRefusedError):
        box.decrypt(Fernet(Fernet.generate_key()).encrypt(b"x").decode(), context="any")
    with pytest.raises(ConfigError):
        FernetReader([Secret("short")])


@pytest.mark.parametrize("key", ["", "short", "!" * 43, "A" * 43, urlsafe_b64encode(b"x" * 31).decode(), "é" * 43])
def test_a_key_is_32_random_bytes(key):
    with pytest.raises(ConfigError) as caught:
        SealedBox.from_secrets([Secret(key)])
    assert not key or key not in str(caught.value)
