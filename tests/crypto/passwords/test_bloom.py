import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.crypto.passwords.bloom import HEAD, MAGIC, BloomSet, build_bloom, fold_password

TEXTS = st.text(min_size=1, max_size=30)


@given(st.sets(TEXTS, min_size=1, max_size=50))
def test_what_was_put_in_is_always_found_in_any_case(passwords: set[str]) -> None:
    built = BloomSet(build_bloom(passwords, size=256, hashes=5))
    assert built.count == len({fold_password(password) for password in passwords})
    assert all(password in built and password.casefold() in built for password in passwords)


def test_hardly_anything_else_is_found() -> None:
    built = BloomSet(build_bloom((f"known {number}" for number in range(1000)), size=2400, hashes=10))
    assert sum(f"other {number}" in built for number in range(1000)) < 10


def test_two_ways_to_write_a_character_are_one() -> None:
    assert "cafe\u0301 con leche" in BloomSet(build_bloom(["caf\u00e9 con leche"], size=64, hashes=3))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        HEAD.pack(b"somethin", 3, 1) + b"\0",
        HEAD.pack(MAGIC, 0, 1) + b"\0",
        HEAD.pack(MAGIC, 33, 1) + b"\0",
    ],
)
def test_what_is_no_set_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigError):
        BloomSet(content)
