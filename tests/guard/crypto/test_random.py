import ast
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base import randomness
from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.crypto import random
from vallum.guard.crypto.random import (
    encryption_key,
    numeric_code,
    random_int,
    reset_token,
    session_id,
    signing_key,
    token,
)


@pytest.mark.parametrize("make", [session_id, reset_token, token])
def test_tokens_carry_256_bits_of_the_given_source(make: Callable[..., Any]) -> None:
    assert make(randomness=lambda size: b"\xff" * size) == "_" * 42 + "8"
    assert re.fullmatch("[A-Za-z0-9_-]{43}", make())
    assert make() != make()


@pytest.mark.parametrize(("make", "size"), [(encryption_key, 32), (signing_key, 64)])
def test_keys_are_secrets_of_the_right_size(make: Callable[..., Any], size: int) -> None:
    key = make(randomness=bytes)
    assert isinstance(key, Secret)
    assert key.reveal() == bytes(size)
    assert len(make()) == size
    assert make() != make()


def test_a_token_of_less_than_128_bits_is_refused() -> None:
    assert len(token(16)) == 22
    with pytest.raises(ConfigError):
        token(15)


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**20))
def test_an_integer_lies_in_its_range(low: int, size: int) -> None:
    assert low <= random_int(low, low + size) < low + size


def test_a_range_of_one_gives_it_and_an_empty_one_is_refused() -> None:
    assert random_int(7, 8) == 7
    for low, high in ((7, 7), (8, 7)):
        with pytest.raises(ConfigError) as caught:
            random_int(low, high)
        assert caught.value.code == "empty-range"


def test_integers_are_uniform() -> None:
    # 6000 throws of a die: each side 1000 times, with a standard deviation of 29. Seven deviations never happen.
    counts = Counter(random_int(1, 7) for _ in range(6000))
    assert set(counts) == {1, 2, 3, 4, 5, 6}
    assert all(abs(count - 1000) < 7 * 29 for count in counts.values())


@pytest.mark.parametrize("digits", [6, 8, 32])
def test_codes_keep_their_leading_zeros(digits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(rf"\d{{{digits}}}", numeric_code(digits))
    monkeypatch.setattr(random, "below", lambda limit: 7)
    assert numeric_code(digits) == "7".zfill(digits)


@pytest.mark.parametrize("digits", [0, 5, 33])
def test_codes_that_are_too_short_or_absurd_are_refused(digits: int) -> None:
    with pytest.raises(ConfigError) as caught:
        numeric_code(digits)
    assert caught.value.code == "code-length"


def test_the_source_is_the_operating_system() -> None:
    for module in (random, randomness):
        imported = {
            alias.name
            for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8")))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert "random" not in imported
    assert random.SYSTEM_RANDOMNESS is os.urandom
