"""How much ids can hold, and what is to be seen in a series of them."""

import uuid

import pytest

from vallum.probe.ids import bits_of, fault_of


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        ("0" * 64, 212),
        ("0a" * 32, 256),
        ("0A" * 32, 256),
        ("aZ-_" * 11, 264),
        ("a!" * 20, 262),
        (str(uuid.UUID(int=7, version=4)), 122),
        (str(uuid.UUID(int=7, version=1)), 14),
    ],
)
def test_bits_follow_from_letters_and_length(value, bits):
    assert int(bits_of([value])) == bits


def test_nothing_holds_nothing():
    assert bits_of([]) == 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["a" * 43, "a" * 43], "given twice"),
        (["aaaaa1" + "x" * 60, "aaaaa2" + "x" * 60, "aaaaa3" + "x" * 60], "the same five characters"),
        ([f"{number}" + "qZ" * 30 for number in range(1, 8)], "rise in the order"),
        (["5f" * 16, "a0" * 16], "128 bits at most, fewer than 248"),
        (["aZ-_" * 11, "Zb-_" * 11], ""),
    ],
)
def test_fault_is_named(values, words):
    fault = fault_of(values, 248)
    assert words in fault
    assert bool(fault) is bool(words)
