"""The scan by ClamAV, against a server of the test that speaks INSTREAM: a real clamd cannot be had here."""

import io
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.files.clamav import ClamAv, ScannerDownError
from vallum.guard.files.file_types import PDF
from vallum.guard.files.upload_names import UploadRefusedError
from vallum.guard.files.uploads import UploadPolicy, UploadStore

EVIL = b"%PDF-1.7 evil"


class Daemon(socketserver.ThreadingUnixStreamServer):
    """Finds something in whatever holds `evil`."""

    answer: bytes | None = None


class Handler(socketserver.StreamRequestHandler):
    server: Daemon

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        body = b""
        while size := int.from_bytes(self.rfile.read(4)):
            body += self.rfile.read(size)
        if self.server.answer is not None:
            self.wfile.write(self.server.answer)
        else:
            self.wfile.write(b"stream: Test-Signature FOUND\0" if b"evil" in body else b"stream: OK\0")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    server = Daemon(str(tmp_path / "clamd.ctl"), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def scan(daemon: Daemon) -> ClamAv:
    return ClamAv(str(daemon.server_address), seconds=5)


def test_what_is_clean_passes_and_what_is_found_does_not(scan: ClamAv) -> None:
    assert scan(io.BytesIO(b"%PDF-1.7 " + b"x" * 300_000))
    assert scan(io.BytesIO(b""))
    assert not scan(io.BytesIO(b"x" * 70_000 + b"evil"))


def test_an_upload_is_kept_only_when_it_is_clean(scan: ClamAv, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    store = UploadStore(folder, UploadPolicy(types=(PDF,), scan=scan))
    store.receive(io.BytesIO(b"%PDF-1.7 fine"), name="a.pdf")
    with pytest.raises(UploadRefusedError):
        store.receive(io.BytesIO(EVIL), name="b.pdf")
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK maybe\0", b"x" * 9000])
def test_an_answer_that_tells_nothing_refuses(daemon: Daemon, scan: ClamAv, answer: bytes) -> None:
    daemon.answer = answer
    with pytest.raises(ScannerDownError):
        scan(io.BytesIO(b"fine"))


def test_a_scanner_that_is_away_refuses_the_upload(tmp_path: Path) -> None:
    for place in (str(tmp_path / "absent"), free_port()):
        with pytest.raises(ScannerDownError, match="gave no answer"):
            ClamAv(place, seconds=1)(io.BytesIO(b"fine"))


def free_port() -> tuple[str, int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place: tuple[str, int] = taken.getsockname()
    return place


@pytest.mark.parametrize("build", [lambda: ClamAv(""), lambda: ClamAv("/x", seconds=0)])
def test_places_that_are_none_are_refused(build: Callable[[], Any]) -> None:
    with pytest.raises(ConfigError):
        build()
