"""A lost factor goes by password, mail and a day; nobody is signed in by it, and the owner can stop it."""

from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authentication.lifecycle.desk import LinkRefusedError
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.mfa.lost import LostFactor
from vallum.guard.authentication.mfa.recovery import RecoveryCodes
from vallum.guard.http.rate_limit import RateLimitedError

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"
DAY = 86_400


@pytest.fixture
def lost(factors: Any) -> LostFactor:
    return LostFactor(desk=factors.desk, login=factors.login, limits=factors.world.limits("factor-lost"))


def begin(factors: Any, lost: LostFactor) -> str:
    lost.begin(factors.half(), client=CLIENT)
    assert factors.world.letters()[-1] == ("ann@example.org", "Your second factor was reported lost")
    return factors.world.link()


def test_after_a_day_password_and_link_remove_all_factors_and_sessions(factors: Any, lost: LostFactor) -> None:
    factors.enrol()
    RecoveryCodes(desk=factors.desk).issue(factors.ann, factors.proved())
    link = begin(factors, lost)
    factors.clock.now += DAY
    lost.look(link)
    with pytest.raises(LoginFailedError):
        lost.confirm(link, "another password", client=CLIENT)
    assert factors.desk.is_due(factors.ann)
    assert lost.confirm(link, PASSWORD, client=CLIENT).id == "id-ann"
    assert not factors.store.list_account("id-ann")
    assert factors.world.sessions.read(b"here", factors.clock()) is None
    assert factors.world.letters()[-1] == ("ann@example.org", "A second factor was removed")
    with pytest.raises(LinkRefusedError):
        lost.confirm(link, PASSWORD, client=CLIENT)


def test_before_its_time_and_after_it_the_link_does_nothing(factors: Any, lost: LostFactor) -> None:
    factors.enrol()
    link = begin(factors, lost)
    for seconds in (DAY - 1, DAY + 1):
        factors.clock.now += seconds
        with pytest.raises(LinkRefusedError):
            lost.confirm(link, PASSWORD, client=CLIENT)
    assert factors.desk.is_due(factors.ann)


def test_a_login_with_the_factor_voids_the_link(factors: Any, lost: LostFactor) -> None:
    code = factors.enrol()
    link = begin(factors, lost)
    factors.second.complete(factors.half(), "totp", code(), client=CLIENT)
    factors.clock.now += DAY
    with pytest.raises(LinkRefusedError):
        lost.confirm(link, PASSWORD, client=CLIENT)


def test_a_newer_report_starts_the_wait_again(factors: Any, lost: LostFactor) -> None:
    factors.enrol()
    old = begin(factors, lost)
    factors.clock.now += DAY - 1
    new = begin(factors, lost)
    factors.clock.now += 1
    for link in (old, new):
        with pytest.raises(LinkRefusedError):
            lost.look(link)


def test_a_change_of_the_account_voids_the_link(factors: Any, lost: LostFactor) -> None:
    factors.enrol()
    link = begin(factors, lost)
    accounts = factors.world.plain_accounts
    assert accounts.change("id-ann", accounts.find("id-ann").version, email="eve@example.org")
    factors.clock.now += DAY
    with pytest.raises(LinkRefusedError):
        lost.confirm(link, PASSWORD, client=CLIENT)


def test_it_begins_with_the_password_and_each_half_login_once(factors: Any, lost: LostFactor) -> None:
    factors.enrol()
    half, before = factors.half(), len(factors.world.mailer.sent)
    with pytest.raises(LoginFailedError):
        lost.begin("never issued", client=CLIENT)
    assert len(factors.world.mailer.sent) == before
    lost.begin(half, client=CLIENT)
    for _ in range(4):
        with pytest.raises(LoginFailedError):
            lost.begin(half, client=CLIENT)
    with pytest.raises(RateLimitedError):
        lost.begin(half, client=CLIENT)
    assert len(factors.world.mailer.sent) == before + 1


def test_an_unproved_address_gets_no_link(factors: Any, lost: LostFactor) -> None:
    factors.enrol()
    accounts = factors.world.plain_accounts
    assert accounts.change("id-ann", accounts.find("id-ann").version, email_proved=None)
    before = len(factors.world.mailer.sent)
    lost.begin(factors.half(), client=CLIENT)
    assert len(factors.world.mailer.sent) == before


def test_a_wait_that_nobody_notices_is_refused(factors: Any) -> None:
    with pytest.raises(ConfigError):
        LostFactor(desk=factors.desk, login=factors.login, wait=3599)
