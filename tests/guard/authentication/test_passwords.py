import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import OWASP, UNSAFE_CHEAPEST, Argon2id
from vallum.crypto.passwords.bcrypt import Bcrypt
from vallum.crypto.passwords.pbkdf2 import Pbkdf2
from vallum.crypto.passwords.pepper import Peppers
from vallum.crypto.passwords.scheme import Scheme
from vallum.crypto.passwords.stored import make_hash
from vallum.guard import Guard, public
from vallum.guard.authentication.hashing_pool import HashingBusyError, HashingPool
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.passwords import (
    PasswordCheck,
    PasswordHasher,
    PasswordRefusedError,
    StoredHashError,
)

BCRYPT = Bcrypt(cost=4, unsafe_below_floor=True)


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    hasher = PasswordHasher(UNSAFE_CHEAPEST, workers=1, queue=1, refusal_delay=0)
    yield hasher
    hasher.close()


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[Scheme]:
    """Every key derivation that ran: counting hashes tells more than measuring milliseconds."""
    calls = []
    for scheme in (Argon2id, Bcrypt):
        derive = scheme.derive

        def count(self, password: bytes, salt: bytes, length: int, derive: Callable[..., bytes] = derive) -> bytes:
            calls.append(self)
            return derive(self, password, salt, length)

        monkeypatch.setattr(scheme, "derive", count)
    return calls


def test_the_default_is_argon2id_at_the_owasp_parameters() -> None:
    stored = PasswordHasher().hash("correct horse battery staple")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PasswordHasher().verify("correct horse battery staple", stored)
    assert not PasswordHasher().needs_rehash(stored)


def test_a_right_password_is_accepted_and_a_wrong_one_is_not(hasher: PasswordHasher) -> None:
    stored = hasher.hash("correct horse")
    assert hasher.verify("correct horse", stored)
    assert hasher.verify(Secret("correct horse"), stored)
    assert not hasher.verify("correct horse ", stored)
    assert not hasher.verify("", stored)


def test_cve_2024_39329_an_unknown_account_costs_the_same_hash(hasher: PasswordHasher, derived: list[Scheme]) -> None:
    stored = hasher.hash("correct horse")
    derived.clear()
    assert not hasher.verify("wrong", stored)
    known = list(derived)
    derived.clear()
    assert not hasher.verify("wrong", None)
    assert derived == known == [UNSAFE_CHEAPEST]


def test_cve_2025_22228_bcrypt_never_cuts_and_a_long_password_costs_the_same(
    hasher: PasswordHasher, derived: list[Scheme]
) -> None:
    stored = make_hash("x" * 72, BCRYPT)
    derived.clear()
    assert hasher.verify("x" * 72, stored)
    assert not hasher.verify("x" * 73, stored)
    assert not hasher.verify("x" * 72 + "\0", stored)
    assert derived == [BCRYPT] * 3
    assert not hasher.verify("x" * 73, make_hash("", BCRYPT))


def test_cve_2025_22234_too_long_is_refused_alike_for_known_and_unknown(
    hasher: PasswordHasher, derived: list[Scheme]
) -> None:
    stored = hasher.hash("correct horse")
    derived.clear()
    for account in (stored, None):
        with pytest.raises(PasswordRefusedError):
            hasher.verify("x" * 1025, account)
    assert derived == []


@pytest.mark.parametrize(
    "stored", ["hunter2", "5f4dcc3b5aa765d61d8327deb882cf99", "", "$argon2id$v=19$m=19456,t=2,p=1$c2Fs!$aGFzaA"]
)
def test_a_stored_value_that_is_no_hash_fails_like_a_wrong_password(
    hasher: PasswordHasher, derived: list[Scheme], caplog: pytest.LogCaptureFixture, stored: str
) -> None:
    for password in ("hunter2", "password", ""):
        derived.clear()
        caplog.clear()
        assert not hasher.check(password, stored)
        assert derived == [UNSAFE_CHEAPEST]
        (line,) = caplog.records
        assert (line.name, line.levelname) == ("vallum.passwords", "ERROR")
        assert "a stored " in line.getMessage()
        assert not stored or stored not in line.getMessage()
    with pytest.raises(StoredHashError):
        hasher.needs_rehash(stored)


