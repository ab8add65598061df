"""A browser that has logged in before is not delayed or locked out by strangers, and is no way around any limit."""

from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.authentication.known_devices import KnownDevices
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.http.rate_limit import RateLimitedError

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"
OLD, NEW = Secret("o" * 32), Secret("n" * 32)


@pytest.fixture
def devices(clock: Any) -> KnownDevices:
    return KnownDevices(secrets=(NEW, OLD), clock=clock)


def fail(login: Any, name: str, number: int, device: str = "") -> None:
    with pytest.raises(LoginFailedError):
        login.authenticate(name, "a guess", client=f"198.51.100.{number}", device=device)


def test_strangers_neither_delay_nor_lock_out_a_known_browser(world: Any, clock: Any, devices: KnownDevices) -> None:
    ann = world.add()
    login = world.build_login(devices=devices)
    cookie = devices.issue(ann)
    for number in range(10):
        fail(login, "ann", number)
        clock.now += 181
    for _ in range(10):
        world.lockout.note_failure(ann.id)
    assert world.lockout.is_locked(ann.id)
    with pytest.raises(LoginFailedError):
        login.authenticate("ann", PASSWORD, client=CLIENT)
    for name in ("ann", "Ann@example.org"):
        assert login.authenticate(name, PASSWORD, client=CLIENT, device=cookie).account.id == ann.id


def test_a_device_has_limits_and_locks_of_its_own(world: Any, clock: Any, devices: KnownDevices) -> None:
    ann = world.add()
    login = world.build_login(devices=devices)
    cookie = devices.issue(ann)
    for number in range(5):
        fail(login, "ann", number, cookie)
    with pytest.raises(RateLimitedError):
        login.authenticate("ann", PASSWORD, client=CLIENT, device=cookie)
    for number in range(5):
        clock.now += 181
        fail(login, "ann", number, cookie)
    clock.now += 181
    with pytest.raises(LoginFailedError):
        login.authenticate("ann", PASSWORD, client=CLIENT, device=cookie)
    assert login.authenticate("ann", PASSWORD, client=CLIENT)


def test_a_device_of_another_account_counts_for_nothing(world: Any, devices: KnownDevices) -> None:
    world.add("ann")
    eve = world.add("eve")
    login = world.build_login(devices=devices)
    for number in range(5):
        fail(login, "ann", number, devices.issue(eve))
    with pytest.raises(RateLimitedError):
        login.authenticate("ann", "a guess", client=CLIENT, device=devices.issue(eve))


def test_only_an_untouched_cookie_in_time_is_recognised(world: Any, clock: Any, devices: KnownDevices) -> None:
    ann = world.add(email="")
    cookie = KnownDevices(secrets=(OLD,), clock=clock).issue(ann)
    device = cookie.partition(".")[0]
    assert devices.recognise(cookie, "ann") == device
    late = cookie.replace(cookie.split(".")[1], "99999999999")
    for wrong in ("", "x", late, cookie[:-1], "A" + cookie[1:], cookie + "\n"):
        assert devices.recognise(wrong, "ann") == ""
    assert devices.recognise(cookie, "") == ""
    assert KnownDevices(secrets=(NEW,), clock=clock).recognise(cookie, "ann") == ""
    clock.now += devices.seconds
    assert devices.recognise(cookie, "ann") == ""


@pytest.mark.parametrize("secrets", [(), (Secret("short"),)])
def test_secrets_that_can_be_guessed_are_refused(secrets: tuple[Secret[str], ...]) -> None:
    with pytest.raises(ConfigError):
        KnownDevices(secrets=secrets)


def test_no_secret_is_shown(devices: KnownDevices) -> None:
    assert "nnn" not in repr(devices)
