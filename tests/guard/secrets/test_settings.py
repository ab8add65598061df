import os
import secrets
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.secrets.judgement import judge_value
from vallum.guard.secrets.settings import (
    FromEnvironment,
    MaybeFromEnvironment,
    SecretSettings,
    require_secret,
    unsafe_settings,
)
from vallum.guard.secrets.sources import SecretSource

KEY = "q7Rk2mVx9Zt4Lw8Ns1Pc6Yb3Hd5Jf0Gu"


class AppSecrets(SecretSettings):
    session_key = FromEnvironment("SESSION_KEY")
    database_url = FromEnvironment("DATABASE_URL", min_length=12)
    mail_password = MaybeFromEnvironment("MAIL_PASSWORD", min_length=8)


GOOD = {"SESSION_KEY": KEY, "DATABASE_URL": "postgresql://notes:vT7mQ2xR@db/notes"}


def write(path: Path, content: bytes | str = KEY, mode: int = 0o600) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return str(path)


def refuse(**environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        AppSecrets(environment={name: value for name, value in {**GOOD, **environment}.items() if value != "ABSENT"})
    assert caught.value.code == "secrets"
    return str(caught.value)


def test_secrets_are_read_from_the_environment_and_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)
    settings = AppSecrets()
    assert settings.session_key.reveal() == KEY
    assert settings.database_url.reveal() == GOOD["DATABASE_URL"]
    assert settings.mail_password is None
    for text in (repr(settings), str(settings), f"{settings.session_key}", repr(vars(settings))):
        assert KEY not in text
    assert repr(settings) == "AppSecrets(session_key, database_url, mail_password)"
    monkeypatch.setenv("SESSION_KEY", "changed")
    assert settings.session_key.reveal() == KEY


def test_all_problems_are_listed_at_once_by_name_and_without_values() -> None:
    text = refuse(SESSION_KEY="ABSENT", DATABASE_URL="short-one", MAIL_PASSWORD="hunter2")
    assert "3 secrets to mend" in text
    assert "\n  - SESSION_KEY is not set (nor SESSION_KEY_FILE)" in text
    assert "\n  - DATABASE_URL has 9 characters, at least 12 are needed" in text
    assert "\n  - MAIL_PASSWORD has 7 characters" in text
    assert "short-one" not in text
    assert "hunter2" not in text
    assert "openssl rand" in text


@pytest.mark.parametrize("mode", [0o600, 0o400])
@pytest.mark.parametrize("content", [KEY, KEY + "\n", KEY + "\r\n"])
def test_a_secret_is_read_from_a_file_of_the_owner(tmp_path: Path, mode: int, content: str) -> None:
    environment = {"SESSION_KEY_FILE": write(tmp_path / "key", content, mode)}
    assert require_secret("SESSION_KEY", environment=environment).reveal() == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o666, 0o700 | 0o001])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "key", mode=mode)
    text = refuse(SESSION_KEY="ABSENT", SESSION_KEY_FILE=path)
    assert f"chmod 600 {path}" in text
    shared = FromEnvironment("SESSION_KEY", unsafe_readable_file=True)
    value = shared.load({"SESSION_KEY_FILE": path})
    assert value is not None
    assert value.reveal() == KEY


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "key")
    os.chown(path, 4242, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 4242)
    assert "belongs to another user" in refuse(SESSION_KEY="ABSENT", SESSION_KEY_FILE=path)


def test_a_linked_file_is_judged_where_it_leads(tmp_path: Path) -> None:
    write(tmp_path / "key", mode=0o644)
    (tmp_path / "link").symlink_to("key")
    assert "can be read by others" in refuse(SESSION_KEY="ABSENT", SESSION_KEY_FILE=str(tmp_path / "link"))


def test_files_that_cannot_hold_a_secret_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    cases = {
        str(tmp_path / "missing"): "cannot be read",
        str(tmp_path): "is no file",
        str(tmp_path / "pipe"): "is no file",
        write(tmp_path / "binary", b"\xff" * 40): "is not UTF-8",
        write(tmp_path / "large", "x" * 70_000): "has more than 65536 bytes",
        write(tmp_path / "empty", "\n"): "is empty",
        write(tmp_path / "lines", KEY + "\nmore\n"): "control characters",
    }
    for path, problem in cases.items():
        assert problem in refuse(SESSION_KEY="ABSENT", SESSION_KEY_FILE=path)


