"""Unpack zip and tar archives from users: no entry leaves the folder, no bomb goes off (CWE-22, CWE-409, CWE-59).

    extract_archive(upload.file, SafeFolder("/srv/imports/17"))

Formats: zip, tar, tar.gz, tar.bz2. Not tar.xz, whose decompressor takes memory without a bound.
"""

import bz2
import gzip
import io
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol

from vallum.base.errors import ConfigError, RefusedError
from vallum.guard.files.names import PathRefusedError, split_name
from vallum.guard.files.paths import SafeFolder

KEEPS: Final = ("path-traversal",)
_CHUNK: Final = 64 * 1024
_RATIO_FROM: Final = 1024 * 1024
_BROKEN: Final = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, ValueError)


class ArchiveRefusedError(RefusedError):
    """An archive that is broken, too large when unpacked, or holds something else than files and folders."""

    code = "archive-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """How much an archive may hold, in entries and bytes; `ratio` is unpacked to packed, beyond the first MiB."""

    archive_bytes: int = 50 * 1024 * 1024
    entries: int = 1000
    entry_bytes: int = 20 * 1024 * 1024
    total_bytes: int = 100 * 1024 * 1024
    ratio: int = 100

    def __post_init__(self) -> None:
        """Raise `ConfigError` for a limit below 1."""
        if min(self.archive_bytes, self.entries, self.entry_bytes, self.total_bytes, self.ratio) < 1:
            raise ConfigError("each limit of an archive must be at least 1.")


def extract_archive(
    archive: BinaryIO, folder: SafeFolder, *, limits: ArchiveLimits = ArchiveLimits()
) -> tuple[str, ...]:
    """Unpack into `folder`, files with mode 0600, and return their names. Existing files are never overwritten.

    Raises `PathRefusedError` or `ArchiveRefusedError` (400) for the first entry that is not acceptable, and removes
    what was unpacked before it.
    """
    size = archive.seek(0, io.SEEK_END)
    if size > limits.archive_bytes:
        raise ArchiveRefusedError("an archive is too large.", code="archive-too-large")
    unpacking = _Unpacking(folder, limits, size)
    try:
        _unpack(archive, unpacking)
    except BaseException as error:
        for name in unpacking.written:
            with suppress(OSError, PathRefusedError):
                folder.remove(name)
        if isinstance(error, _BROKEN) or (isinstance(error, OSError) and error.errno is None):
            raise ArchiveRefusedError("an archive is broken or of an unknown kind.") from error
        raise
    return tuple(unpacking.written)


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(slots=True)
class _Unpacking:
    """What has been unpacked so far; every byte and name passes here."""

    folder: SafeFolder
    limits: ArchiveLimits
    packed: int
    written: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    total: int = 0

    def enter(self, name: str, *, ordinary: bool) -> str:
        """Check one entry's name and kind before anything of it is read."""
        if not ordinary:
            raise ArchiveRefusedError(
                "an archive holds a link, device, encrypted or other special entry.", code="archive-special"
            )
        checked = "/".join(split_name(name))
        key = unicodedata.normalize("NFKC", checked).casefold()
        if key in self.seen or len(self.seen) >= self.limits.entries:
            raise ArchiveRefusedError("an archive holds too many entries, or one name twice.", code="archive-entries")
        self.seen.add(key)
        return checked

    def make_folder(self, name: str) -> None:
        """Create a folder of the archive."""
        self.folder.make_folder(name)

    def write(self, name: str, source: _Reader) -> None:
        """Copy one entry, counting what really comes out of it."""
        if "/" in name:
            self.folder.make_folder(name.rpartition("/")[0])
        with self.folder.create(name) as target:
            self.written.append(name)
            size = 0
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > self.limits.entry_bytes:
                    raise ArchiveRefusedError("a file of an archive is too large.", code="archive-too-large")
                self.count(len(chunk))
                target.write(chunk)

    def count(self, size: int) -> None:
        """Add bytes to the total."""
        self.total += size
        most = min(self.limits.total_bytes, max(_RATIO_FROM, self.packed * self.limits.ratio))
        if self.total > most:
            raise ArchiveRefusedError("an archive is too large when unpacked.", code="archive-too-large")


def _unpack(archive: BinaryIO, unpacking: _Unpacking) -> None:
    archive.seek(0)
    magic = archive.read(4)
    archive.seek(0)
    if magic.startswith(b"PK"):
        _unpack_zip(archive, unpacking)
    elif magic.startswith(b"\x1f\x8b"):
        _unpack_tar(gzip.GzipFile(fileobj=archive), unpacking)
    elif magic.startswith(b"BZh"):
        _unpack_tar(bz2.BZ2File(archive), unpacking)
    else:
        _unpack_tar(archive, unpacking)


def _unpack_zip(archive: BinaryIO, unpacking: _Unpacking) -> None:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)
            plain = entry.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} and not entry.flag_bits & 1
            ordinary = plain and kind in {0, stat.S_IFREG, stat.S_IFDIR}
            # The name as written in the archive: zipfile itself cuts at NUL and turns backslashes round.
            name = unpacking.enter(entry.orig_filename.removesuffix("/"), ordinary=ordinary)
            if entry.is_dir():
                unpacking.make_folder(name)
            else:
                with opened.open(entry) as source:
                    unpacking.write(name, source)


def _unpack_tar(stream: _Reader, unpacking: _Unpacking) -> None:
    bounded = _Bounded(stream, unpacking.limits.total_bytes + unpacking.limits.entries * 2048 + _RATIO_FROM)
    with tarfile.open(fileobj=bounded, mode="r|") as opened:  # type: ignore[call-overload]  # it only calls read()
        for entry in opened:
            if entry.name == ".":
                continue
            ordinary = entry.isdir() or (entry.isreg() and not entry.issparse())
            name = unpacking.enter(entry.name.removeprefix("./"), ordinary=ordinary)
            source = opened.extractfile(entry)
            if source is None:
                unpacking.make_folder(name)
            else:
                unpacking.write(name, source)


class _Bounded:
    """A stream that refuses to give more than `limit` bytes: headers and padding count too."""

    def __init__(self, stream: _Reader, limit: int) -> None:
        self.stream = stream
        self.limit = limit

    def read(self, size: int, /) -> bytes:
        chunk = self.stream.read(min(size, self.limit + 1))
        self.limit -= len(chunk)
        if self.limit < 0:
            raise ArchiveRefusedError("an archive is too large when unpacked.", code="archive-too-large")
        return chunk
