"""One suite for all key services. AWS is moto's; Vault's client speaks to a server of the test, as none can be had."""

import hashlib
import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import hvac
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from moto import mock_aws

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.seal.keys import SealingKey
from vallum.crypto.seal.ring import SealRefusedError, SealRing
from vallum.guard.crypto.envelope.aws import AwsKeys
from vallum.guard.crypto.envelope.hashicorp import VaultKeys
from vallum.guard.crypto.envelope.ring import EnvelopeRing
from vallum.guard.crypto.envelope.service import KeyService, KeyServiceError, LocalKeys
from vallum.guard.crypto.sealing import SealedBox

NEW, OLD = (SealingKey(Secret(hashlib.sha256(name).digest())) for name in (b"new", b"old"))
CONTEXT = "iban:7"


class Place:
    """A service, how its key is rotated, and how it is broken."""

    def __init__(self, service: KeyService, rotate: Callable[[], KeyService], fail: Callable[[], None]) -> None:
        self.service, self.rotate, self.fail = service, rotate, fail


class TransitServer(ThreadingHTTPServer):
    """The part of Vault's transit engine that encrypts, decrypts and tells the latest version."""

    daemon_threads = True
    versions = 1
    down = False
    key = AESGCM(hashlib.sha256(b"transit").digest())


