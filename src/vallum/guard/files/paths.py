"""Open files by a name from the user, below one folder, whatever the name says (CWE-22, CWE-59, ASVS 5.3.2).

NOTES = SafeFolder("/srv/notes")

with NOTES.open(name) as file: ...       # read; follows no link
with NOTES.create(name) as file: ...     # a new file, mode 0600; never overwrites
path = NOTES.join(name)                  # for libraries that want a path
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from vallum.base.errors import ConfigError
from vallum.guard.files.names import PathRefusedError, split_name

KEEPS: Final = ("path-traversal",)
__all__ = ["PathRefusedError", "SafeFolder"]
_NO_FILE: Final = frozenset((errno.ELOOP, errno.EMLINK, errno.ENOTDIR, errno.ENXIO, errno.EISDIR))
"""What the system answers for a link, a file or link in the place of a folder, a socket or pipe, a folder."""
_CAN_WALK: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_DIRECTORY")


@dataclass(frozen=True, slots=True)
class SafeFolder:
    """A folder whose files are named by users. Raises `ConfigError` when it does not exist.

    Every method raises `PathRefusedError` (400) for a name that could lead out, and for a link, device or pipe.
    """

    root: Path

    def __init__(self, root: str | os.PathLike[str]) -> None:
        """Resolve the folder once; a link in the path of the root itself is the operator's choice."""
        resolved = Path(root).resolve()
        if not resolved.is_dir():
            raise ConfigError(
                f"the folder {root} does not exist.", hint="Create it before the start.", code="no-folder"
            )
        object.__setattr__(self, "root", resolved)

    def join(self, name: str) -> Path:
        """Return the path below the root, links resolved. The file need not exist.

        Between this call and the use of the path a link can be planted; `open` and `create` have no such gap.
        """
        try:
            path = self.root.joinpath(*split_name(name)).resolve()
        except (OSError, RuntimeError):
            raise PathRefusedError("a path leads round in a circle of links.") from None
        if not path.is_relative_to(self.root) or path == self.root:
            raise PathRefusedError("a link leads out of the folder.", code="path-leaves-folder")
        return path

    def open(self, name: str) -> BinaryIO:
        """Open an ordinary file to read bytes, following no link on the way. Raises `FileNotFoundError`."""
        *folders, last = split_name(name)
        with self._walk(folders) as folder:
            descriptor = _open_at(last, os.O_RDONLY | os.O_NONBLOCK, folder)
        return _check_regular(descriptor, "rb")

    def create(self, name: str) -> BinaryIO:
        """Create a file that did not exist, mode 0600, to write bytes. Raises `FileExistsError`."""
        *folders, last = split_name(name)
        with self._walk(folders) as folder:
            descriptor = _open_at(last, os.O_WRONLY | os.O_CREAT | os.O_EXCL, folder)
        return _check_regular(descriptor, "wb")

    def make_folder(self, name: str) -> None:
        """Create a folder, and those above it, with mode 0700; existing ones are kept."""
        with self._walk(split_name(name), create=True):
            pass

    def remove(self, name: str) -> None:
        """Remove a file or link; what a link points to is not touched. Raises `FileNotFoundError`."""
        *folders, last = split_name(name)
        with self._walk(folders) as folder:
            os.unlink(last, dir_fd=folder)

    @contextmanager
    def _walk(self, folders: tuple[str, ...] | list[str], *, create: bool = False) -> Iterator[int]:
        if not _CAN_WALK:
            raise ConfigError(
                "this system cannot open files without following links.",
                hint="Use join(), on a folder that nobody else can write.",
                code="no-openat",
            )
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in folders:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(folder, 0o700, dir_fd=descriptor)
                inner = _open_at(folder, os.O_RDONLY | os.O_DIRECTORY, descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


def _open_at(name: str, flags: int, folder: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno in _NO_FILE:
            raise PathRefusedError("a path leads over a link or something that is no file.") from error
        raise


def _check_regular(descriptor: int, mode: str) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PathRefusedError("a path leads to something that is no ordinary file.")
    os.set_blocking(descriptor, True)
    return cast("BinaryIO", os.fdopen(descriptor, mode))
