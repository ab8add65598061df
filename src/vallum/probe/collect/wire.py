"""A request in bytes, and whoever can carry it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote_plus

from vallum.base.secret import Secret
from vallum.probe.exchange import Answer, Body, FormBody, Headers, JsonBody, MultipartBody, RawBody, Text

BODY_KEPT: Final = 1 << 20
"""Bytes of an answer's body that are recorded."""
_BOUNDARY: Final = "vallum-boundary-7d1c4a52"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A request as it goes out."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    scheme: str = ""
    """`http` or `https` where it is not that of the app's address."""


class Transport(Protocol):
    """Carries requests to one app."""

    base: str
    """Scheme and host: `https://testserver`."""
    in_process: bool

    def send(self, wire: Wire, timeout: float) -> Answer:
        """Send one request and wait for its answer; never raises for what the app does."""
        ...

    def close(self) -> None:
        """Let the app go."""
        ...


class Keep:
    """Takes a body in pieces and keeps the first of it, so that no answer fills the memory."""

    __slots__ = ("_pieces", "_room", "length")

    def __init__(self, most: int = BODY_KEPT) -> None:
        """Keep at most `most` bytes."""
        self._pieces: list[bytes] = []
        self._room = most
        self.length = 0

    def add(self, piece: bytes) -> None:
        """Take one piece."""
        self.length += len(piece)
        if self._room > 0:
            kept = piece[: self._room]
            self._pieces.append(kept)
            self._room -= len(kept)

    @property
    def body(self) -> bytes:
        """What was kept."""
        return b"".join(self._pieces)


def encode_body(body: Body) -> tuple[bytes, str]:
    """The bytes of a body and its media type; both empty when there is none."""
    if isinstance(body, FormBody):
        pairs = (f"{quote_plus(name)}={quote_plus(reveal(value))}" for name, value in body.fields)
        return "&".join(pairs).encode(), "application/x-www-form-urlencoded"
    if isinstance(body, JsonBody):
        return json.dumps(_plain(body.value)).encode(), "application/json"
    if isinstance(body, MultipartBody):
        return _multipart(body), f"multipart/form-data; boundary={_BOUNDARY}"
    if isinstance(body, RawBody):
        return body.content, body.media_type
    return b"", ""


def reveal(value: Text) -> str:
    """The text, of a secret too: for the wire only."""
    return value.reveal() if isinstance(value, Secret) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _multipart(body: MultipartBody) -> bytes:
    pieces: list[bytes] = []
    for name, value in body.fields:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
        pieces.append(head.encode() + reveal(value).encode("utf-8", "surrogatepass") + b"\r\n")
    for file in body.files:
        head = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(file.field)}"; '
            f'filename="{_quoted(file.filename)}"\r\nContent-Type: {file.media_type}\r\n\r\n'
        )
        pieces.append(head.encode() + file.content + b"\r\n")
    return b"".join([*pieces, f"--{_BOUNDARY}--\r\n".encode()])


def _quoted(text: str) -> str:
    """A name in a part's head, as browsers escape it (HTML, multipart/form-data encoding)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
