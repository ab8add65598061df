"""Take files from users: counted while they stream in, what their bytes say they are, under a name of ours.

    AVATARS = UploadStore("/srv/notes/avatars", UploadPolicy(types=(PNG, JPEG)))

    stored = AVATARS.receive(upload.file, name=upload.filename)      # or: await AVATARS.receive_async(upload, ...)
    with AVATARS.open(stored.name) as file: ...
    headers = AVATARS.headers(stored.name, stored.display_name)

Sources: CWE-434, CWE-400, CWE-73; ASVS 5.2.1, 5.2.2, 5.3.1, 5.4.1.
"""

import asyncio
import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.guard.files.file_types import FIRST_BYTES, JPEG, PDF, PNG, FileType
from vallum.guard.files.images import MOST_PIXELS, load_library, rewrite_image
from vallum.guard.files.paths import SafeFolder
from vallum.guard.files.upload_names import UploadRefusedError, read_extension, write_disposition

KEEPS: Final = (
    "upload-extension-allowlist",
    "upload-content-sniffed",
    "upload-size-limit",
    "upload-server-names",
)
MOST_BYTES: Final = 5 * 1024 * 1024
_PIECE: Final = 64 * 1024
_NAME: Final = re.compile(r"[0-9a-f]{32}\.[a-z0-9]{1,10}")
_PARTIAL: Final = ".part"

Scan = Callable[[BinaryIO], bool]
"""Reads a whole file and tells whether it is clean."""


class Reader(Protocol):
    """What a synchronous form parser gives: a file."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, empty at the end."""


class AsyncReader(Protocol):
    """What an asynchronous form parser gives: an upload."""

    async def read(self, size: int, /) -> bytes:
        """The next bytes, empty at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPolicy:
    """What one feature accepts: types, bytes of a file, pixels of a picture.

    `scan` is asked about each file before it is kept, such as a virus scanner. `unsafe_keep_pictures` stores pictures
    as they came, metadata and appended data included.
    """

    types: tuple[FileType, ...] = (JPEG, PNG, PDF)
    most_bytes: int = MOST_BYTES
    most_pixels: int = MOST_PIXELS
    scan: Scan | None = None
    unsafe_keep_pictures: bool = False

    def __post_init__(self) -> None:
        """Raise `ConfigError` for no types, two types of one extension, and limits below 1."""
        extensions = [extension for kind in self.types for extension in kind.extensions]
        if not extensions or len(set(extensions)) != len(extensions):
            raise ConfigError("an upload policy needs types with different extensions.", code="upload-types")
        if self.most_bytes < 1 or self.most_pixels < 1:
            raise ConfigError("each limit of an upload must be at least 1.", code="upload-limit")
        if not self.unsafe_keep_pictures and any(kind.is_image for kind in self.types):
            load_library()

    def find_type(self, extension: str) -> FileType:
        """The type to which an accepted extension belongs."""
        return next(kind for kind in self.types if extension in kind.extensions)

    @property
    def extensions(self) -> frozenset[str]:
        """All extensions that are accepted."""
        return frozenset(extension for kind in self.types for extension in kind.extensions)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpload:
    """A kept file: `name` in the store, the client's name for display only, its type and size in bytes."""

    name: str
    display_name: str
    media_type: str
    size: int


