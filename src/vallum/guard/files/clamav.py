"""Have uploads looked at by ClamAV before they are kept (ASVS 5.4.3).

    UploadPolicy(types=(PDF,), scan=ClamAv("/run/clamav/clamd.ctl"))
    UploadPolicy(types=(PDF,), scan=ClamAv(("clamav.internal", 3310)))

A scanner that does not answer refuses the upload. Source: clamd(8), command INSTREAM.
"""

import socket
from typing import BinaryIO, Final

from vallum.base.errors import ConfigError, VallumError

_PIECE: Final = 64 * 1024
_LONGEST_ANSWER: Final = 4096
_CLEAN: Final = b"stream: OK"
_FOUND: Final = b"FOUND"


class ScannerDownError(VallumError):
    """The scanner gave no answer, or one that tells nothing: the file was not looked at."""

    code = "scanner-down"


class ClamAv:
    """A scan by clamd over its socket; call it with a file. May be used from several threads."""

    def __init__(self, place: str | tuple[str, int], *, seconds: float = 30.0) -> None:
        """Connect to the path of a Unix socket, or to host and port in the own network; wait `seconds` for each step.

        Raises `ConfigError` for a place that is neither.
        """
        if not place or seconds <= 0:
            raise ConfigError(
                "the place of clamd is the path of a socket, or host and port.",
                hint='For example ClamAv("/run/clamav/clamd.ctl").',
                code="clamav-place",
            )
        self._place = place
        self._seconds = seconds

    def __call__(self, file: BinaryIO) -> bool:
        """Whether nothing was found in what is left of `file`. Raises `ScannerDownError`."""
        try:
            with self._connect() as connection:
                answer = _ask(connection, file)
        except OSError as error:
            kind = type(error).__name__
            raise ScannerDownError(f"clamd gave no answer ({kind}).", hint="See whether it runs.") from None
        if answer == _CLEAN:
            return True
        if answer.endswith(_FOUND):
            return False
        raise ScannerDownError("clamd could not look at a file.", hint="See its log, and its StreamMaxLength.")

    def _connect(self) -> socket.socket:
        if isinstance(self._place, tuple):
            return socket.create_connection(self._place, timeout=self._seconds)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._seconds)
        try:
            connection.connect(self._place)
        except OSError:
            connection.close()
            raise
        return connection


def _ask(connection: socket.socket, file: BinaryIO) -> bytes:
    connection.sendall(b"zINSTREAM\0")
    while piece := file.read(_PIECE):
        connection.sendall(len(piece).to_bytes(4) + piece)
    connection.sendall(bytes(4))
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER and (part := connection.recv(1024)):
        answer += part
    return answer.removesuffix(b"\0").strip()
