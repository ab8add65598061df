"""One suite for all places. AWS is moto's; Vault's client speaks to a server of the test; the clients of Azure and of
Google are replaced, since neither can be had here: they answer and raise what the official ones do."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import hvac
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from google.api_core import exceptions as google_errors
from moto import mock_aws

from vallum.guard.secrets.providers.aws import AwsSecrets
from vallum.guard.secrets.providers.azure import AzureSecrets
from vallum.guard.secrets.providers.environment import EnvironmentSecrets
from vallum.guard.secrets.providers.files import FileSecrets
from vallum.guard.secrets.providers.google import GoogleSecrets
from vallum.guard.secrets.providers.hashicorp import VaultSecrets
from vallum.guard.secrets.providers.protocol import (
    SecretDeniedError,
    SecretMissingError,
    SecretProvider,
    SecretUnavailableError,
)

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
VALUE = "the-value-that-must-not-show"


class Place:
    """A place with a way to write to it, to lock it and to break it."""

    def __init__(self, provider: SecretProvider, put: Callable[[str, str], None], fail: Callable[[str], None]) -> None:
        self.provider, self.put, self.fail = provider, put, fail


def _never(how: str) -> None:
    raise AssertionError(f"variables are never {how}")


class KvServer(ThreadingHTTPServer):
    """The part of Vault's HTTP API that reads KV version 2."""

    daemon_threads = True
    versions: dict[str, list[str]]
    failing = ""


class KvHandler(BaseHTTPRequestHandler):
    server: KvServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        versions = self.server.versions.get(parts.path.removeprefix("/v1/secret/data/"), [])
        wanted = int(parse_qs(parts.query).get("version", ["0"])[0]) or len(versions)
        status = {"denied": 403, "down": 500}.get(self.server.failing, 200 if 0 < wanted <= len(versions) else 404)
        body: dict[str, Any] = {"errors": [VALUE]}
        if status == 200:
            metadata = {"created_time": "2026-01-02T00:00:00.000000000Z", "version": wanted}
            body = {"data": {"data": {"value": versions[wanted - 1]}, "metadata": metadata}}
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def by_environment() -> Place:
    variables: dict[str, str] = {}

    def put(key: str, value: str) -> None:
        if key in variables:
            variables[f"{key}_PREVIOUS"] = variables[key]
        variables[key] = value

    return Place(EnvironmentSecrets(variables), put, _never)


@pytest.fixture
def by_files(tmp_path) -> Place:
    def put(key: str, value: str) -> None:
        place = tmp_path / key
        if place.exists():
            place.rename(tmp_path / f"{key}.previous")
        place.write_text(value + "\n")
        place.chmod(0o600)

    def fail(how: str) -> None:
        if how == "denied":
            (tmp_path / "session-key").chmod(0o644)
        else:
            (tmp_path / "session-key").unlink()
            (tmp_path / "session-key").symlink_to("session-key")

    return Place(FileSecrets(tmp_path), put, fail)