def test_a_login_with_a_damaged_hash_answers_like_any_failed_login(policy: Callable, browse: Callable) -> None:
    hasher = PasswordHasher(UNSAFE_CHEAPEST, workers=1)
    stored = {"ann": hasher.hash("correct horse"), "bob": "5f4dcc3b5aa765d61d8327deb882cf99"}

    @public
    async def log_in(request: Request) -> Response:
        if not await hasher.check_async("password", stored.get(request.query_params["name"])):
            raise LoginFailedError(LoginFailure.MISMATCH)
        return Response()

    app = Starlette(routes=[Route("/login", log_in, methods=["POST"])])
    Guard(app, policy=policy())
    answers = [browse(app)("POST", f"/login?name={name}") for name in ("ann", "bob", "eve")]
    assert len({(answer.status_code, answer.content, *sorted(answer.headers)) for answer in answers}) == 1
    assert answers[0].status_code == 401
    hasher.close()


def test_an_old_hash_is_replaced_at_the_next_login(hasher: PasswordHasher) -> None:
    old = make_hash("correct horse", BCRYPT)
    check = hasher.check("correct horse", old)
    assert check
    assert check.replacement is not None
    assert check.replacement.startswith("$argon2id$")
    assert check.replacement not in repr(check)
    again = hasher.check("correct horse", check.replacement)
    assert again
    assert again.replacement is None


def test_a_wrong_password_brings_no_replacement(hasher: PasswordHasher) -> None:
    old = make_hash("correct horse", BCRYPT)
    assert hasher.check("wrong", old).replacement is None
    assert not hasher.check("wrong", old)
    assert not hasher.check("wrong", None)


def test_a_replacement_that_bcrypt_would_cut_is_not_made() -> None:
    hasher = PasswordHasher(BCRYPT)
    stored = make_hash("x" * 100, Pbkdf2(iterations=1, unsafe_below_floor=True))
    check = hasher.check("x" * 100, stored)
    assert check.accepted
    assert check.replacement is None


def test_the_async_forms_answer_the_same(hasher: PasswordHasher) -> None:
    async def main() -> None:
        stored = await hasher.hash_async("correct horse")
        assert await hasher.verify_async("correct horse", stored)
        assert not await hasher.verify_async("wrong", None)
        assert (await hasher.check_async("correct horse", stored)).accepted

    asyncio.run(main())


def test_what_runs_in_the_pool_knows_the_request() -> None:
    pool = HashingPool(workers=1, queue=1, refusal_delay=0)
    request = ContextVar("request", default="")

    async def main() -> str:
        request.set("a1")
        return await pool.run(request.get)

    assert asyncio.run(main()) == "a1"
    pool.close()


def test_a_flood_is_refused_with_503_and_the_pool_recovers() -> None:
    pool = HashingPool(workers=1, queue=1, refusal_delay=0)
    gate = threading.Event()

    async def main() -> None:
        running = asyncio.ensure_future(pool.run(gate.wait, 10))
        waiting = asyncio.ensure_future(pool.run(str, 7))
        await asyncio.sleep(0)
        with pytest.raises(HashingBusyError) as caught:
            await pool.run(str, 8)
        assert (caught.value.status, caught.value.retry_after) == (503, 1)
        gate.set()
        assert await running
        assert await waiting == "7"
        assert await pool.run(str, 9) == "9"

    asyncio.run(main())
    pool.close()


def test_a_client_that_goes_away_gives_its_place_back() -> None:
    pool = HashingPool(workers=1, queue=1, refusal_delay=0)
    gate = threading.Event()

    async def main() -> None:
        running = asyncio.ensure_future(pool.run(gate.wait, 10))
        waiting = asyncio.ensure_future(pool.run(str, 7))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        next_one = asyncio.ensure_future(pool.run(str, 8))
        await asyncio.sleep(0)
        gate.set()
        assert await next_one == "8"
        assert await running

    asyncio.run(main())
    pool.close()