def test_two_places_at_once_are_refused(tmp_path: Path) -> None:
    assert "keep one" in refuse(SESSION_KEY_FILE=write(tmp_path / "key"))


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "secret",
        "SECRET",
        "changeme",
        "please-change-me-in-production-00000",
        "CHANGE_THIS_TO_SOMETHING_RANDOM_PLEASE",
        "your-256-bit-secret",
        "your_secret_key_goes_here_right_now",
        "my-super-secret-key-for-development",
        "<your key here, 32 chars>",
        "${SESSION_KEY_THAT_WAS_NOT_EXPANDED}",
        "{{ session_key_from_the_template }}",
        "*" * 40,
        "x" * 40,
        "0" * 40,
        "django-insecure-w8#k2j4h5g6f7d8s9a0q1w2e3r4t5y6u7i8",
        "\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h",
        "TEST_NON_DEV_SECRET",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "a-string-secret-at-least-256-bits-long",
        "keyboard cat",
        "abababababababababababababababababab",
        KEY + " ",
        "\t" + KEY,
        KEY[:16] + "\0" + KEY[:20],
        KEY[:31],
    ],
)
def test_cve_2023_27524_known_short_and_repeated_values_are_refused(value: str) -> None:
    text = refuse(SESSION_KEY=value)
    assert "SESSION_KEY" in text
    assert len(value) < 10 or value not in text


@given(st.integers(24, 64))
def test_random_keys_are_accepted(size: int) -> None:
    for value in (secrets.token_urlsafe(size), secrets.token_hex(size), secrets.token_urlsafe(size).upper()):
        assert judge_value(value, min_length=32) == ""


def test_a_literal_in_the_class_is_refused_when_it_is_made() -> None:
    for literal in (KEY, KEY.encode(), Secret(KEY)):
        with pytest.raises(ConfigError, match=r'key = FromEnvironment\("KEY"\)') as caught:
            type("Leaky", (SecretSettings,), {"key": literal})
        assert caught.value.code == "secret-literal"
        assert KEY not in str(caught.value)


def test_a_literal_cannot_be_given_or_set_later() -> None:
    settings = AppSecrets(environment=GOOD)
    with pytest.raises(TypeError):
        AppSecrets(session_key=KEY)  # type: ignore[call-arg]  # that it cannot be done is what is tested
    for name in ("session_key", "other"):
        with pytest.raises(ConfigError) as caught:
            setattr(settings, name, KEY)
        assert caught.value.code == "secret-literal"
    with pytest.raises(ConfigError):
        AppSecrets.session_key.__set__(settings, KEY)


def test_classes_can_be_extended_and_sources_are_seen_on_the_class() -> None:
    class More(AppSecrets):
        """With one more."""

        extra = FromEnvironment("EXTRA")

    assert list(More.sources) == ["session_key", "database_url", "mail_password", "extra"]
    assert More(environment={**GOOD, "EXTRA": KEY}).extra.reveal() == KEY
    assert AppSecrets.session_key.name == "SESSION_KEY"


def test_tests_may_give_literals_by_an_unsafe_name(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = unsafe_settings(AppSecrets, session_key="x")
    assert settings.session_key.reveal() == "x"
    with pytest.raises(ConfigError, match="no secret other"):
        unsafe_settings(AppSecrets, other="x")
    monkeypatch.delitem(sys.modules, "pytest")
    monkeypatch.setenv("VALLUM_TESTING", "1")
    assert unsafe_settings(AppSecrets, session_key="x")
    monkeypatch.delenv("VALLUM_TESTING")
    with pytest.raises(ConfigError) as caught:
        unsafe_settings(AppSecrets, session_key="x")
    assert caught.value.code == "secret-literal"


def test_one_secret_can_be_required_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_KEY", KEY)
    assert require_secret("SESSION_KEY").reveal() == KEY
    assert KEY not in repr(require_secret("SESSION_KEY"))
    with pytest.raises(ConfigError, match="SESSION_KEY has 32 characters, at least 40"):
        require_secret("SESSION_KEY", 40)
    with pytest.raises(ConfigError, match="ABSENT is not set"):
        require_secret("ABSENT", environment={})


@pytest.mark.parametrize(("name", "length"), [("", 32), ("A-B", 32), ("A B", 32), ("A", 0)])
def test_a_source_is_named_like_a_variable(name: str, length: int) -> None:
    with pytest.raises(ConfigError) as caught:
        FromEnvironment(name, min_length=length)
    assert caught.value.code == "secret-name"


def test_a_new_kind_of_source_says_where_it_looks() -> None:
    with pytest.raises(TypeError, match="find"):
        SecretSource("KEY")
