"""The shipped list, and the range look-up."""

import hashlib
import http.client
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authentication import breached
from vallum.guard.authentication.breached import HibpRange, ShippedList, fetch_range

PASSWORD = "seven blue pencils"
DIGEST = hashlib.sha1(PASSWORD.encode()).hexdigest().upper()


class Nobody:
    def contains(self, password: str) -> bool:
        return False


@pytest.mark.parametrize("password", ["passwordpassword", "123456789987654321", "1qaz2wsx3edc4rfv", "QWERTYuiop123"])
def test_well_known_passwords_are_in_the_shipped_list(password: str) -> None:
    assert ShippedList().contains(password)


def test_hardly_any_other_password_is() -> None:
    found = sum(ShippedList().contains(hashlib.sha256(b"%d" % number).hexdigest()) for number in range(5000))
    assert found <= 20


def test_the_list_says_where_it_comes_from() -> None:
    source = Path(breached.__file__).with_name("breached_list") / "SOURCE.md"
    assert "1,428,273" in source.read_text(encoding="utf-8")
    assert breached._open_shipped().count == 1_428_273


def test_a_package_without_the_list_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(breached, "_SHIPPED", tmp_path / "none.bloom")
    with pytest.raises(ConfigError, match="missing"):
        breached._open_shipped.__wrapped__()


@pytest.mark.parametrize(
    ("lines", "least", "known"),
    [
        (f"{DIGEST[5:]}:3", 1, True),
        (f"{'0' * 35}:9\r\n{DIGEST[5:].lower()}:3\r\n", 1, True),
        (f"{DIGEST[5:]}:3", 4, False),
        (f"{DIGEST[5:]}:0", 1, False),
        (f"{DIGEST[5:]}:many", 1, False),
        ("", 1, False),
    ],
)
def test_the_range_is_asked_for_by_five_digits_only(lines: str, least: int, known: bool) -> None:
    asked: list[str] = []

    def fetch(prefix: str) -> str:
        asked.append(prefix)
        return lines

    assert HibpRange(fetch, instead=Nobody(), least=least).contains(PASSWORD) is known
    assert asked == [DIGEST[:5]]


def test_the_service_is_not_asked_about_what_the_list_knows() -> None:
    def fetch(prefix: str) -> str:
        raise AssertionError

    assert HibpRange(fetch).contains("passwordpassword")


def test_a_service_that_is_down_leaves_the_shipped_list(caplog: pytest.LogCaptureFixture) -> None:
    def fetch(prefix: str) -> str:
        raise TimeoutError(PASSWORD)

    assert not HibpRange(fetch).contains(PASSWORD)
    assert HibpRange(fetch).contains("passwordpassword")
    assert "TimeoutError" in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("status", [200, 503])
def test_the_request_over_tls(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    told: list[Any] = []

    class Connection:
        def __init__(self, host: str, timeout: float) -> None:
            told.append((host, timeout))

        def request(self, method: str, path: str, headers: dict[str, str]) -> None:
            told.append((method, path, headers["Add-Padding"]))

        def getresponse(self) -> Any:
            return SimpleNamespace(status=status, read=lambda most: b"ABC:1")

        def close(self) -> None:
            told.append("closed")

    monkeypatch.setattr(http.client, "HTTPSConnection", Connection)
    if status == 200:
        assert fetch_range("ABCDE") == "ABC:1"
    else:
        with pytest.raises(ConnectionError):
            fetch_range("ABCDE")
    assert told == [("api.pwnedpasswords.com", 2), ("GET", "/range/ABCDE", "true"), "closed"]
