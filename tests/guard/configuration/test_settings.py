"""An application's own settings: typed, read once, and judged with all problems at once."""

import logging
import os
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.configuration.database import DatabaseUrl
from vallum.guard.configuration.problem import StartupError
from vallum.guard.configuration.settings import (
    AppSettings,
    ChoiceSetting,
    DebugSetting,
    FlagSetting,
    FromEnvironment,
    GuardSetting,
    HostsSetting,
    KeyFromEnvironment,
    MaybeFromEnvironment,
    NumberSetting,
    OriginsSetting,
    PathSetting,
    TextSetting,
    UrlSetting,
)
from vallum.guard.configuration.startup import check_startup
from vallum.guard.configuration.values import ProblemsError, Setting
from vallum.guard.policy import Environment, GuardPolicy

KEY = "q7Rk2mVx9Zt4Lw8Ns1Pc6Yb3Hd5Jf0Gu"
HEX = "00112233445566778899aabbccddeeff" * 2
SAFE_URL = f"postgresql://notes:{KEY}@db.internal/notes?sslmode=verify-full"


class Level(Enum):
    INFO = "info"
    DEBUG = "debug"


class NotesSettings(AppSettings):
    database = DatabaseUrl("DATABASE_URL", development="sqlite:///notes.sqlite3")
    session_key = FromEnvironment("SESSION_KEY")
    data_key = KeyFromEnvironment("DATA_KEY")
    mail_password = MaybeFromEnvironment("MAIL_PASSWORD", min_length=12)
    debug = DebugSetting("NOTES_DEBUG")
    level = ChoiceSetting("NOTES_LEVEL", Level, default=Level.INFO)
    page_size = NumberSetting("NOTES_PAGE_SIZE", least=1, most=100, default=20)
    uploads = PathSetting("NOTES_UPLOADS", development=Path("/tmp/notes"))
    shared = OriginsSetting("NOTES_SHARED", default=())
    hosts = HostsSetting("NOTES_HOSTS", default=())
    weather = UrlSetting("NOTES_WEATHER", default="https://weather.example/v1")
    title = TextSetting("NOTES_TITLE", default="Notes")
    signup = FlagSetting("NOTES_SIGNUP", default=False)


GOOD = {
    "VALLUM_ENV": "production",
    "DATABASE_URL": SAFE_URL,
    "SESSION_KEY": KEY,
    "DATA_KEY": HEX,
    "NOTES_UPLOADS": "/srv/notes",
}


def codes(settings: type[AppSettings], **given: str) -> list[str]:
    return [problem.code for problem in settings.find_problems(given)]


def test_a_sound_deployment_starts_with_typed_values() -> None:
    more = {"NOTES_LEVEL": "debug", "NOTES_SHARED": "https://a.example https://b.example", "NOTES_SIGNUP": "true"}
    settings = NotesSettings(environment={**GOOD, **more, "NOTES_HOSTS": "a.example:8443 [::1]"})
    assert settings.is_production
    assert settings.database.reveal() == SAFE_URL
    assert bytes.fromhex(settings.data_key.reveal()) == bytes.fromhex(HEX)
    assert settings.mail_password is None
    assert (settings.debug, settings.level, settings.page_size) == (False, Level.DEBUG, 20)
    assert settings.uploads == Path("/srv/notes")
    assert settings.shared == ("https://a.example", "https://b.example")
    assert settings.hosts == ("a.example:8443", "[::1]")
    assert settings.weather == "https://weather.example/v1"
    assert settings.signup is True
    assert settings.title == "Notes"