class UploadStore:
    """Keeps the files of one feature in one folder outside of the web root, each with mode 0600 and a random name."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        policy: UploadPolicy | None = None,
        *,
        randomness: Randomness = SYSTEM_RANDOMNESS,
    ) -> None:
        """Use an existing `folder`. Raises `ConfigError` when it is missing or others may write in it."""
        self._folder = SafeFolder(folder)
        if self._folder.root.stat().st_mode & 0o022:
            raise ConfigError(
                f"others may write in the upload folder {folder}.", hint="chmod 700 the folder.", code="upload-folder"
            )
        self._policy = policy or UploadPolicy()
        self._randomness = randomness

    def receive(self, source: Reader, *, name: str, space_left: int | None = None) -> StoredUpload:
        """Read `source` to its end and keep it. `space_left` is what the user's quota still allows, in bytes.

        Reading stops at the first byte over the limit. Raises `UploadRefusedError`: 413 for the size, 400 for the
        name, the type, the picture or the scan. A refused or failed upload leaves no file.
        """
        with self._receiving(name, space_left) as upload:
            while piece := source.read(_PIECE):
                upload.add(piece)
            return upload.finish()

    async def receive_async(self, source: AsyncReader, *, name: str, space_left: int | None = None) -> StoredUpload:
        """Do the same with an asynchronous `source`; pictures are written anew in a thread."""
        with self._receiving(name, space_left) as upload:
            while piece := await source.read(_PIECE):
                upload.add(piece)
            return await asyncio.to_thread(upload.finish)

    def open(self, name: str) -> BinaryIO:
        """Open a kept file to read it. Raises `UploadRefusedError` for other names, `FileNotFoundError` for unknown."""
        return self._folder.open(_check_name(name))

    def remove(self, name: str) -> None:
        """Remove a kept file. Raises like `open`."""
        self._folder.remove(_check_name(name))

    def headers(self, name: str, display_name: str) -> dict[str, str]:
        """The headers with which a file is served: its detected type, as attachment, never sniffed, run or cached."""
        kind = self._policy.find_type(read_extension(_check_name(name), self._policy.extensions))
        return {
            "Content-Type": kind.media_type,
            "Content-Disposition": write_disposition(display_name),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, no-store",
        }

    @contextmanager
    def _receiving(self, name: str, space_left: int | None) -> Iterator["_Receiving"]:
        kind = self._policy.find_type(read_extension(name, self._policy.extensions))
        limit = self._policy.most_bytes if space_left is None else min(self._policy.most_bytes, space_left)
        stem = self._randomness(16).hex()
        upload = _Receiving(self._folder, self._policy, kind, stem, name, limit)
        try:
            yield upload
        finally:
            upload.clear()


class _Receiving:
    """One upload on its way in: a partial file until everything about it is known to be right."""

    def __init__(
        self, folder: SafeFolder, policy: UploadPolicy, kind: FileType, stem: str, display_name: str, limit: int
    ) -> None:
        self._folder = folder
        self._policy = policy
        self._kind = kind
        self._display_name = display_name
        self._limit = limit
        self._name = f"{stem}.{kind.extensions[0]}"
        self._partial = stem + _PARTIAL
        self._file = folder.create(self._partial)
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Count, then write."""
        self._size += len(piece)
        if self._size > self._limit:
            error = UploadRefusedError(f"an upload has more than {self._limit} bytes.", code="upload-too-large")
            error.status = 413
            raise error
        self._file.write(piece)

    def finish(self) -> StoredUpload:
        """Look at the whole file and give it its name, in one step and never over another file."""
        self._file.close()
        with self._folder.open(self._partial) as file:
            if not self._kind.matches(file.read(FIRST_BYTES)):
                raise UploadRefusedError("the bytes of a file are not of the type that its name says.")
            file.seek(0)
            if self._policy.scan is not None and not self._policy.scan(file):
                raise UploadRefusedError("a scan did not find a file clean.", code="upload-unclean")
            file.seek(0)
            size = self._keep_picture(file) if self._rewrites else self._keep_bytes()
        return StoredUpload(
            name=self._name, display_name=self._display_name, media_type=self._kind.media_type, size=size
        )

    def clear(self) -> None:
        """Remove what is partial."""
        self._file.close()
        with suppress(FileNotFoundError):
            self._folder.remove(self._partial)

    @property
    def _rewrites(self) -> bool:
        return self._kind.is_image and not self._policy.unsafe_keep_pictures

    def _keep_bytes(self) -> int:
        root = self._folder.root
        os.link(root / self._partial, root / self._name)
        return self._size

    def _keep_picture(self, file: BinaryIO) -> int:
        written = io.BytesIO()
        rewrite_image(file, written, self._kind.media_type, pixels=self._policy.most_pixels)
        with self._folder.create(self._name) as target:
            target.write(written.getbuffer())
        return written.getbuffer().nbytes


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UploadRefusedError("a stored file has 32 hexadecimal digits and an extension as its name.")
    return name
