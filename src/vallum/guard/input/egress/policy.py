"""What requests to addresses of users may reach, and the refusal of the rest."""

import re
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

from vallum.base.errors import ConfigError, RefusedError
from vallum.guard.input.egress.addresses import Address, is_odd_number, is_public, read_literal

Resolve = Callable[[str, int], Iterable[str]]
"""The addresses of a host, as texts; it may raise OSError."""
_PATTERN: Final = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_HIGHEST_PORT: Final = 65_535


class EgressRefusedError(RefusedError):
    """A place that the policy does not allow, or an answer over a limit (400). The message is for the log."""

    code = "egress-refused"


def resolve_host(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """Where requests may go, how long they take and how much they bring.

    `hosts`: exact names, or `*.example.com` for all below it; empty, any public host. `ports`: of the URL. `redirects`:
    how many are followed, each checked as the first. `most_bytes` of a body, as it is sent; `seconds` for connecting,
    asking and reading together, of each hop. `resolve` finds the addresses of a name.
    `unsafe_plain_http` allows http:// too; `unsafe_networks` are networks that are not public and allowed all the same,
    like "10.1.0.0/16". Raises `ConfigError`.
    """

    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = (443,)
    redirects: int = 0
    most_bytes: int = 5 * 1024 * 1024
    seconds: float = 10.0
    resolve: Resolve = resolve_host
    clock: Callable[[], float] = time.monotonic
    unsafe_plain_http: bool = False
    unsafe_networks: tuple[str, ...] = ()
    _networks: tuple[IPv4Network | IPv6Network, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        """Check the values."""
        hosts: Any = self.hosts
        if not isinstance(hosts, tuple) or not all(map(_PATTERN.fullmatch, self.hosts)):
            raise _misuse("hosts are lower-case names in ASCII, or *. before one", "hosts=('api.example.com',)")
        if not self.ports or not all(0 < port <= _HIGHEST_PORT for port in self.ports):
            raise _misuse("ports are between 1 and 65535, and at least one", "ports=(443,)")
        if self.redirects < 0 or self.most_bytes < 1 or self.seconds <= 0:
            raise _misuse("limits are above 0, redirects at least 0", "Leave them out")
        try:
            networks = tuple(ip_network(network) for network in self.unsafe_networks)
        except ValueError:
            raise _misuse("unsafe_networks are networks", "unsafe_networks=('10.1.0.0/16',)") from None
        object.__setattr__(self, "_networks", networks)

    def check_url(self, scheme: str, host: str, port: int | None, user: str) -> None:
        """Raise `EgressRefusedError` for a URL that may not be asked, before anything is resolved."""
        if scheme != "https" and not (self.unsafe_plain_http and scheme == "http"):
            raise EgressRefusedError("The scheme of the URL is not https.")
        if user:
            raise EgressRefusedError("The URL holds a user or a password.")
        if (port or _DEFAULT_PORTS[scheme]) not in self.ports:
            raise EgressRefusedError("The port of the URL is not in the list.")
        name = host.lower().removesuffix(".")
        if not name or not name.isascii() or is_odd_number(name):
            raise EgressRefusedError("The host of the URL is no name, and no address in its usual spelling.")
        if self.hosts and not any(_matches(name, pattern) for pattern in self.hosts):
            raise EgressRefusedError("The host of the URL is not in the list.")

    def find_address(self, host: str, port: int) -> str:
        """The one address to connect to. Raises `EgressRefusedError` unless every address of the host is allowed."""
        literal = read_literal(host)
        try:
            found = [host] if literal is not None else list(self.resolve(host, port))
        except (OSError, UnicodeError):
            found = []
        addresses = [read_literal(text) for text in found]
        if not addresses or not all(address is not None and self._allows(address) for address in addresses):
            raise EgressRefusedError("The host of the URL was not found, or is not public.")
        return found[0]

    def _allows(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self._networks)


def _matches(name: str, pattern: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _misuse(what: str, hint: str) -> ConfigError:
    return ConfigError(f"egress: {what}.", hint=f"{hint}.", code="egress-policy")
