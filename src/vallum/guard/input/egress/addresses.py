"""Which addresses are public: none of the IANA special-purpose registries (RFC 6890), and no host of a cloud.

IPv6 counts as public only inside 2000::/3, so that mapped, translated and local forms of IPv4 are refused as a whole.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_4: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # carrier-grade NAT; metadata of some clouds
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # the host of a virtual machine in Azure
            "169.254.0.0/16",  # link-local; metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
_GLOBAL_6: Final = ip_network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which holds an IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: Address) -> bool:
    """Whether the address is one of the open Internet, to which anybody may connect."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return (
        address in _GLOBAL_6 and address.scope_id is None and not any(address in network for network in _NOT_PUBLIC_6)
    )


def read_literal(host: str) -> Address | None:
    """The address that a host is, in its usual spelling; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_odd_number(host: str) -> bool:
    """Whether a host is an address in an unusual spelling, such as 0x7f.1 or 2130706433, which resolvers understand.

    A host whose last label is a number is never a name (WHATWG URL, "ends in a number").
    """
    last = host.removesuffix(".").rpartition(".")[2].lower()
    is_number = last.isdigit() or (last.startswith("0x") and all(digit in "0123456789abcdef" for digit in last[2:]))
    return is_number and read_literal(host) is None
