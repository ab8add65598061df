"""A code by mail: for who chose it, in one browser, five tries, once."""

import re
import threading
from dataclasses import replace
from typing import Any

import pytest

from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.mfa.email_code import AddressUnprovedError
from vallum.guard.authentication.mfa.step_up import LoginRequiredError
from vallum.guard.http.rate_limit import RateLimitedError

CLIENT = "203.0.113.9"


def code(factors: Any) -> str:
    mail = factors.world.mailer.sent[-1]
    (found,) = set(re.findall(r"\b\d{6}\b", mail.text))
    assert found in mail.subject
    return found


def ask(factors: Any, browser: str) -> str:
    factors.mail.send(factors.ann, browser=browser, client=CLIENT)
    return code(factors)


def other(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06}"


def test_a_mailed_code_completes_a_half_login_once(factors: Any) -> None:
    factors.mail.enable(factors.ann, factors.session)
    half = factors.half()
    sent = ask(factors, half)
    assert factors.second.complete(half, "email", f" {sent} ", client=CLIENT).id == "id-ann"
    with pytest.raises(LoginFailedError):
        factors.second.complete(factors.half(), "email", sent, client=CLIENT)


def test_the_code_is_of_one_browser_and_account(factors: Any) -> None:
    factors.mail.enable(factors.ann, factors.session)
    sent = ask(factors, "cookie")
    eve = factors.world.add("eve")
    factors.mail.enable(eve, factors.begin_session(b"eve", "id-eve"))
    assert not factors.mail.verify(factors.ann, sent, browser="another")
    assert not factors.mail.verify(eve, sent, browser="cookie")
    assert factors.mail.verify(factors.ann, sent, browser="cookie")


def test_five_tries_then_the_right_code_is_dead_too(factors: Any) -> None:
    factors.mail.enable(factors.ann, factors.session)
    sent = ask(factors, "cookie")
    for _ in range(5):
        assert not factors.mail.verify(factors.ann, other(sent), browser="cookie")
    assert not factors.mail.verify(factors.ann, sent, browser="cookie")


def test_a_newer_code_and_time_end_a_code(factors: Any) -> None:
    factors.mail.enable(factors.ann, factors.session)
    first, second = ask(factors, "one"), ask(factors, "two")
    assert not factors.mail.verify(factors.ann, first, browser="one")
    factors.clock.now += 600
    assert not factors.mail.verify(factors.ann, second, browser="two")


def test_no_mail_goes_to_who_did_not_choose_it(factors: Any) -> None:
    code_of_app = factors.enrol()
    before = len(factors.world.mailer.sent)
    factors.mail.send(factors.ann, browser="cookie", client=CLIENT)
    assert len(factors.world.mailer.sent) == before
    assert not factors.mail.verify(factors.ann, code_of_app(), browser="cookie")


def test_a_code_dies_with_the_factor_and_with_the_address(factors: Any) -> None:
    factors.mail.enable(factors.ann, factors.session)
    sent = ask(factors, "cookie")
    assert not factors.mail.verify(replace(factors.ann, email="new@example.org"), sent, browser="cookie")
    (one,) = factors.desk.list("id-ann")
    assert factors.store.remove(one.id, "id-ann")
    assert not factors.mail.verify(factors.ann, sent, browser="cookie")


def test_only_a_proved_address_and_a_fresh_login_enable_it(factors: Any) -> None:
    with pytest.raises(AddressUnprovedError):
        factors.mail.enable(replace(factors.ann, email_proved=None), factors.session)
    factors.mail.enable(factors.ann, factors.session)
    factors.mail.enable(factors.ann, factors.proved())
    assert len(factors.desk.list("id-ann")) == 1
    with pytest.raises(LoginRequiredError):
        factors.mail.enable(factors.ann, None)


def test_mails_are_bounded(factors: Any) -> None:
    factors.mail.enable(factors.ann, factors.session)
    for _ in range(5):
        factors.mail.send(factors.ann, browser="cookie", client=CLIENT)
    with pytest.raises(RateLimitedError):
        factors.mail.send(factors.ann, browser="cookie", client=CLIENT)


def test_the_store_holds_nothing_that_a_search_of_six_digits_opens(factors: Any) -> None:
    factors.mail.enable(factors.ann, factors.session)
    sent = ask(factors, "a cookie that the store does not hold")
    stored = str(vars(factors.world.desk.proofs._store))
    assert sent not in stored
    assert "a cookie" not in stored


def test_of_50_parallel_uses_of_a_code_at_most_one_wins(factors: Any) -> None:
    factors.mail.enable(factors.ann, factors.session)
    sent, won, start = ask(factors, "cookie"), [], threading.Barrier(50)

    def use() -> None:
        start.wait()
        won.append(factors.mail.verify(factors.ann, sent, browser="cookie"))

    threads = [threading.Thread(target=use) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won.count(True) == 1
