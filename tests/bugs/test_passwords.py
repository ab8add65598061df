"""No password is cut, no answer tells who has an account, no spelling is somebody else."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum.crypto.passwords.bcrypt import Bcrypt
from vallum.crypto.passwords.scheme import PasswordRefusedError
from vallum.crypto.passwords.stored import make_hash
from vallum.guard.authentication.lifecycle.registration import Registration
from vallum.guard.authentication.lifecycle.reset import PasswordReset
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.names import NameRefusedError

CLIENT = "203.0.113.9"
LONG = "é" * 36 + "x"  # 73 bytes


@pytest.mark.parametrize("name", ["ada", "nobody"])
@pytest.mark.parametrize("tail", ["y", "", "x" * 30])
def test_bug_08_cve_2025_22228_the_73rd_byte_counts(site: Any, name: str, tail: str) -> None:
    site.add(password=LONG)
    assert site.log_in(site.visit(), password=LONG).status_code == 200
    wrong = site.log_in(site.visit(), name, LONG[:-1] + tail)
    assert wrong.status_code == 401
    assert wrong.content == site.log_in(site.visit(), "nobody", "wrong").content


def test_bug_08_cve_2025_22228_bcrypt_refuses_what_it_would_cut() -> None:
    with pytest.raises(PasswordRefusedError):
        make_hash(LONG, Bcrypt())


@pytest.mark.parametrize("size", [73, 1024, 1025, 5000])
def test_bug_08_cve_2025_22234_too_long_is_the_same_for_known_and_unknown(world: Any, size: int) -> None:
    world.add("ann")
    world.add("old", password=world.passwords.hash("x"))
    costs, causes = [], []
    for name in ("ann", "old", "nobody"):

        def act(name: str = name) -> None:
            with pytest.raises((LoginFailedError, PasswordRefusedError)) as caught:
                world.login.authenticate(name, "x" * size, client=CLIENT)
            causes.append((caught.type, str(caught.value)))

        costs.append(world.measure(act).get("hashes", 0))
    assert len(set(causes)) == len(set(costs)) == 1
    assert costs[0] == (size <= 1024)


def test_bug_09_cve_2024_39329_every_failed_login_costs_and_reads_the_same(world: Any) -> None:
    world.add("ann")
    world.add("off", is_active=False)
    world.add("empty", password="")
    told, costs = set(), []
    for name in ("ann", "off", "empty", "nobody", "ann@example.org", "nobody@example.org", "no body\0"):

        def act(name: str = name) -> None:
            with pytest.raises(LoginFailedError) as caught:
                world.login.authenticate(name, "wrong", client=CLIENT)
            told.add(str(caught.value))

        costs.append(world.measure(act))
    assert len(told) == 1
    assert all(cost == costs[0] for cost in costs)
    assert costs[0]["hashes"] == 1


def test_bug_09_cve_2021_29621_registration_and_reset_cost_the_same_before_they_answer(world: Any) -> None:
    world.add("ann")
    later: list[Callable[[], None]] = []
    object.__setattr__(world.desk, "jobs", type("Kept", (), {"add": staticmethod(later.append)})())
    register = Registration(desk=world.desk, limits=world.limits("register"))
    reset = PasswordReset(desk=world.desk, limits=world.limits("password-reset"))
    begins = {
        "register": lambda who: register.begin(who, "seven blue pencils", client=CLIENT),
        "reset": lambda who: reset.begin(who, client=CLIENT),
    }
    for begin in begins.values():
        replies: list[str] = []

        def act(who: str, begin: Any = begin, replies: list[str] = replies) -> None:
            replies.append(begin(who))

        seen = [world.measure(partial(act, f"{name}@example.org")) for name in ("ann", "nobody")]
        assert seen[0] == seen[1]
        assert seen[0]["mails"] == seen[0].get("queries", 0) == 0
        assert replies[0] == replies[1]
    for work in later:
        work()
    assert len(world.mailer.sent) == 4


LOOKALIKES = st.sampled_from(
    "aA\uff41\u0410\u03b1nN\uff4e\u0578kK\u212aeEsS\u017f\xdfi\u0131I\u0130\ufb01\uff20@.\u3002\u200d\u0301"
)
DOMAINS = st.sampled_from(["example.org", "EXAMPLE.org", "examp\u0142e.org", "\uff45xample.org", "example.org\u200d"])
NO_LIMITS: Any = type("NoLimits", (), {"take_now": lambda *_, **__: None})()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(LOOKALIKES, min_size=1, max_size=5) | st.sampled_from(["ann", "aNN", "\uff41nn", "ki\u017fs"]), DOMAINS)
def test_bug_10_cve_2019_19844_a_lookalike_gets_no_link_to_another_account(world: Any, local: str, domain: str) -> None:
    for name in ("ann", "kiss", "a", "s", "k"):
        if world.plain_accounts.find(f"id-{name}") is None:
            world.add(name, password="")
    reset, sent = PasswordReset(desk=world.desk, limits=NO_LIMITS), len(world.mailer.sent)
    try:
        reset.begin(f"{local}@{domain}")
    except NameRefusedError:
        return
    (mail,) = world.mailer.sent[sent:]
    account = world.plain_accounts.find_email(mail.to)
    assert ("token=" in mail.text) is (account is not None)
    if account is not None:
        assert local.isascii()
        assert mail.to == account.email == f"{local.lower()}@example.org"