def test_every_problem_is_named_at_once_with_its_fix_and_without_values() -> None:
    wrong = {
        "VALLUM_ENV": "production",
        "DATABASE_URL": f"postgresql://notes:{KEY}@db.internal/notes?sslmode=require",
        "SESSION_KEY": "changeme",
        "DATA_KEY": "Zq7Rk2mVx9Zt4Lw8Ns1Pc6Yb3Hd5Jf0GuQq7Rk2mVx9Zt4Lw8Ns1Pc6Yb3Hd5Jf0",
        "MAIL_PASSWORD": "hunter2hunt",
        "NOTES_DEBUG": "true",
        "NOTES_LEVEL": "loud",
        "NOTES_PAGE_SIZE": "1_0",
        "NOTES_SHARED": "*",
        "NOTES_HOSTS": "*.notes.example",
        "NOTES_WEATHER": "http://weather.example/",
    }
    with pytest.raises(StartupError) as caught:
        NotesSettings(environment=wrong)
    assert [(problem.code, problem.what.split()[0]) for problem in caught.value.problems] == [
        ("database-unverified", "DATABASE_URL"),
        ("secret-weak", "SESSION_KEY"),
        ("secret-weak", "DATA_KEY"),
        ("secret-weak", "MAIL_PASSWORD"),
        ("debug-on", "NOTES_DEBUG"),
        ("setting-value", "NOTES_LEVEL"),
        ("setting-value", "NOTES_PAGE_SIZE"),
        ("setting-absent", "NOTES_UPLOADS"),
        ("origin-inexact", "NOTES_SHARED:"),
        ("host-wildcard", "NOTES_HOSTS"),
        ("url-plain-http", "NOTES_WEATHER"),
    ]
    text = str(caught.value)
    assert text.splitlines()[0] == "NotesSettings does not start, 11 to mend:"
    assert len(text.splitlines()) == 12
    assert all(problem.fix for problem in caught.value.problems)
    for value in (KEY, "changeme", "hunter2hunt", wrong["DATA_KEY"], "loud", "1_0"):
        assert value not in text


@pytest.mark.parametrize("name", ["", "ABSENT", "prod", "PRODUCTION", "staging"])
def test_without_a_known_name_it_is_production(name: str) -> None:
    given = {**GOOD, "VALLUM_ENV": name, "NOTES_DEBUG": "1", "DATABASE_URL": ""}
    if name == "ABSENT":
        del given["VALLUM_ENV"]
    found = codes(NotesSettings, **given)
    assert {"debug-on", "secret-weak"} <= set(found)
    assert ("environment-unset" in found) is (name in {"", "ABSENT"})
    assert ("environment-unknown" in found) is (name not in {"", "ABSENT"})


def test_an_unset_environment_starts_what_production_would() -> None:
    given = {name: value for name, value in GOOD.items() if name != "VALLUM_ENV"}
    assert NotesSettings(environment=given).environment is Environment.PRODUCTION


@pytest.mark.parametrize("environment", ["development", "test"])
def test_development_falls_back_and_still_refuses_weak_secrets(environment: str) -> None:
    given = {"VALLUM_ENV": environment, "SESSION_KEY": KEY, "DATA_KEY": HEX, "NOTES_DEBUG": "true"}
    settings = NotesSettings(environment=given)
    assert settings.database.reveal() == "sqlite:///notes.sqlite3"
    assert settings.uploads == Path("/tmp/notes")
    assert settings.debug is True
    assert not settings.is_production
    assert codes(NotesSettings, **{**given, "SESSION_KEY": "short"}) == ["secret-weak"]
    plain = NotesSettings(environment={**given, "DATABASE_URL": "postgresql://localhost/notes"})
    assert plain.database.reveal() == "postgresql://localhost/notes"


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert NotesSettings().session_key.reveal() == os.environ["SESSION_KEY"]


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    for name, value in (("DATABASE_URL", SAFE_URL), ("DATA_KEY", HEX)):
        path = tmp_path / name
        path.touch(mode=0o600)
        path.write_text(value)
    given = {name: value for name, value in GOOD.items() if name not in {"DATABASE_URL", "DATA_KEY"}}
    files = {f"{name}_FILE": str(tmp_path / name) for name in ("DATABASE_URL", "DATA_KEY")}
    assert NotesSettings(environment={**given, **files}).database.reveal() == SAFE_URL
    (tmp_path / "DATA_KEY").chmod(0o644)
    assert codes(NotesSettings, **given, **files) == ["secret-file"]


