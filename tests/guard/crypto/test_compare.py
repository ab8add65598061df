import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.secret import Secret
from vallum.guard.crypto.compare import Comparable, secret_equal

VALUES = st.one_of(st.text(), st.binary())


def as_bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


@given(left=VALUES, right=VALUES)
def test_equal_means_the_same_bytes(left: str | bytes, right: str | bytes) -> None:
    assert secret_equal(left, right) is (as_bytes(left) == as_bytes(right))
    assert secret_equal(left, left)
    assert secret_equal(Secret(left), left)
    assert secret_equal(left, Secret(left))


@pytest.mark.parametrize(("given_value", "expected"), [(None, None), (None, "x"), ("x", None), (None, b""), ("", None)])
def test_nothing_equals_nothing(given_value: str | None, expected: Comparable | None) -> None:
    assert not secret_equal(given_value, expected)


@pytest.mark.parametrize("expected", ["x", "x" * 1000, None, Secret("é"), b""])
def test_every_case_takes_one_comparison_of_digests_of_the_same_length(
    expected: Comparable | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((len(a), len(b))) or compare(a, b))
    assert not secret_equal("y" * 10, expected)
    assert compared == [(32, 32)]
