import datetime as dt
import hashlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vallum.base.errors import ConfigError
from vallum.guard.crypto.tls import client_context, server_context
from vallum.guard.supply_chain.downloads import (
    Download,
    DownloadRefusedError,
    fetch_file,
    keep_verified,
    verify_file,
)

CONTENT = b"model " * 100_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/missing": 404, "/away": 302, "/on": 302}.get(self.path, 200)
        self.send_response(status)
        if status == 302:
            host, port = self.server.server_address[:2]
            scheme = "http" if self.path == "/away" else "https"
            self.send_header("Location", f"{scheme}://{host}:{port}/model")
        cut = 2 if self.path == "/cut" else 1
        self.send_header("Content-Length", str(len(CONTENT) if status == 200 else 0))
        self.end_headers()
        if status == 200:
            self.wfile.write(CONTENT[: len(CONTENT) // cut])

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def trust(tmp_path_factory) -> Any:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


@pytest.fixture(scope="module")
def origin(trust) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = server_context(trust / "cert.pem", trust / "key.pem").wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def context(trust) -> ssl.SSLContext:
    return client_context(ca_file=trust / "cert.pem")


@pytest.mark.parametrize("path", ["/model", "/on"])
def test_the_pinned_file_is_kept(origin, context, tmp_path, path):
    fetch_file(Download(origin + path, SHA256), tmp_path / "model", context=context)
    assert (tmp_path / "model").read_bytes() == CONTENT
    assert [kept.name for kept in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("path", ["/missing", "/away", "/cut"])
def test_what_goes_wrong_leaves_the_old_file(origin, context, tmp_path, path):
    (tmp_path / "model").write_bytes(b"old")
    with pytest.raises(DownloadRefusedError):
        fetch_file(Download(origin + path, SHA256), tmp_path / "model", context=context)
    assert (tmp_path / "model").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_changed_file_is_refused(origin, context, tmp_path):
    with pytest.raises(DownloadRefusedError, match="pinned"):
        fetch_file(Download(origin + "/model", "0" * 64), tmp_path / "model", context=context)
    assert not list(tmp_path.iterdir())


def test_an_unknown_server_is_refused(origin, tmp_path):
    with pytest.raises(DownloadRefusedError, match="fetched"):
        fetch_file(Download(origin + "/model", SHA256), tmp_path / "model")


def test_a_context_that_verifies_nobody_is_refused(origin, tmp_path):
    loose = ssl.create_default_context()
    loose.check_hostname = False
    loose.verify_mode = ssl.CERT_NONE
    with pytest.raises(ConfigError, match="verify"):
        fetch_file(Download(origin + "/model", SHA256), tmp_path / "model", context=loose)


def test_reading_stops_at_the_size(tmp_path):
    given = []

    def endless() -> Iterator[bytes]:
        while True:
            given.append(1)
            yield b"x" * 1000

    with pytest.raises(DownloadRefusedError, match="5000"):
        keep_verified(endless(), Download("https://x.example/1", SHA256, most_bytes=5000), tmp_path / "model")
    assert len(given) == 6
    assert not list(tmp_path.iterdir())


def test_a_file_from_elsewhere_is_compared(tmp_path):
    place = tmp_path / "tool"
    place.write_bytes(CONTENT)
    verify_file(place, SHA256)
    place.write_bytes(CONTENT + b"!")
    with pytest.raises(DownloadRefusedError, match="tool"):
        verify_file(place, SHA256)
    assert not place.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ("http://x.example", SHA256),
        ("https://x.example", "abc"),
        ("https://x.example", SHA256.upper()),
        ("https://x", SHA256, 0),
    ],
)
def test_a_download_is_pinned_and_https(wrong):
    with pytest.raises(ConfigError):
        Download(*wrong)
