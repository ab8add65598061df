"""One answer for every address; the account begins with the proof."""

import threading
from typing import Any

import pytest

from vallum.guard.authentication.lifecycle.desk import LinkRefusedError
from vallum.guard.authentication.lifecycle.registration import REPLY, Registration
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.names import NameRefusedError
from vallum.guard.authentication.password_policy import WeakPasswordError
from vallum.guard.http.rate_limit import RateLimitedError

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"


@pytest.fixture
def registration(world: Any) -> Registration:
    return Registration(desk=world.desk, limits=world.limits("register"))


def begin(registration: Registration, email: str = "bob@example.org", **more: str) -> str:
    return registration.begin(email, PASSWORD, client=CLIENT, **more)


def test_the_link_makes_a_proved_account(registration: Registration, world: Any, clock: Any) -> None:
    assert begin(registration, " Bob@Example.org", login="Bob") == REPLY
    assert world.plain_accounts.find_email("bob@example.org") is None
    assert world.mailer.sent[-1].to == "bob@example.org"
    assert "https://notes.example/register/confirm?token=" in world.mailer.sent[-1].text
    account = registration.confirm(world.link(), PASSWORD, client=CLIENT)
    assert world.plain_accounts.find_login("bob") == account
    assert (account.email, account.email_proved, account.roles) == ("bob@example.org", clock.now, ())
    assert world.login.authenticate("bob", PASSWORD, client=CLIENT).account == account


def test_known_and_fresh_addresses_cost_and_read_the_same(registration: Registration, world: Any) -> None:
    world.add()
    later: list[Any] = []
    object.__setattr__(world.desk, "jobs", type("Kept", (), {"add": staticmethod(later.append)})())
    for address in ("ann@example.org", "new@example.org"):
        cost = world.measure(lambda address=address: begin(registration, address))
        assert cost == {"hashes": 1, "mails": 0}
    before = len(world.mailer.sent)
    for work in later:
        work()
    assert [to for to, _ in world.letters()[before:]] == ["ann@example.org", "new@example.org"]
    assert world.letters()[before][1] == "You have an account"


def test_a_mail_scanner_uses_nothing_up(registration: Registration, world: Any) -> None:
    begin(registration)
    link = world.link()
    for _ in range(20):
        registration.look(link)
    assert registration.confirm(link, PASSWORD, client=CLIENT)
    with pytest.raises(LinkRefusedError):
        registration.look(link)
    with pytest.raises(LinkRefusedError):
        registration.confirm(link, PASSWORD, client=CLIENT)


def test_whoever_did_not_register_cannot_finish_it(registration: Registration, world: Any) -> None:
    begin(registration)
    link = world.link()
    with pytest.raises(LoginFailedError):
        registration.confirm(link, "the victim's own one", client=CLIENT)
    assert world.plain_accounts.find_email("bob@example.org") is None
    assert registration.confirm(link, PASSWORD, client=CLIENT)


def test_five_wrong_passwords_use_the_link_up(registration: Registration, world: Any, clock: Any) -> None:
    begin(registration)
    link = world.link()
    for number in range(5):
        with pytest.raises(LoginFailedError):
            registration.confirm(link, "a guess", client=f"198.51.100.{number}")
    clock.now += 3600
    with pytest.raises(LinkRefusedError):
        registration.confirm(link, PASSWORD, client=CLIENT)


def test_the_second_of_two_registrations_is_refused(registration: Registration, world: Any) -> None:
    begin(registration)
    first = world.link()
    begin(registration)
    registration.confirm(world.link(), PASSWORD, client=CLIENT)
    with pytest.raises(LinkRefusedError):
        registration.confirm(first, PASSWORD, client=CLIENT)


def test_the_link_ends_after_a_day(registration: Registration, world: Any, clock: Any) -> None:
    begin(registration)
    clock.now += 86_401
    with pytest.raises(LinkRefusedError):
        registration.confirm(world.link(), PASSWORD, client=CLIENT)


def test_what_cannot_be_registered_is_refused_alike_for_all(registration: Registration, world: Any) -> None:
    world.add()
    for address in ("ann@example.org", "new@example.org"):
        with pytest.raises(WeakPasswordError):
            registration.begin(address, "short", client=CLIENT)
        with pytest.raises(WeakPasswordError):
            registration.begin(address, address, client=CLIENT)
    with pytest.raises(NameRefusedError):
        begin(registration, "m\u0131ke@example.org")
    assert world.mailer.sent == []


def test_registrations_are_limited_by_address_and_client(registration: Registration) -> None:
    for _ in range(5):
        begin(registration)
    with pytest.raises(RateLimitedError):
        begin(registration)


def test_of_parallel_uses_one_wins(registration: Registration, world: Any) -> None:
    object.__setattr__(registration, "limits", type("None", (), {"take_now": lambda self, *_, **__: None})())
    begin(registration)
    link, won = world.link(), []

    def confirm() -> None:
        try:
            won.append(registration.confirm(link, PASSWORD))
        except (LinkRefusedError, LoginFailedError):
            return

    threads = [threading.Thread(target=confirm) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