@pytest.fixture
def by_vault() -> Iterator[Place]:
    server = KvServer(("127.0.0.1", 0), KvHandler)
    server.versions = {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = hvac.Client(url=f"http://127.0.0.1:{server.server_port}", token="t")

    def fail(how: str) -> None:
        server.failing = how

    yield Place(VaultSecrets(client), lambda key, value: server.versions.setdefault(key, []).append(value), fail)
    client.adapter.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def by_aws(monkeypatch) -> Iterator[Place]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-central-1")

        def put(key: str, value: str) -> None:
            try:
                client.create_secret(Name=key, SecretString=value)
            except client.exceptions.ResourceExistsException:
                client.put_secret_value(SecretId=key, SecretString=value)

        def fail(how: str) -> None:
            code = {"denied": "AccessDeniedException", "down": "InternalServiceError"}[how]
            error = client.exceptions.ClientError({"Error": {"Code": code, "Message": VALUE}}, "GetSecretValue")
            monkeypatch.setattr(client, "get_secret_value", raiser(error))

        yield Place(AwsSecrets(client), put, fail)


def raiser(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


class Versions:
    """What both replaced clients hold."""

    def __init__(self) -> None:
        self.kept: dict[str, list[str]] = {}
        self.error: Exception | None = None

    def put(self, key: str, value: str) -> None:
        self.kept.setdefault(key, []).append(value)

    def find(self, key: str, number: int | None, absent: Exception) -> tuple[str, int]:
        if self.error is not None:
            raise self.error
        versions = self.kept.get(key, [])
        number = len(versions) if number is None else number
        if not 0 < number <= len(versions):
            raise absent
        return versions[number - 1], number


@pytest.fixture
def by_azure() -> Place:
    held = Versions()

    class Client:
        def get_secret(self, key: str, version: str | None = None) -> Any:
            value, number = held.find(key, int(version) if version else None, ResourceNotFoundError())
            return SimpleNamespace(value=value, properties=SimpleNamespace(version=str(number), created_on=WHEN))

        def list_properties_of_secret_versions(self, key: str) -> Any:
            held.find(key, None, ResourceNotFoundError())
            for number in range(1, len(held.kept[key]) + 1):
                yield SimpleNamespace(version=str(number), enabled=True, created_on=WHEN.replace(minute=number))

    def fail(how: str) -> None:
        held.error = ClientAuthenticationError(VALUE) if how == "denied" else HttpResponseError(VALUE)

    return Place(AzureSecrets(Client()), held.put, fail)


@pytest.fixture
def by_google() -> Place:
    held = Versions()

    class Client:
        def access_secret_version(self, request: dict[str, str]) -> Any:
            _, _, _, key, _, version = request["name"].split("/")
            number = None if version == "latest" else int(version)
            value, number = held.find(key, number, google_errors.NotFound(VALUE))
            name = f"projects/p/secrets/{key}/versions/{number}"
            return SimpleNamespace(name=name, payload=SimpleNamespace(data=value.encode()))

    def fail(how: str) -> None:
        error = google_errors.PermissionDenied if how == "denied" else google_errors.ServiceUnavailable
        held.error = error(VALUE)

    return Place(GoogleSecrets(Client(), project="p"), held.put, fail)


@pytest.fixture(params=["environment", "files", "vault", "aws", "azure", "google"])
def place(request) -> Place:
    return request.getfixturevalue(f"by_{request.param}")


def test_current_and_previous(place):
    place.put("session-key", "first")
    assert place.provider.fetch("session-key").value.reveal() == "first"
    assert place.provider.fetch_previous("session-key") is None
    place.put("session-key", "second")
    current, previous = place.provider.fetch("session-key"), place.provider.fetch_previous("session-key")
    assert (current.value.reveal(), previous.value.reveal()) == ("second", "first")
    assert current.version != previous.version


def test_a_value_never_shows(place):
    place.put("session-key", VALUE)
    assert VALUE not in repr(place.provider.fetch("session-key"))
    assert VALUE not in repr(place.provider)


@pytest.mark.parametrize("key", ["unknown", "session-key-2"])
def test_what_is_missing_is_named(place, key):
    with pytest.raises(SecretMissingError, match=key):
        place.provider.fetch(key)


@pytest.mark.parametrize("name", ["files", "vault", "aws", "azure", "google"])
@pytest.mark.parametrize(("how", "error"), [("denied", SecretDeniedError), ("down", SecretUnavailableError)])
def test_what_cannot_be_read_says_why_and_no_more(request, name, how, error):
    place: Place = request.getfixturevalue(f"by_{name}")
    place.put("session-key", VALUE)
    place.fail(how)
    with pytest.raises(error, match="session-key") as caught:
        place.provider.fetch("session-key")
    assert VALUE not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", ".hidden", "a/b", "", "a\0"])
def test_a_file_is_named_plainly(tmp_path, key):
    with pytest.raises(SecretMissingError):
        FileSecrets(tmp_path).fetch(key)


def test_systemd_says_where_its_credentials_are(tmp_path):
    (tmp_path / "mail").write_text("x")
    (tmp_path / "mail").chmod(0o400)
    assert FileSecrets.from_systemd({"CREDENTIALS_DIRECTORY": str(tmp_path)}).fetch("mail").value.reveal() == "x"
    for environment in ({}, {"CREDENTIALS_DIRECTORY": str(tmp_path / "missing")}):
        with pytest.raises(Exception, match=r"secrets|credentials"):
            FileSecrets.from_systemd(environment)
