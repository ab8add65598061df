"""Asks a running app the few harmless questions that show what stands in front of it. Collect first, judge after."""

import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from vallum.probe.collect.network import NetworkTransport
from vallum.probe.collect.wire import Transport, Wire
from vallum.probe.exchange import Answer, Headers

STRANGER: Final = "stranger.invalid"
"""A host name that is nobody's (RFC 6761)."""
ANNOUNCED: Final = 1 << 30
"""Bytes of a body that is announced and never sent."""
_SECONDS: Final = 5.0
NOT_ASKED: Final = Answer(status=0, fault="not asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The answers; a question that was not asked has the status 0."""

    url: str
    plain: Answer
    proto: Answer = NOT_ASKED
    """With the other scheme in X-Forwarded-Proto."""
    host: Answer = NOT_ASKED
    """With a stranger in X-Forwarded-Host and Forwarded."""
    stranger: Answer = NOT_ASKED
    """With a stranger in Host."""
    client: Answer = NOT_ASKED
    """With this machine in X-Forwarded-For."""
    squeezed: Answer = NOT_ASKED
    """With an Accept-Encoding."""
    large: Answer = NOT_ASKED
    """To a POST that announces `ANNOUNCED` bytes."""
    unencrypted: Answer = NOT_ASKED
    """Over plain http at the same host, where the URL is https at the usual port."""

    @property
    def secure(self) -> bool:
        """Whether the URL is https."""
        return self.url.startswith("https://")

    @property
    def hostname(self) -> str:
        """The host of the URL, in lower case and without its port."""
        return urlsplit(self.url).hostname or ""


@dataclass(slots=True, kw_only=True)
class _Asker:
    transport: Transport
    target: str
    host: str
    seconds: float
    sent: Headers = field(default=(("User-Agent", "vallum-doctor"), ("Connection", "close")))

    def ask(self, *headers: tuple[str, str], method: str = "GET", host: str = "") -> Answer:
        """Send one request without a body."""
        pairs = (("Host", host or self.host), *self.sent, *headers)
        return self.transport.send(Wire(method=method, target=self.target, headers=pairs), self.seconds)


def ask_front(url: str, seconds: float = _SECONDS) -> Front:
    """Put the questions to `url`, which must be allowed; only `plain` when that has no answer.

    Nothing is changed: the one POST announces a body that never comes.
    """
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[2]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    asker = _Asker(transport=NetworkTransport(url, time.monotonic), target=target, host=netloc, seconds=seconds)
    plain = asker.ask()
    if not plain.status:
        return Front(url=url, plain=plain)
    other = "http" if parts.scheme == "https" else "https"
    return Front(
        url=url,
        plain=plain,
        proto=asker.ask(("X-Forwarded-Proto", other)),
        host=asker.ask(("X-Forwarded-Host", STRANGER), ("Forwarded", f"host={STRANGER}")),
        stranger=asker.ask(host=STRANGER),
        client=asker.ask(("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1")),
        squeezed=asker.ask(("Accept-Encoding", "gzip, br, zstd, deflate")),
        large=asker.ask(
            ("Content-Length", str(ANNOUNCED)), ("Content-Type", "application/octet-stream"), method="POST"
        ),
        unencrypted=_ask_plainly(parts.hostname or "", target, seconds) if _is_usual(url) else NOT_ASKED,
    )


def _is_usual(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.port in {None, 443}


def _ask_plainly(host: str, target: str, seconds: float) -> Answer:
    shown = f"[{host}]" if ":" in host else host
    transport = NetworkTransport(f"http://{shown}", time.monotonic)
    return _Asker(transport=transport, target=target, host=shown, seconds=seconds).ask()
