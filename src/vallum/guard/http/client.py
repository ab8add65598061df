"""The client's address and scheme, from one stated list of proxies; no other code reads forwarded headers (CWE-348)."""

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import FORWARDED, SCHEME, Exchange

UNIX_SOCKET: Final = "unix"
"""In the list of proxies: whoever connects over the server's unix socket."""
_REMEMBERED: Final = 4096
_SCHEMES: Final = frozenset({b"https", b"http", b"wss", b"ws"})


def find_client(proxies: Iterable[str]) -> Callable[[Exchange], Refusal | None]:
    """Build the step that notes who called and whether over TLS.

    `proxies` are addresses, networks in CIDR form, or "unix". Raises `ConfigError` for anything else and for networks
    that hold everybody.
    """
    listed = tuple(proxies)
    socket_trusted = UNIX_SOCKET in listed
    networks = [_read_network(proxy) for proxy in listed if proxy != UNIX_SOCKET]

    @lru_cache(maxsize=_REMEMBERED)
    def trusts(peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in networks)

    def step(exchange: Exchange) -> Refusal | None:
        peer = exchange.peer
        exchange.secure = exchange.scheme in {"https", "wss"}
        exchange.client = peer or ""
        if listed and (trusts(peer) if peer else exchange.is_socket and socket_trusted):
            _believe(exchange, trusts)
        return None

    return step


def _believe(exchange: Exchange, trusts: Callable[[str], bool]) -> None:
    """Walk the chain from the nearest hop outwards, and stop at the first that is not ours."""
    for hop in reversed((exchange.found[FORWARDED] or b"").split(b",")):
        text = hop.decode("latin-1").strip()
        try:
            exchange.client = str(ipaddress.ip_address(text))
        except ValueError:
            break
        if not trusts(exchange.client):
            break
    # The last value is the nearest proxy's own; what stands before it may be the client's invention.
    scheme = (exchange.found[SCHEME] or b"").rpartition(b",")[2].strip()
    if scheme in _SCHEMES:  # "wss" is what Traefik says of a WebSocket
        exchange.secure = scheme in {b"https", b"wss"}


def _read_network(proxy: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(proxy)
    except ValueError:
        network = None
    if network is None or network.prefixlen == 0:
        raise ConfigError(
            f"proxies: {proxy!r} is not the address or network of a proxy.",
            hint='Write the addresses that your own proxy connects from, like "10.0.0.5", "10.0.0.0/24" or "unix".',
            code="proxy-unclear",
        )
    return network