def test_a_closed_pool_gives_the_place_back_too() -> None:
    pool = HashingPool(workers=1, queue=0, refusal_delay=0)
    pool.close()
    for _ in range(3):
        with pytest.raises(RuntimeError):
            asyncio.run(pool.run(str, 1))


def test_the_pool_works_in_a_forked_child(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = HashingPool(workers=1, queue=0, refusal_delay=0)
    first = asyncio.run(pool.run(threading.get_ident))
    before = pool._threads
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert isinstance(first, int)
    assert asyncio.run(pool.run(str, 1)) == "1"
    assert pool._threads is not before
    before.shutdown()
    pool.close()


@pytest.mark.parametrize("bounds", [{"workers": 0}, {"queue": -1}, {"refusal_delay": -1}])
def test_bounds_that_cannot_work_are_refused(bounds: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        PasswordHasher(OWASP, **bounds)


def test_peppers_rotate_at_the_next_login(hasher: PasswordHasher, caplog: pytest.LogCaptureFixture) -> None:
    old = {"2025": Secret("o" * 32)}
    before = PasswordHasher(UNSAFE_CHEAPEST, workers=1, peppers=Peppers(old))
    after = PasswordHasher(UNSAFE_CHEAPEST, workers=1, peppers=Peppers({"2026": Secret("n" * 32), **old}))
    plain, seasoned = hasher.hash("correct horse"), before.hash("correct horse")
    assert seasoned.startswith("pepper$2025$$argon2id$")
    for stored in (plain, seasoned):
        check = after.check("correct horse", stored)
        assert check
        assert check.replacement is not None
        assert check.replacement.startswith("pepper$2026$")
        assert after.check("correct horse", check.replacement) == PasswordCheck(accepted=True)
        assert not after.check("wrong", stored)
    assert caplog.records == []
    assert not hasher.verify("correct horse", seasoned)
    assert "2025" in caplog.text
    for one in (before, after):
        one.close()


def test_a_pepper_lets_bcrypt_take_all_of_a_password(derived: list[Scheme]) -> None:
    hasher = PasswordHasher(BCRYPT, workers=1, peppers=Peppers({"a": Secret("p" * 32)}))
    stored = hasher.hash("x" * 80)
    assert hasher.verify("x" * 80, stored)
    assert not hasher.verify("x" * 72 + "y" * 8, stored)
    check = hasher.check("x" * 80, make_hash("x" * 80, UNSAFE_CHEAPEST))
    assert check.replacement is not None
    hasher.close()


def test_two_keyboards_write_the_same_password(hasher: PasswordHasher) -> None:
    assert hasher.verify("cafe\u0301 con leche", hasher.hash("caf\u00e9 con leche"))
    assert not hasher.verify("cafe con leche", hasher.hash("caf\u00e9 con leche"))


def test_threads_wait_for_the_same_pool_and_are_refused_alike(hasher: PasswordHasher) -> None:
    gate = threading.Event()
    running = [threading.Thread(target=hasher.run_now, args=(gate.wait, 10)) for _ in range(2)]
    for thread in running:
        thread.start()
    while hasher._pool._places._value:
        pass
    with pytest.raises(HashingBusyError):
        hasher.run_now(str, 8)
    gate.set()
    for thread in running:
        thread.join()
    assert hasher.run_now(str, 9) == "9"


def test_refusals_are_spread_around_the_delay() -> None:
    pool = HashingPool(workers=1, queue=0, refusal_delay=0.25)
    delays = [pool._find_delay() for _ in range(200)]
    assert 0.12 <= min(delays) < 0.15
    assert 0.35 < max(delays) <= 0.38
    assert len(set(delays)) == 200
    pool.close()