def test_a_password_of_the_database_is_judged() -> None:
    for password in ("postgres", "short", "changeme-changeme"):
        assert codes(NotesSettings, **{**GOOD, "DATABASE_URL": SAFE_URL.replace(KEY, password)}) == ["secret-weak"]


def test_a_pooler_that_verifies_is_an_exception_with_a_reason() -> None:
    class Pooled(AppSettings):
        database = DatabaseUrl("DATABASE_URL", unsafe_unverified=True)

    class Recorded(Pooled):
        accepted_risks: ClassVar = {"database.unsafe_unverified": "the pooler on this machine verifies the database"}

    given = {"VALLUM_ENV": "production", "DATABASE_URL": "postgresql://127.0.0.1:6432/notes"}
    assert codes(Pooled, **given) == ["unsafe-unrecorded"]
    assert codes(Pooled, **{**given, "VALLUM_ENV": "test"}) == []
    assert Recorded(environment=given).database.reveal().endswith("/notes")


def test_nothing_is_given_in_code() -> None:
    settings = NotesSettings(environment=GOOD)
    for name in ("page_size", "session_key", "environment"):
        with pytest.raises(ConfigError, match="cannot be set in code"):
            setattr(settings, name, "x")
    with pytest.raises(ConfigError, match="cannot be set in code"):
        NotesSettings.page_size.__set__(settings, 3)
    with pytest.raises(ConfigError, match="not one of SQLite"):
        DatabaseUrl("DATABASE_URL", development="postgresql://notes:pw@localhost/notes")
    with pytest.raises(ConfigError, match="is a literal"):
        type("Literal", (AppSettings,), {"key": KEY})


@pytest.mark.parametrize("name", ["API_KEY", "SECRET", "MAIL_PASSWORD", "github_token", "AWS_CREDENTIALS"])
def test_a_secret_is_no_setting(name: str) -> None:
    with pytest.raises(ConfigError, match="called like a secret"):
        TextSetting(name)


def test_a_name_that_no_variable_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be the name"):
        TextSetting("NOTES-TITLE")


def test_the_dump_and_the_repr_hold_no_secret() -> None:
    settings = NotesSettings(environment={**GOOD, "NOTES_SHARED": "https://a.example https://b.example"})
    told = settings.describe()
    assert told["environment"] == "production"
    assert told["session_key"] == "set"
    assert told["mail_password"] == "not set"
    assert told["level"] == "info"
    assert told["shared"] == "https://a.example https://b.example"
    assert told["page_size"] == "20"
    assert KEY not in f"{told}{settings!r}{vars(settings)}"
    assert "page_size" in repr(settings)


def test_a_subclass_has_the_settings_of_both() -> None:
    class More(NotesSettings):
        port = NumberSetting("NOTES_PORT", most=65_535)

    settings = More(environment={**GOOD, "NOTES_PORT": "8000"})
    assert (settings.port, settings.page_size) == (8000, 20)
    assert codes(More, **GOOD) == ["setting-absent"]


class GuardedSettings(AppSettings):
    guard = GuardSetting(roles={"writer": {"notes:write"}})
    debug = DebugSetting("NOTES_DEBUG")


def test_the_guard_is_judged_with_the_rest(tmp_path: Path) -> None:
    found = codes(GuardedSettings, VALLUM_ENV="production", NOTES_DEBUG="1")
    assert {"origins-empty", "secret-absent", "store-not-shared", "debug-on"} <= set(found)
    found = codes(GuardedSettings, VALLUM_ENV="production", VALLUM_SECRET_FILE=str(tmp_path / "none"))
    assert found == ["secret-file"]
    assert {"origins-empty", "environment-unset"} <= set(codes(GuardedSettings))


