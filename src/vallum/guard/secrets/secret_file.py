"""Read a secret from a file that nobody else can read (Docker, Kubernetes and systemd put secrets into files)."""

import os
import stat
from typing import Final

LARGEST_FILE: Final = 64 * 1024
_FILE: Final = "secret-file"


class SecretProblemError(Exception):
    """What is wrong with one secret; collected and told together with the others."""

    def __init__(self, problem: str, *, code: str = "secret-weak") -> None:
        """Say it in words that do not show the value, under a stable code."""
        super().__init__(problem)
        self.code = code


def read_file(path: str, *, unsafe_readable: bool) -> str:
    """Return the text without its final line break. Raises `SecretProblemError`, which never shows the content."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise SecretProblemError(f"cannot be read from {path}: {error.strerror}", code=_FILE) from None
    try:
        # The file that was opened is judged, so no other can take its place in between.
        _check_status(os.fstat(descriptor), path, unsafe_readable=unsafe_readable)
        content = os.read(descriptor, LARGEST_FILE + 1)
    finally:
        os.close(descriptor)
    if len(content) > LARGEST_FILE:
        raise SecretProblemError(f"has more than {LARGEST_FILE} bytes in {path}", code=_FILE)
    try:
        return content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretProblemError(f"is not UTF-8 text in {path}", code=_FILE) from None


def _check_status(status: os.stat_result, path: str, *, unsafe_readable: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretProblemError(f"names {path}, which is no file", code=_FILE)
    if os.name == "nt" or unsafe_readable:
        return
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise SecretProblemError(
            f"can be read by others in {path} (mode {mode:04o}); run: chmod 600 {path}", code=_FILE
        )
    if status.st_uid not in {0, os.geteuid()}:
        raise SecretProblemError(f"belongs to another user in {path}", code=_FILE)
