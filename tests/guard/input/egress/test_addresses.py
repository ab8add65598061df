"""A hundred and more spellings of places that are not public: none is connected to."""

from ipaddress import ip_address

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.guard.input.egress.addresses import is_odd_number, is_public
from vallum.guard.input.egress.client import safe_client
from vallum.guard.input.egress.policy import EgressPolicy, EgressRefusedError

LOOPBACK = (
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "0", "0.0.0.0", "0x7f.1", "0x7f000001", "0X7F000001",
    "0x7f.0x0.0x0.0x1", "017700000001", "0177.1", "0177.0.0.1", "0177.0.0x0.1", "2130706433", "00000177.1",
    "127.0.0.1.", "127.000.000.001", "[::1]",
    "[::]", "[0:0:0:0:0:0:0:1]", "[0000::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]",
    "localhost", "LOCALHOST", "localhost.", "ip6-localhost",
)  # fmt: skip
PRIVATE = (
    "10.0.0.1", "10.255.255.255", "167772161", "0xa.1", "012.1", "172.16.0.1", "172.31.255.255", "2886729729",
    "192.168.0.1", "192.168.255.255", "3232235521", "0xc0a80001", "192.168.1", "100.64.0.1", "100.127.255.254",
    "[fc00::1]", "[fd12:3456:789a::1]", "[fe80::1]", "[fec0::1]", "[::ffff:10.0.0.1]", "[::ffff:192.168.0.1]",
    "[::ffff:c0a8:1]", "[2002:a00:1::]", "[2002:c0a8:1::]", "[64:ff9b::10.0.0.1]",
)  # fmt: skip
METADATA = (
    "169.254.169.254", "169.254.170.2", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "0xa9.0xfe.0xa9.0xfe",
    "169.254.43518", "169.16689662", "100.100.100.200", "192.0.0.192", "168.63.129.16", "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[64:ff9b::a9fe:a9fe]",
    "[fd20:ce::254]",
)  # fmt: skip
OTHERS = (
    "0.1.2.3", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "198.19.255.255", "192.88.99.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "4294967295", "0xffffffff", "[ff02::1]", "[ff05::2]",
    "[2001:db8::1]", "[2001:2::1]", "[2001:10::1]", "[100::1]", "[5f00::1]", "[3fff::1]", "[4000::1]", "[::2]",
    "1.2.3.4.5", "1.2.3", "256.256.256.256", "0x", "1.2.3.0xg.", "999999999999",
)  # fmt: skip
FORMS = (
    "https://{0}/", "https://{0}:443/", "https://{0}/latest/meta-data/?x=@example.com#example.com",
)  # fmt: skip


def names(host: str, _: int) -> list[str]:
    """What a resolver says of the names above, and of numbers that it reads as addresses."""
    known = {"localhost": "127.0.0.1", "ip6-localhost": "::1"}
    return [known.get(host.rstrip(".").lower(), "127.0.0.1")]


@pytest.mark.parametrize("host", [*LOOPBACK, *PRIVATE, *METADATA, *OTHERS])
def test_it_is_refused(host: str) -> None:
    with safe_client(EgressPolicy(resolve=names)) as client:
        for form in FORMS:
            with pytest.raises((EgressRefusedError, httpx2.InvalidURL)):
                client.get(form.format(host))


def test_there_are_a_hundred() -> None:
    assert len({*LOOPBACK, *PRIVATE, *METADATA, *OTHERS}) >= 100


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"]
)
def test_public_addresses_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_nothing_that_python_calls_private_is_public(address: object) -> None:
    address = ip_address(str(address))
    assert not (is_public(address) and not address.is_global)
    assert not is_public(ip_address(f"::ffff:{address}"))


@given(st.ip_addresses(v=6))
def test_nothing_that_python_calls_private_is_public_in_ipv6(address: object) -> None:
    found = ip_address(str(address))
    assert not (is_public(found) and not found.is_global)


@pytest.mark.parametrize(
    ("host", "odd"),
    [
        ("example.com", False),
        ("a.b1", False),
        ("1.2.3.4", False),
        ("1.2", True),
        ("0x7f", True),
        ("x.0x", True),
        ("2130706433", True),
        ("a.5", True),
    ],
)
def test_numbers_that_are_no_addresses(host: str, odd: bool) -> None:
    assert is_odd_number(host) is odd
