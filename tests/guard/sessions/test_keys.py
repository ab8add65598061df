"""The secret of sessions: read from outside, judged, rotated, and derived for each purpose."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.sessions.keys import derive_keys, read_session_secrets

NEW = "hG7wq0YxN2mLz8cPb4VtR6sKd1JfQ9aEuXi3oWT5yMnB"
OLD = "Zk3PvX8rT1nYc6QmW0aLsD5gHj9BfU2eRiO7tKxVb4Nw"


def read(environment: Mapping[str, str]) -> list[str]:
    return [secret.reveal() for secret in read_session_secrets(environment=environment)]


def test_the_newest_comes_first() -> None:
    assert read({"SESSION_SECRET": f"{NEW}\n{OLD}"}) == [NEW, OLD]
    assert read_session_secrets("CSRF_SECRET", environment={"CSRF_SECRET": NEW})[0].reveal() == NEW


def test_a_file_may_hold_them(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{NEW} {OLD}\n", encoding="utf-8")
    file.chmod(0o400)
    assert read({"SESSION_SECRET_FILE": str(file)}) == [NEW, OLD]
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="read by others"):
        read({"SESSION_SECRET_FILE": str(file)})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "not set"),
        ("keyboard_cat", "characters"),
        ("django-insecure-4m9w!t2k8q-example-only-and-longer-than-that", "sample"),
        ("changeme" * 8, "sample"),
        ("q8Zl2mX0vB5nT7cJ4hR1kW9sD3fG6yPa", "32 random bytes"),
        ("0123456789abcdef" * 3, "32 random bytes"),
        ("ab" * 40, "repeats"),
        (f"{NEW} {NEW}", "twice"),
        (f"{NEW} short", "secret 2"),
    ],
)
def test_what_protects_nothing_is_refused_and_not_shown(value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        read({"SESSION_SECRET": value})
    assert all(part not in str(refused.value) for part in value.split() if len(part) > 8)


def test_each_purpose_has_a_key_of_its_own() -> None:
    secrets = (Secret(NEW), Secret(OLD))
    keys = derive_keys(secrets, "links")
    expected = [HKDF(SHA256(), 32, None, b"links").derive(value.encode()) for value in (NEW, OLD)]
    assert list(keys) == expected
    assert not set(keys) & set(derive_keys(secrets, "forms"))


@pytest.mark.parametrize(("secrets", "purpose"), [((), "links"), ((Secret(NEW),), "")])
def test_a_key_needs_a_secret_and_a_purpose(secrets: tuple[Secret[str], ...], purpose: str) -> None:
    with pytest.raises(ConfigError):
        derive_keys(secrets, purpose)