class TransitHandler(BaseHTTPRequestHandler):
    server: TransitServer

    def do_PUT(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        given = json.loads(self.rfile.read(length) or b"{}")
        status, body = self._act(given)
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def _act(self, given: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.server.down:
            return 500, {"errors": ["sealed"]}
        verb, _, name = self.path.removeprefix("/v1/transit/").partition("/")
        if name != "shop":
            return 400, {"errors": ["no such key"]}
        if verb == "keys":
            return 200, {"data": {"latest_version": self.server.versions}}
        if verb == "encrypt":
            plain = b64decode(given["plaintext"])
            version = self.server.versions
            sealed = b64encode(self.server.key.encrypt(bytes(12), plain, str(version).encode())).decode()
            return 200, {"data": {"ciphertext": f"vault:v{version}:{sealed}"}}
        _, used, sealed = given["ciphertext"].split(":")
        try:
            plain = self.server.key.decrypt(bytes(12), b64decode(sealed), used[1:].encode())
        except InvalidTag:
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": b64encode(plain).decode()}}

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def local() -> Place:
    def rotate() -> KeyService:
        return LocalKeys(SealRing([NEW, OLD]))

    return Place(LocalKeys(SealRing([OLD])), rotate, lambda: None)


@pytest.fixture
def vault() -> Iterator[Place]:
    server = TransitServer(("127.0.0.1", 0), TransitHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = hvac.Client(url=f"http://127.0.0.1:{server.server_address[1]}", token="test")
    service = VaultKeys(client, "shop")

    def rotate() -> KeyService:
        server.versions += 1
        return service

    def fail() -> None:
        server.down = True

    yield Place(service, rotate, fail)
    server.shutdown()
    server.server_close()
    thread.join()
    client.adapter.close()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("kms", region_name="eu-central-1")
        keys = [client.create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
        client.create_alias(AliasName="alias/shop", TargetKeyId=keys[0])

        def rotate() -> KeyService:
            client.update_alias(AliasName="alias/shop", TargetKeyId=keys[1])
            return AwsKeys(client, "alias/shop")

        def fail() -> None:
            monkeypatch.setattr(client, "encrypt", lambda **_: 1 / 0)
            monkeypatch.setattr(client, "decrypt", lambda **_: 1 / 0)

        yield Place(AwsKeys(client, "alias/shop"), rotate, fail)


@pytest.fixture(params=["local", "vault", "aws"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def test_what_is_sealed_opens_here_and_in_another_process(place: Place) -> None:
    ring = EnvelopeRing(place.service)
    sealed = ring.seal(b"DE02", context=CONTEXT)
    assert ring.open(sealed, context=CONTEXT) == b"DE02"
    assert EnvelopeRing(place.service).open(sealed, context=CONTEXT) == b"DE02"
    assert b"DE02" not in sealed


def test_every_changed_byte_and_another_context_are_refused(place: Place) -> None:
    ring = EnvelopeRing(place.service)
    sealed = ring.seal(b"DE02", context=CONTEXT)
    with pytest.raises(SealRefusedError):
        ring.open(sealed, context="iban:8")
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises((SealRefusedError, KeyServiceError)):
            ring.open(bytes(changed), context=CONTEXT)


def test_rotation_is_seen_and_old_values_open(place: Place) -> None:
    before = SealedBox(EnvelopeRing(place.service))
    stored = before.encrypt_text("DE02", context=CONTEXT)
    assert not before.needs_rotation(stored)
    after = SealedBox(EnvelopeRing(place.rotate()))
    assert after.needs_rotation(stored)
    assert after.decrypt_text(stored, context=CONTEXT) == "DE02"
    assert not after.needs_rotation(after.encrypt_text("DE02", context=CONTEXT))


@pytest.mark.parametrize("place", ["vault", "aws"], indirect=True)
def test_a_service_that_fails_seals_and_opens_nothing_and_tells_no_key(place: Place) -> None:
    sealed = EnvelopeRing(place.service).seal(b"x", context=CONTEXT)
    place.fail()
    ring = EnvelopeRing(place.service)
    for act in (lambda: ring.seal(b"x", context=CONTEXT), lambda: ring.open(sealed, context=CONTEXT)):
        with pytest.raises(KeyServiceError) as caught:
            act()
        assert caught.value.__cause__ is None
        assert "gave no answer" in caught.value.message


class Counting:
    """Counts what a ring asks of its service."""

    def __init__(self) -> None:
        self.inner = LocalKeys(SealRing([NEW]))
        self.wrapped = self.unwrapped = 0

    def wrap(self, key: bytes) -> bytes:
        self.wrapped += 1
        return self.inner.wrap(key)

    def unwrap(self, wrapped: bytes) -> bytes:
        self.unwrapped += 1
        return self.inner.unwrap(wrapped)

    def is_outdated(self, wrapped: bytes) -> bool:
        return self.inner.is_outdated(wrapped)


def test_a_data_key_ends_by_uses_and_by_time() -> None:
    service, now = Counting(), [0.0]
    ring = EnvelopeRing(service, uses=3, seconds=10, clock=lambda: now[0])
    sealed = [ring.seal(b"x", context=CONTEXT) for _ in range(7)]
    assert service.wrapped == 3
    now[0] = 10.0
    ring.seal(b"x", context=CONTEXT)
    assert service.wrapped == 4
    for value in sealed * 2:
        ring.open(value, context=CONTEXT)
    assert service.unwrapped == 3


def test_threads_share_a_data_key_and_never_overuse_it() -> None:
    service = Counting()
    ring = EnvelopeRing(service, uses=50)
    threads = [
        threading.Thread(target=lambda: [ring.seal(b"x", context=CONTEXT) for _ in range(100)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.wrapped == 8


@pytest.mark.parametrize("settings", [{"uses": 0}, {"uses": 2**20 + 1}, {"seconds": 0}])
def test_limits_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        EnvelopeRing(LocalKeys(SealRing([NEW])), **settings)


def test_a_context_is_needed_and_no_repr_shows_a_key() -> None:
    ring = EnvelopeRing(LocalKeys(SealRing([NEW])))
    with pytest.raises(ConfigError):
        ring.seal(b"x", context="")
    assert repr(ring) == "EnvelopeRing(LocalKeys)"


@pytest.mark.parametrize(
    "sealed", [b"", b"\x02", b"\x02\x00\x00" + bytes(40), b"\x02\xff\xff" + bytes(40), b"\x01" * 60]
)
def test_what_is_no_envelope_is_refused_and_outdated(sealed: bytes) -> None:
    ring = EnvelopeRing(LocalKeys(SealRing([NEW])))
    assert ring.is_outdated(sealed)
    with pytest.raises(SealRefusedError):
        ring.open(sealed, context=CONTEXT)
