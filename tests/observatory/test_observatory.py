"""The MDN HTTP Observatory gives sound Notes, served as in production, its best grade.

Its scanner runs here as it is (npm `@mdn/mdn-http-observatory`, https://github.com/mdn/mdn-http-observatory); scan.mjs
leads its connections to this machine. `make .venv/observatory/.done` installs it.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from vallum.base.randomness import token

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / ".venv" / "observatory" / "node_modules" / "@mdn" / "mdn-http-observatory"
NODE = shutil.which("node")
HOST = "notes.example"
SERVE = """
import asyncio, sys
import uvicorn
from examples.notes.sound import app

async def serve(plain, secure, key, certificate):
    common = {"host": "127.0.0.1", "server_header": False, "proxy_headers": False, "log_level": "warning"}
    tls = {"ssl_keyfile": key, "ssl_certfile": certificate}
    configs = uvicorn.Config(app, port=int(plain), **common), uvicorn.Config(app, port=int(secure), **common, **tls)
    await asyncio.gather(*(uvicorn.Server(config).serve() for config in configs))

asyncio.run(serve(*sys.argv[1:]))
"""
pytestmark = pytest.mark.skipif(
    NODE is None or not PACKAGE.is_dir(),
    reason="node or the MDN HTTP Observatory is missing: make .venv/observatory/.done",
)


def certify(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for the host, good for an hour, which only this test trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, SHA256())
    )
    paths = folder / "key.pem", folder / "certificate.pem"
    paths[0].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    paths[1].write_bytes(certificate.public_bytes(Encoding.PEM))
    return paths


def production(folder: Path) -> dict[str, str]:
    """What sound Notes needs to start as in production."""
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("NOTES_", "VALLUM_"))}
    return bare | {
        "VALLUM_ENV": "production",
        "VALLUM_ORIGINS": f"https://{HOST}",
        "VALLUM_SECRET": token(48),
        "VALLUM_SESSIONS": str(folder / "sessions.sqlite3"),
        "NOTES_DB": str(folder / "notes.sqlite3"),
        "NOTES_DATA_KEYS": b64encode(os.urandom(32)).decode(),
        "NOTES_TOKEN_KEY": b64encode(pem).decode(),
        "NOTES_TRAIL_SECRET": token(48),
    }


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the Observatory says."""
    folder = tmp_path_factory.mktemp("observatory")
    key, certificate = certify(folder)
    ports = [str(port) for port in free_ports(2)]
    command = [sys.executable, "-c", SERVE, *ports, str(key), str(certificate)]
    with subprocess.Popen(command, cwd=ROOT, env=production(folder)) as server:
        try:
            wait_until_open(server, int(ports[1]))
            done = subprocess.run(
                [str(NODE), str(Path(__file__).with_name("scan.mjs")), str(PACKAGE), HOST, *ports],
                env={**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate)},
                capture_output=True,
                text=True,
                timeout=120,
            )
        finally:
            server.terminate()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def wait_until_open(server: subprocess.Popen[bytes], port: int) -> None:
    """Ask until somebody listens; a server that has ended fails the test at once."""
    for _ in range(600):
        assert server.poll() is None, "the server has ended"
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            server.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    pytest.fail("nobody listens")


def test_sound_gets_the_best_grade(result: dict[str, Any]) -> None:
    failed = {name: told["result"] for name, told in result["tests"].items() if not told["pass"]}
    assert failed == {}
    assert (result["grade"], result["status"]) == ("A+", 200)
    assert result["score"] >= 120