def test_the_guards_policy_is_built_from_the_same_environment(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(f"{KEY}\n")
    settings = GuardedSettings(environment={"VALLUM_ENV": "test", "VALLUM_SECRET_FILE": str(secret)})
    assert settings.guard.environment is Environment.TEST
    assert settings.guard.roles == {"writer": {"notes:write"}}
    assert [value.reveal() for value in settings.guard.secrets] == [KEY]
    assert settings.describe()["guard"] == "0 origins, 1 secrets"


def load(setting: Setting[Any], text: str, environment: Environment = Environment.PRODUCTION) -> Any:
    return setting.load({setting.name: text}, environment)


def refuse(setting: Setting[Any], text: str, environment: Environment = Environment.DEVELOPMENT) -> str:
    with pytest.raises(ProblemsError) as caught:
        load(setting, text, environment)
    return caught.value.problems[0].code


def test_a_flag_is_strict() -> None:
    flag = FlagSetting("FLAG")
    assert [load(flag, text) for text in ("true", "True", "1", "false", "0")] == [True, True, True, False, False]
    for text in ("yes", "on", "off", "t", "2", " true"):
        assert refuse(flag, text) == "setting-value"


def test_a_number_is_strict_and_bounded() -> None:
    number = NumberSetting("NUMBER", least=-5, most=5)
    assert [load(number, text) for text in ("-5", "0", "5")] == [-5, 0, 5]
    for text in ("6", "-6", "1.0", "1e1", "+1", " 1", "٣", "9" * 40):
        assert refuse(number, text) == "setting-value"


@pytest.mark.parametrize("text", ["relative", "../up", "/a/../b", "/a\n"])
def test_a_path_is_absolute(text: str) -> None:
    assert refuse(PathSetting("PLACE"), text) == "setting-value"


@pytest.mark.parametrize(
    "text", ["ftp://a.example", "a.example", "https://", "https://u:p@a.example", "https://a.example:x", "https://a b"]
)
def test_a_url_is_exact_and_holds_no_password(text: str) -> None:
    assert refuse(UrlSetting("ADDRESS"), text) == "setting-value"


def test_plain_http_reaches_only_this_machine_in_production() -> None:
    assert load(UrlSetting("ADDRESS"), "http://127.0.0.1:9000/") == "http://127.0.0.1:9000/"
    assert load(UrlSetting("ADDRESS"), "http://[::1]/") == "http://[::1]/"
    assert refuse(UrlSetting("ADDRESS"), "http://a.example/", Environment.PRODUCTION) == "url-plain-http"
    assert load(UrlSetting("ADDRESS"), "http://a.example/", Environment.TEST) == "http://a.example/"


def test_origins_of_this_machine_are_for_development() -> None:
    origins = OriginsSetting("SHARED")
    assert load(origins, "http://localhost:3000", Environment.DEVELOPMENT) == ("http://localhost:3000",)
    assert refuse(origins, "http://localhost:3000", Environment.PRODUCTION) == "origin-not-public"
    assert refuse(origins, "http://a.example") == "origin-plain-http"


@pytest.mark.parametrize(("text", "code"), [(".a.example", "host-wildcard"), ("A.example", "setting-value")])
def test_hosts_are_exact(text: str, code: str) -> None:
    assert refuse(HostsSetting("HOSTS"), text) == code


def test_a_text_is_one_line() -> None:
    assert refuse(TextSetting("TITLE"), "a\nb") == "setting-value"


def test_a_new_kind_says_how_it_is_read() -> None:
    with pytest.raises(NotImplementedError):
        load(Setting("KIND"), "x")


@given(st.text(min_size=1))
def test_every_text_is_read_or_refused(text: str) -> None:
    for setting in (
        TextSetting("X"),
        NumberSetting("X"),
        FlagSetting("X"),
        PathSetting("X"),
        UrlSetting("X"),
        OriginsSetting("X"),
        HostsSetting("X"),
        ChoiceSetting("X", Level),
    ):
        with suppress(ProblemsError):
            assert load(setting, text) is not None


def test_the_log_foretells_what_production_refuses(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "vallum.startup"):
        check_startup(GuardPolicy(), debug=True)
    assert "production would refuse: debug-on, origins-empty, secret-absent, store-not-shared" in caplog.text
