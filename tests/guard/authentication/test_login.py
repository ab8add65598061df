"""One path for everybody: the same hashes and queries, the same error; limits, locks, upgrades, half logins."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.crypto.passwords.pbkdf2 import Pbkdf2
from vallum.crypto.passwords.stored import make_hash
from vallum.guard import Guard, public, sign_in, signed_in
from vallum.guard.authentication.login import HALF_LOGIN, LoginResult
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.passwords import PasswordRefusedError
from vallum.guard.http.rate_limit import RateLimitedError

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"


def attempt(world: Any, name: str, password: str = "a guess", client: str = CLIENT) -> LoginFailure:
    with pytest.raises(LoginFailedError) as caught:
        world.login.authenticate(name, password, client=client)
    return LoginFailure(caught.value.cause)


@pytest.mark.parametrize("name", ["ann", "ANN ", "\uff21nn", "ann@example.org", "Ann@Example.org"])
def test_login_and_address_in_any_spelling(world: Any, name: str) -> None:
    ann = world.add()
    assert world.login.authenticate(name, PASSWORD, client=CLIENT).account == ann
    assert asyncio.run(world.login.authenticate_async(name, PASSWORD, client=CLIENT)) == LoginResult(ann)


def test_bug_9_cve_2024_39329_all_failures_cost_the_same(world: Any) -> None:
    world.add("ann")
    world.add("off", is_active=False)
    world.add("key", password="")
    world.add("bad", password="5f4dcc3b5aa765d61d8327deb882cf99")
    costs = {}
    for name in (
        "ann",
        "ann@example.org",
        "off",
        "key",
        "bad",
        "nobody",
        "nobody@example.org",
        "no name\0",
        "@",
        "\u0430nn",
    ):
        costs[name] = world.measure(lambda name=name: attempt(world, name))
    assert {tuple(sorted(cost.items())) for cost in costs.values()} == {
        (("hashes", 1), ("mails", 0), ("queries", 4))
    }, costs


def test_an_account_without_a_password_is_no_damage(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    world.add("key", password="")
    attempt(world, "key")
    assert [record for record in caplog.records if record.name == "vallum.passwords"] == []


def test_the_causes_differ_in_the_log_only(world: Any) -> None:
    world.add("ann")
    world.add("off", is_active=False)
    assert attempt(world, "ann") is LoginFailure.MISMATCH
    assert attempt(world, "nobody") is LoginFailure.UNKNOWN_ACCOUNT
    assert attempt(world, "off") is LoginFailure.MISMATCH
    assert attempt(world, "off", PASSWORD) is LoginFailure.DISABLED
    assert LoginFailedError.refusal.status == 401


def test_bug_8_a_password_that_is_too_long_is_refused_before_any_look_up(world: Any) -> None:
    world.add()
    for name in ("ann", "nobody"):
        with pytest.raises(PasswordRefusedError):
            world.login.authenticate(name, "x" * 1025, client=CLIENT)
        with pytest.raises(PasswordRefusedError):
            asyncio.run(world.login.authenticate_async(name, "x" * 1025, client=CLIENT))
    assert world.counts == {}


def test_the_sixth_attempt_in_any_spelling_is_refused_before_hashing(world: Any) -> None:
    world.add()
    for name in ("ann", "ANN", " ann", "\uff41nn", "Ann"):
        attempt(world, name, client="198.51.100.1")
    hashed = world.counts["hashes"]
    with pytest.raises(RateLimitedError):
        world.login.authenticate("ann", PASSWORD, client="198.51.100.2")
    assert world.counts["hashes"] == hashed


def test_allauth_65_8_1_a_good_login_does_not_clear_the_attackers_count(world: Any) -> None:
    world.add("eve")
    for number in range(10):
        attempt(world, f"victim{number}")
        if number % 4 == 0:
            world.login.authenticate("eve", PASSWORD, client=CLIENT)
    for number in range(7):
        attempt(world, f"more{number}")
    with pytest.raises(RateLimitedError):
        world.login.authenticate("ann", PASSWORD, client=CLIENT)


def test_ipv6_addresses_of_one_network_share_their_limit(world: Any) -> None:
    for number in range(20):
        attempt(world, f"victim{number}", client=f"2001:db8::{number:x}")
    with pytest.raises(RateLimitedError):
        world.login.authenticate("ann", PASSWORD, client="2001:db8::ffff:1")


def lock_out(world: Any, clock: Any) -> None:
    for number in range(10):
        attempt(world, "ann", client=f"198.51.100.{number}")
        clock.now += 181


def test_a_lock_answers_like_any_failure_and_ends_by_itself(world: Any, clock: Any) -> None:
    world.add()
    lock_out(world, clock)
    assert attempt(world, "ann", PASSWORD) is LoginFailure.LOCKED
    assert [subject for to, subject in world.letters() if to == "ann@example.org"] == ["Too many failed logins"]
    clock.now += 900
    assert world.login.authenticate("ann", PASSWORD, client=CLIENT)


def test_a_right_password_cannot_be_told_from_a_wrong_one_while_locked(world: Any, clock: Any) -> None:
    world.add(password=make_hash(PASSWORD, Pbkdf2(iterations=1, unsafe_below_floor=True)))
    lock_out(world, clock)
    clock.now += 300
    assert world.measure(lambda: attempt(world, "ann", PASSWORD)) == world.measure(lambda: attempt(world, "ann"))


def test_unknown_names_are_locked_too(world: Any, clock: Any) -> None:
    for number in range(10):
        attempt(world, "nobody", client=f"198.51.100.{number}")
        clock.now += 181
    assert world.lockout.is_locked("name:nobody")
    assert world.letters() == []


def test_an_old_hash_is_replaced_once(world: Any) -> None:
    world.add(password=make_hash(PASSWORD, Pbkdf2(iterations=1, unsafe_below_floor=True)))
    result = world.login.authenticate("ann", PASSWORD, client=CLIENT)
    stored = world.plain_accounts.find("id-ann")
    assert stored == result.account
    assert stored.password.startswith("$argon2id$")
    assert (stored.version, stored.epoch) == (1, 0)
    assert world.login.authenticate("ann", PASSWORD, client=CLIENT).account == stored


def test_a_change_beside_the_login_is_not_overwritten(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = world.add(password=make_hash(PASSWORD, Pbkdf2(iterations=1, unsafe_below_floor=True)))
    renew = type(world.passwords).renew

    def race(self: Any, password: str, stored: str) -> str | None:
        world.plain_accounts.change(ann.id, 0, password="new", bump=True)
        return renew(self, password, stored)

    monkeypatch.setattr(type(world.passwords), "renew", race)
    assert world.login.authenticate("ann", PASSWORD, client=CLIENT).account == ann
    assert world.plain_accounts.find(ann.id).password == "new"


def test_a_second_factor_makes_a_half_login_and_no_session(world: Any, clock: Any) -> None:
    ann = world.add()
    login = world.build_login(half_logins=world.proofs, needs_factor=lambda account: account.id == ann.id)
    result = login.authenticate("ann", PASSWORD, client=CLIENT)
    assert result.half is not None
    assert result.half.reveal() not in repr(result)
    digest = hashlib.sha256(result.half.reveal().encode()).digest()
    proof = world.proofs.look(digest, HALF_LOGIN, clock.now)
    assert (proof.account_id, proof.attempts_left, proof.data["epoch"]) == (ann.id, 5, 0)
    assert world.proofs.look(digest, HALF_LOGIN, clock.now + 601) is None
    world.add("bob")
    assert login.authenticate("bob", PASSWORD, client=CLIENT).half is None


def test_a_half_login_that_cannot_be_stored_lets_nobody_in(world: Any) -> None:
    world.add()
    login = world.build_login(half_logins=world.proofs, needs_factor=lambda _: True, randomness=lambda n: b"x" * n)
    assert login.authenticate("ann", PASSWORD, client=CLIENT).half is not None
    with pytest.raises(LoginFailedError):
        login.authenticate("ann", PASSWORD, client=CLIENT)


def test_a_factor_without_a_place_for_the_half_login_is_refused(world: Any) -> None:
    for settings in ({"needs_factor": lambda _: True}, {"half_logins": world.proofs}):
        with pytest.raises(ConfigError):
            world.build_login(**settings)


def test_the_password_is_asked_for_again(world: Any) -> None:
    ann = world.add()
    world.login.verify(ann, PASSWORD, client=CLIENT)
    with pytest.raises(LoginFailedError):
        world.login.verify(ann, "a guess", client=CLIENT)


def test_in_a_guarded_app_all_failures_answer_alike_and_sessions_outlive_a_lock(
    world: Any, clock: Any, policy: Callable, browse: Callable, events: list
) -> None:
    world.add("ann")
    world.add("off", is_active=False)

    @public
    async def log_in(request: Request) -> PlainTextResponse:
        form = await request.form()
        sign_in((await world.login.authenticate_async(form["name"], form["password"])).account.id)
        return PlainTextResponse("welcome")

    @signed_in
    async def home(request: Request) -> PlainTextResponse:
        return PlainTextResponse("home")

    app = Starlette(routes=[Route("/login", log_in, methods=["POST"]), Route("/", home)])
    Guard(app, policy=policy())
    user = browse(app)
    assert user("POST", "/login", data={"name": "ann", "password": PASSWORD}).status_code == 200
    answers = [
        browse(app)("POST", "/login", data={"name": name, "password": password})
        for name, password in (("ann", "no"), ("off", "no"), ("off", PASSWORD), ("nobody", "no"))
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.content, *sorted(answer.headers)) for answer in answers}) == 1
    assert [event.detail["cause"] for event in events if event.name == "login-failed"] == [
        "wrong-password",
        "wrong-password",
        "disabled",
        "unknown-account",
    ]
    assert "nobody" not in str([event.detail for event in events])
    for _ in range(10):
        world.lockout.note_failure("id-ann")
    locked = browse(app)("POST", "/login", data={"name": "ann", "password": PASSWORD})
    assert (locked.status_code, locked.content) == (401, answers[0].content)
    assert user("GET", "/").status_code == 200
