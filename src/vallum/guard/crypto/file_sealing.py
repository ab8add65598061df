"""Encrypt whole files and streams of any size, in constant memory (CWE-311, ASVS 11.3.2, 14.2.7).

    FILES = SealedFiles.from_secrets(settings.file_keys)                # newest first, 32 bytes each in base64url
    FILES.seal_file("backup.sql", "backup.sealed", context="backup:7")
    FILES.open_file("backup.sealed", "backup.sql", context="backup:7")

The target appears only when it is whole, under its name in one step, for its owner alone (0600): a file that was
changed, cut off or swapped leaves nothing behind.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from vallum.base.randomness import token
from vallum.base.secret import Secret
from vallum.crypto.seal.ring import SealRefusedError, SealRing
from vallum.crypto.seal.streams import SealedStreams
from vallum.guard.crypto.sealing import build_ring

KEEPS: Final = ("encryption-at-rest", "authenticated-encryption")
__all__ = ["SealRefusedError", "SealedFiles"]
_Place = str | os.PathLike[str]
_HEAD: Final = 9


class SealedFiles:
    """Files under the keys of a ring."""

    __slots__ = ("_streams",)

    def __init__(self, ring: SealRing) -> None:
        """Seal by the first key of the ring, open by any."""
        self._streams = SealedStreams(ring)

    @classmethod
    def from_secrets(cls, secrets: Iterable[Secret[str]]) -> "SealedFiles":
        """Build the ring of secrets, newest first: 32 random bytes each, in base64url. Raises `ConfigError`."""
        return cls(build_ring(secrets))

    def seal_file(self, source: _Place, target: _Place, *, context: str) -> None:
        """Write `source`, sealed for `context`, to `target`. Raises OSError as `open` does."""
        with Path(source).open("rb") as file:
            _write_whole(Path(target), self._streams.seal(file, context=context))

    def open_file(self, source: _Place, target: _Place, *, context: str) -> None:
        """Write the plain text to `target`. Raises `SealRefusedError`, and then there is no target."""
        with Path(source).open("rb") as file:
            _write_whole(Path(target), self._streams.open(file, context=context))

    def seal_stream(self, file: Any, *, context: str) -> Iterator[bytes]:
        """Yield the sealed pieces of what is left in a binary file."""
        return self._streams.seal(file, context=context)

    def open_stream(self, file: Any, *, context: str) -> Iterator[bytes]:
        """Yield the plain pieces. Raises `SealRefusedError`, perhaps after the first: keep them aside until the end."""
        return self._streams.open(file, context=context)

    def needs_rotation(self, source: _Place) -> bool:
        """Tell whether a file is under another key than the first. Raises OSError as `open` does."""
        with Path(source).open("rb") as file:
            return self._streams.is_outdated(file.read(_HEAD))


def _write_whole(target: Path, pieces: Iterator[bytes]) -> None:
    partial = target.with_name(f".{target.name}.{token()[:16]}.part")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
