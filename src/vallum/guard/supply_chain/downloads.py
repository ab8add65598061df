"""Files from elsewhere, kept only when their SHA-256 is the pinned one (CWE-494, ASVS 15.2.4).

MODEL = Download("https://models.example.com/7.onnx", "5f0c...", most_bytes=500 * 1024 * 1024)
fetch_file(MODEL, "models/7.onnx")
verify_file("tool", "9c1e...")                # a file that came by other means
"""

import hashlib
import hmac
import os
import re
import ssl
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from vallum.base.errors import ConfigError, VallumError
from vallum.base.randomness import token
from vallum.guard.crypto.tls import check_context, client_context

KEEPS: Final = ("integrity-verified",)
MOST_BYTES: Final = 100 * 1024 * 1024
_PIECE: Final = 256 * 1024
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_Place = str | os.PathLike[str]


class DownloadRefusedError(VallumError):
    """A file that is not the pinned one, is too large, or could not be fetched whole. Nothing of it is left."""

    code = "download-refused"


@dataclass(frozen=True, slots=True)
class Download:
    """An address with the digest of what must be there. Raises `ConfigError` unless it is https and a SHA-256."""

    url: str
    sha256: str
    most_bytes: int = MOST_BYTES

    def __post_init__(self) -> None:
        """Check all three."""
        if not self.url.startswith("https://"):
            raise ConfigError("a download has an https address.", hint="Write https://...", code="download-scheme")
        _check_digest(self.sha256)
        if self.most_bytes < 1:
            raise ConfigError("a download has at least 1 byte.", code="download-size")


def verify_file(path: _Place, sha256: str) -> None:
    """Raise `DownloadRefusedError`, and remove the file, unless its SHA-256 is the pinned one."""
    _check_digest(sha256)
    place, digest = Path(path), hashlib.sha256()
    with place.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    if not hmac.compare_digest(digest.hexdigest(), sha256):
        place.unlink()
        raise DownloadRefusedError(f"{place.name} is not the file that was pinned.", hint="Fetch the pinned version.")


def fetch_file(download: Download, path: _Place, *, context: ssl.SSLContext | None = None, seconds: float = 30) -> None:
    """Fetch a file over verified TLS and put it at `path`, in one step, once its digest is the pinned one.

    Redirects are followed to https only. Raises `DownloadRefusedError`; `ConfigError` for a context that verifies
    nobody. An existing file stays until the new one is known to be right.
    """
    if context is not None:
        check_context(context)
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context or client_context()),
        _StayOnHttps(),
        urllib.request.ProxyHandler({}),
    )
    try:
        with opener.open(download.url, timeout=seconds) as answer:
            keep_verified(_pieces(answer), download, path)
    except (OSError, HTTPException) as error:
        kind = type(error).__name__
        raise DownloadRefusedError(f"{Path(path).name} could not be fetched ({kind}).", hint="Try again.") from None


def keep_verified(pieces: Iterable[bytes], download: Download, path: _Place) -> None:
    """Do the same with pieces that another client fetched, such as the stream of an HTTP library.

    Reading stops at the first byte over the size. Raises `DownloadRefusedError`.
    """
    target, digest, size = Path(path), hashlib.sha256(), 0
    partial = target.with_name(f".{target.name}.{token()[:16]}.part")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in pieces:
                size += len(piece)
                if size > download.most_bytes:
                    raise DownloadRefusedError(f"{target.name} has more than {download.most_bytes} bytes.")
                digest.update(piece)
                file.write(piece)
        if not hmac.compare_digest(digest.hexdigest(), download.sha256):
            raise DownloadRefusedError(f"{target.name} is not the file that was pinned.", hint="Look who changed it.")
        partial.replace(target)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


class _StayOnHttps(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to https."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Refuse other schemes."""
        if not newurl.startswith("https://"):
            raise DownloadRefusedError("a download was redirected away from https.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _pieces(answer: Any) -> Iterator[bytes]:
    while piece := answer.read(_PIECE):
        yield piece


def _check_digest(sha256: str) -> None:
    if not _SHA256.fullmatch(sha256):
        raise ConfigError(
            "a pinned digest is a SHA-256 of 64 small hexadecimal digits.",
            hint="sha256sum FILE",
            code="download-digest",
        )
