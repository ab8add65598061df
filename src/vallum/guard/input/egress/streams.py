"""Connections to the address that was checked, with one deadline for all that happens on them."""

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import anyio
import anyio.to_thread
import httpcore2

from vallum.guard.input.egress.policy import EgressPolicy

Options = Iterable[httpcore2.SOCKET_OPTION]


class PinnedBackend(httpcore2.NetworkBackend):
    """Finds a host once, and connects to what was found: a name that changes meanwhile changes nothing."""

    def __init__(self, policy: EgressPolicy) -> None:
        """Ask the policy where a host is."""
        self._policy = policy
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the policy's deadline is for all steps together
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the checked address of `host`. Raises `EgressRefusedError`."""
        left = _start(self._policy)
        address = self._policy.find_address(host, port)
        return _Stream(self._inner.connect_tcp(address, port, left(), local_address, socket_options), left)


class PinnedAsyncBackend(httpcore2.AsyncNetworkBackend):
    """The same, awaited; the resolver runs in a thread."""

    def __init__(self, policy: EgressPolicy) -> None:
        """Ask the policy where a host is."""
        self._policy = policy
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the signature is the backend's
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the checked address of `host`. Raises `EgressRefusedError`."""
        left = _start(self._policy)
        try:
            with anyio.fail_after(left()):
                address = await anyio.to_thread.run_sync(self._policy.find_address, host, port, abandon_on_cancel=True)
        except TimeoutError:
            raise httpcore2.ConnectTimeout("the name was not resolved in time") from None
        return _AsyncStream(await self._inner.connect_tcp(address, port, left(), local_address, socket_options), left)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step gets what is left of the time."""

    def __init__(self, inner: httpcore2.NetworkStream, left: Callable[[], float]) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        return self._inner.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        self._inner.write(buffer, self._left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._left()), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _AsyncStream(httpcore2.AsyncNetworkStream):
    """The same, awaited."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream, left: Callable[[], float]) -> None:
        self._inner = inner
        self._left = left

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - as above
        return await self._inner.read(max_bytes, self._left())

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - as above
        await self._inner.write(buffer, self._left())

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - as above
    ) -> httpcore2.AsyncNetworkStream:
        return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, self._left()), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _start(policy: EgressPolicy) -> Callable[[], float]:
    """What is left of the seconds, from now on. Raises the timeout when nothing is."""
    end = policy.clock() + policy.seconds

    def left() -> float:
        seconds = end - policy.clock()
        if seconds <= 0:
            raise httpcore2.ReadTimeout("the time for the whole request is over")
        return seconds

    return left
