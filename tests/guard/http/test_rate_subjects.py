from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.guard.http.rate_subjects import fold_key, subject_for, subject_of


@given(st.integers(0, 2**64 - 1))
def test_a_64_is_one_subject(host: int) -> None:
    network = 0x2001_0DB8_0001_0002 << 64
    assert subject_of(str(IPv6Address(network | host))) == "address:2001:db8:1:2::/64"


def test_neighbouring_networks_are_apart() -> None:
    assert subject_of("2001:db8:1:2::1") != subject_of("2001:db8:1:3::1")
    assert subject_of("203.0.113.9") != subject_of("203.0.113.10")


@pytest.mark.parametrize(
    ("client", "subject"),
    [
        ("::ffff:203.0.113.9", "address:203.0.113.9"),
        ("203.0.113.9", "address:203.0.113.9"),
        ("fe80::1%eth0", "address:fe80::/64"),
        ("", "address:"),
        ("testclient", "address:testclient"),
    ],
)
def test_one_client_has_one_subject(client: str, subject: str) -> None:
    assert subject_of(client) == subject


@pytest.mark.parametrize(
    "spelling",
    ["Ada@Example.org", " ada@example.org ", "ＡDA＠example．org", "ada@example.org\u00a0", "ADA@EXAMPLE.ORG\n"],  # noqa: RUF001 - wide letters are the case
)
def test_every_spelling_is_one_key(spelling: str) -> None:
    assert fold_key(spelling) == "ada@example.org"


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_key(fold_key(text)) == fold_key(text)
    assert fold_key(text.casefold()) == fold_key(text)


def test_keys_are_bounded_and_apart() -> None:
    long, longer = subject_for("key", "x" * 10_000), subject_for("key", "x" * 10_001)
    assert len(long) < 100
    assert len({long, longer, subject_for("account", "x"), subject_for("key", "x")}) == 4
