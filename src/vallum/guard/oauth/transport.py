"""Requests to a provider: https only, verified, no redirects, with a limit of size and one of time.

    SENDER = HttpxSender()

Needs `pip install "vallum[oauth]"`; anything else with the one method of `HttpSender` does as well. Sources: RFC 6749
section 3.2, RFC 9700 section 4.11, ASVS 12.2.1 and 15.3.2, CWE-918.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any, Final, Protocol, Self
from urllib.parse import urlsplit

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError, read_object
from vallum.guard.crypto.tls import client_context
from vallum.guard.oauth.refusals import ProviderDownError

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request. A `form` is sent by POST as application/x-www-form-urlencoded; without one it is a GET."""

    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """An answer as it came: nothing of it is trusted yet."""

    status: int
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)

    def read_json(self) -> dict[str, Any]:
        """The JSON object in the body. Raises `ProviderDownError` for anything else."""
        kind = self.content_type.partition(";")[0].strip().lower()
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise ProviderDownError(f"provider-answer: status {self.status} without JSON")
        try:
            return read_object(self.body)
        except TokenRefusedError:
            raise ProviderDownError(f"provider-answer: status {self.status} with JSON that is none") from None


class HttpSender(Protocol):
    """Whoever sends requests. It verifies certificates, follows no redirect and gives up in time."""

    def send(self, request: HttpRequest) -> HttpReply:
        """Return the answer of any status. Raises `ProviderDownError` when there is none."""


class HttpxSender:
    """Sends through httpx2. One for the process; may be used from several threads; close it, or use it in a `with`."""

    def __init__(
        self,
        *,
        seconds: float = 5.0,
        most_bytes: int = 262_144,
        tls: Any = None,
        clock: Callable[[], float] = time.monotonic,
        unsafe_loopback_http: bool = False,
    ) -> None:
        """Wait `seconds` for each step and twice that for all; read `most_bytes` at most.

        `tls` is an `ssl.SSLContext` for a private authority, see `client_context`. `unsafe_loopback_http` allows plain
        HTTP to this very machine, for development. Raises `ConfigError` for limits below or at 0.
        """
        if seconds <= 0 or most_bytes <= 0:
            raise ConfigError("limits of time and size are above 0.", code="oauth-transport")
        import httpx2  # noqa: PLC0415 - an extra; other senders do without

        self._http = httpx2
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._clock = clock
        self._unsafe = unsafe_loopback_http
        # Proxies and authorities come from nowhere but here: no environment variable redirects a token request.
        self._client = httpx2.Client(
            verify=tls or client_context(), timeout=seconds, follow_redirects=False, trust_env=False
        )

    def send(self, request: HttpRequest) -> HttpReply:
        """Return the answer. Raises `ProviderDownError`, and `ConfigError` for an address that is not https."""
        check_address(request.url, unsafe_loopback_http=self._unsafe)
        method = "GET" if request.form is None else "POST"
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "vallum"}
        try:
            with self._client.stream(
                method, request.url, headers={**headers, **request.headers}, data=request.form
            ) as answer:
                return HttpReply(
                    status=answer.status_code,
                    content_type=answer.headers.get("content-type", ""),
                    body=self._read(answer),
                )
        except (self._http.HTTPError, self._http.InvalidURL) as error:
            host = urlsplit(request.url).hostname
            raise ProviderDownError(f"provider-unreachable: {host}: {type(error).__name__}") from None

    def _read(self, answer: Any) -> bytes:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise ProviderDownError("provider-answer: compressed, though nobody asked for it")
        end, body = self._clock() + 2 * self._seconds, bytearray()
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > self._most_bytes:
                raise ProviderDownError(f"provider-answer: more than {self._most_bytes} bytes")
            if self._clock() > end:
                raise ProviderDownError("provider-answer: too slow")
        return bytes(body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()


def check_address(address: str, *, unsafe_loopback_http: bool = False) -> str:
    """Return an absolute https address, or http to this machine where that is allowed. Raises `ConfigError`."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    plain = unsafe_loopback_http and parts.scheme == "http" and parts.hostname in LOOPBACK
    printable = address.isascii() and address.isprintable() and " " not in address and "\\" not in address
    if not printable or not parts.hostname or "@" in parts.netloc or parts.fragment or parts.scheme not in _SCHEMES:
        raise ConfigError("an address of a provider is absolute and has no user and no fragment.", code="oauth-address")
    if parts.scheme != "https" and not plain:
        raise ConfigError(
            "an address of a provider is https.",
            hint="For a provider on this machine, in development: unsafe_loopback_http=True.",
            code="oauth-plain-http",
        )
    return address


_SCHEMES: Final = frozenset({"https", "http"})
