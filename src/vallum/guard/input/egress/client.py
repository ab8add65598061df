"""HTTP clients for addresses that users name: public hosts only, found once, and connected to at that very address.

    with safe_client(EgressPolicy(hosts=("*.example.com",))) as client:
        answer = client.get(url)                   # an httpx2.Response; EgressRefusedError where it may not go

    async with safe_async_client() as client:
        answer = await client.post(webhook, json=event)

They are `httpx2.Client` and `httpx2.AsyncClient` over a transport that checks each hop. No environment variable and no
proxy takes part, compressed bodies are refused, and a connection serves one request, so that none is reused. In
`safe_client` the system's resolver keeps its own limits of time. Needs `pip install "vallum[egress]"`.
Sources: CWE-918, ASVS 1.3.6, 13.2.4, 15.3.2; OWASP SSRF prevention.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpcore2
import httpx2

from vallum.guard.crypto.tls import client_context
from vallum.guard.input.egress.policy import EgressPolicy, EgressRefusedError
from vallum.guard.input.egress.streams import PinnedAsyncBackend, PinnedBackend

KEEPS: Final = ("ssrf-egress",)

_PLAIN: Final = "identity"
_CONNECTIONS: Final = 100


def safe_client(policy: EgressPolicy | None = None, *, tls: ssl.SSLContext | None = None) -> httpx2.Client:
    """An `httpx2.Client` that goes nowhere else than the policy allows. `tls` is for a private authority."""
    chosen = policy or EgressPolicy()
    return httpx2.Client(transport=_Transport(chosen, tls or client_context()), **_settings(chosen))


def safe_async_client(policy: EgressPolicy | None = None, *, tls: ssl.SSLContext | None = None) -> httpx2.AsyncClient:
    """The same for asyncio and trio."""
    chosen = policy or EgressPolicy()
    return httpx2.AsyncClient(transport=_AsyncTransport(chosen, tls or client_context()), **_settings(chosen))


def _settings(policy: EgressPolicy) -> dict[str, Any]:
    return {
        "timeout": policy.seconds,
        "trust_env": False,
        "follow_redirects": policy.redirects > 0,
        "max_redirects": policy.redirects,
        "headers": {"accept-encoding": _PLAIN, "user-agent": "vallum"},
    }


class _Transport(httpx2.BaseTransport):
    """Checks the URL of each hop, and counts what comes back."""

    def __init__(self, policy: EgressPolicy, tls: ssl.SSLContext) -> None:
        self._policy = policy
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=0,
            network_backend=PinnedBackend(policy),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with _as_httpx():
            answer = self._pool.handle_request(_translate(request, self._policy))
        response = httpx2.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream, self._policy.most_bytes)
        )
        try:
            _check_head(response, self._policy)
        except EgressRefusedError:
            response.close()
            raise
        return response

    def close(self) -> None:
        self._pool.close()


class _AsyncTransport(httpx2.AsyncBaseTransport):
    """The same, awaited."""

    def __init__(self, policy: EgressPolicy, tls: ssl.SSLContext) -> None:
        self._policy = policy
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=0,
            network_backend=PinnedAsyncBackend(policy),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        with _as_httpx():
            answer = await self._pool.handle_async_request(_translate(request, self._policy))
        response = httpx2.Response(
            answer.status, headers=answer.headers, stream=_AsyncBody(answer.stream, self._policy.most_bytes)
        )
        try:
            _check_head(response, self._policy)
        except EgressRefusedError:
            await response.aclose()
            raise
        return response

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx2.SyncByteStream):
    """A body that ends in a refusal where it is over the limit."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream = stream
        self._most = most

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        with _as_httpx():
            for part in self._stream:
                size += len(part)
                _check_size(size, self._most)
                yield part

    def close(self) -> None:
        self._stream.close()


class _AsyncBody(httpx2.AsyncByteStream):
    """The same, awaited."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        with _as_httpx():
            async for part in self._stream:
                size += len(part)
                _check_size(size, self._most)
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _translate(request: httpx2.Request, policy: EgressPolicy) -> httpcore2.Request:
    url = request.url
    policy.check_url(url.scheme, url.raw_host.decode("ascii"), url.port, url.userinfo.decode("ascii", "replace"))
    return httpcore2.Request(
        method=request.method,
        url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={"timeout": request.extensions.get("timeout", {})},
    )


def _check_head(response: httpx2.Response, policy: EgressPolicy) -> None:
    """Refuse a body that is compressed, and might grow, or that announces more than the limit."""
    length = response.headers.get("content-length", "0")
    if response.headers.get("content-encoding", _PLAIN).lower() != _PLAIN:
        raise EgressRefusedError("The answer is compressed, though nobody asked for it.")
    if not length.isdigit() or int(length) > policy.most_bytes:
        raise EgressRefusedError(f"The answer has more than {policy.most_bytes} bytes.")


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise EgressRefusedError(f"The answer has more than {most} bytes.")


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Errors of the connection under the names that users of httpx2 know."""
    try:
        yield
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
        known = getattr(httpx2, type(error).__name__, httpx2.TransportError)
        raise known(str(error)) from error
