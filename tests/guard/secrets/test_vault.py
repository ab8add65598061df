import threading

import pytest

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.secrets.providers.protocol import (
    SecretDeniedError,
    SecretMissingError,
    SecretUnavailableError,
    SecretVersion,
    missing,
)
from vallum.guard.secrets.vault import SecretVault

DAY = 86_400


class Shelf:
    """A place in memory that counts its fetches and can be made to fail."""

    name = "the shelf"

    def __init__(self) -> None:
        self.versions: dict[str, list[SecretVersion]] = {}
        self.fetches = 0
        self.error: Exception | None = None

    def put(self, key: str, value: str, created: float | None = None) -> None:
        kept = self.versions.setdefault(key, [])
        kept.append(SecretVersion(value=Secret(value), version=str(len(kept) + 1), created=created))

    def fetch(self, key: str) -> SecretVersion:
        self.fetches += 1
        if self.error is not None:
            raise self.error
        if key not in self.versions:
            raise missing(self.name, key)
        return self.versions[key][-1]

    def fetch_previous(self, key: str) -> SecretVersion | None:
        return self.versions[key][-2] if len(self.versions[key]) > 1 else None


class Clock:
    now = 100 * DAY * 1.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def shelf():
    made = Shelf()
    made.put("key", "first", created=0.0)
    return made


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def events():
    return []


@pytest.fixture
def rotated():
    return []


@pytest.fixture
def vault(shelf, clock, events, rotated):
    return SecretVault(shelf, clock=clock, sink=events.append, on_rotation=rotated.append)


def test_a_value_is_fetched_once_in_five_minutes(vault, shelf, clock):
    for _ in range(10):
        assert vault.read("key", reader="mailer").reveal() == "first"
    assert shelf.fetches == 1
    clock.now += 300
    vault.read("key", reader="mailer")
    assert shelf.fetches == 2


def test_after_a_rotation_both_values_hold(vault, shelf, clock, rotated):
    vault.read("key", reader="a")
    shelf.put("key", "second")
    assert [key.reveal() for key in vault.keys("key", reader="a")] == ["first"]
    clock.now += 300
    assert [key.reveal() for key in vault.keys("key", reader="a")] == ["second", "first"]
    assert rotated == ["key"]


def test_a_value_can_be_dropped_at_once(vault, shelf):
    vault.read("key", reader="a")
    shelf.put("key", "second")
    vault.forget("key")
    assert vault.read("key", reader="a").reveal() == "second"


def test_every_fetch_and_every_new_reader_is_told(vault, events, clock):
    vault.read("key", reader="mailer", purpose="send")
    vault.read("key", reader="mailer")
    vault.read("key", reader="stranger")
    clock.now += 300
    vault.read("key", reader="mailer")
    assert [(event.name, event.detail["reader"]) for event in events] == [
        ("key-read", "mailer"),
        ("key-read-first", "mailer"),
        ("key-read-first", "stranger"),
        ("key-read", "mailer"),
    ]
    assert events[0].detail == {
        "key": "key", "reader": "mailer", "purpose": "send", "place": "the shelf", "version": "1", "outcome": "read",
    }  # fmt: skip
    assert "first" not in "".join(str(event.detail) for event in events)


def test_a_place_that_is_down_leaves_the_value_for_an_hour(vault, shelf, clock, events):
    vault.read("key", reader="a")
    shelf.error = SecretUnavailableError("down")
    clock.now += 3899
    assert vault.read("key", reader="a").reveal() == "first"
    assert events[-1].name == "key-read-failed"
    clock.now += 1
    with pytest.raises(SecretUnavailableError):
        vault.read("key", reader="a")
    shelf.error = None
    assert vault.read("key", reader="a").reveal() == "first"


@pytest.mark.parametrize("error", [SecretDeniedError("no"), SecretMissingError("gone")])
def test_a_value_that_was_taken_away_is_gone_at_once(vault, shelf, clock, error):
    vault.read("key", reader="a")
    shelf.error = error
    clock.now += 300
    with pytest.raises(type(error)):
        vault.read("key", reader="a")


def test_the_start_names_all_that_are_missing(vault):
    with pytest.raises(ConfigError) as caught:
        vault.check("key", "mail", "database")
    assert "2 secrets" in str(caught.value)
    assert "mail" in str(caught.value)
    assert "database" in str(caught.value)
    vault.check("key")


def test_the_report_tells_what_is_due(vault, shelf, clock):
    shelf.put("young", "x", created=clock.now - 10 * DAY)
    shelf.put("undated", "x")
    ages = {age.key: (age.days, age.is_due) for age in vault.ages("key", "young", "undated")}
    assert ages == {"key": (100.0, True), "young": (10.0, False), "undated": (None, False)}


def test_many_threads_make_one_fetch(vault, shelf):
    started = threading.Barrier(8)

    def read() -> None:
        started.wait()
        vault.read("key", reader="a")

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shelf.fetches == 1


def test_nothing_shows_a_value(vault):
    assert "first" not in repr(vault) + repr(vault.read("key", reader="a")) + repr(vault.keys("key", reader="a"))


def test_times_are_not_negative(shelf):
    with pytest.raises(ConfigError):
        SecretVault(shelf, cache_seconds=-1)
