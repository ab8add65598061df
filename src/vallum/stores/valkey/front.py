"""Sessions of Valkey or Redis for an event loop: every read of every request on one pipelined connection."""

import asyncio
from typing import Any, Final

from vallum.stores.sessions import SessionRecord
from vallum.stores.valkey.resp import encode
from vallum.stores.valkey.sessions import ValkeySessions, parse_session
from vallum.stores.valkey.wire import Address, Wire, connect

_KNOWN: Final = frozenset({"host", "port", "db", "username", "password", "path", "connection_class"})
_USUAL: Final = 32
"""The bytes of a SHA-256 digest; a command for one is filled in instead of built."""


class ValkeyFront:
    """A `SessionFront` of `ValkeySessions`. It does not follow a cluster's redirections: there, read in threads."""

    def __init__(self, store: ValkeySessions, address: Address) -> None:
        """Read what `store` keeps from the server at `address`; connects at the first use."""
        self._store = store
        self._address = address
        self._wire: Wire | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connecting: asyncio.Lock | None = None
        self._get = self._encode(bytes(_USUAL)).replace(b"%", b"%%").replace(bytes(_USUAL).hex().encode(), b"%b")

    async def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`."""
        wire = self._wire
        if wire is None or not wire.is_open or self._loop is not asyncio.get_running_loop():
            wire = await self._connect()
        value = await wire.ask(self._get % digest.hex().encode() if len(digest) == _USUAL else self._encode(digest))
        record = None if value is None else parse_session(digest, value.decode())
        return record if record is not None and record.is_alive(now) else None

    async def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.abort()

    def _encode(self, digest: bytes) -> bytes:
        return encode(b"GET", self._store.key_of(digest).encode())

    async def _connect(self) -> Wire:
        loop = asyncio.get_running_loop()
        if self._loop is not loop or self._connecting is None:
            self._loop, self._connecting, self._wire = loop, asyncio.Lock(), None
        async with self._connecting:
            if self._wire is None or not self._wire.is_open:
                self._wire = await connect(self._address)
            return self._wire


def open_front(store: ValkeySessions, url: str) -> ValkeyFront | None:
    """The front of a store on the server at `url`; None where the URL has options that only the package redis knows."""
    from redis import connection  # noqa: PLC0415 - an extra, there since the store is

    parse: Any = connection.parse_url  # it has no types
    scheme, _, rest = url.partition("://")
    options = parse(f"{scheme.replace('valkey', 'redis')}://{rest}")
    return ValkeyFront(store, read_address(options)) if options.keys() <= _KNOWN else None


def read_address(options: dict[str, Any]) -> Address:
    """The address in the options that the package redis reads from a URL."""
    greeting: list[tuple[bytes, ...]] = []
    if options.get("password"):
        names = [options["username"].encode()] if options.get("username") else []
        greeting.append((b"AUTH", *names, options["password"].encode()))
    if options.get("db"):
        greeting.append((b"SELECT", str(options["db"]).encode()))
    return Address(
        host=options.get("host", "localhost"),
        port=options.get("port", 6379),
        path=options.get("path", ""),
        tls=getattr(options.get("connection_class"), "__name__", "") == "SSLConnection",
        greeting=tuple(greeting),
    )
