"""Single use, compare-and-set, locks and idempotency keys."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vallum.guard import Guard, public
from vallum.guard.data.atomic import Cells, ConflictError
from vallum.guard.data.idempotency import KeyMissingError, idempotent
from vallum.stores.memory.cells import MemoryCells
from vallum.stores.sql.cells import SqlCells
from vallum.stores.sql.sqlite import SqliteDatabase

KEY = "0123456789abcdef"
Build = Callable[..., Any]


class Now:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture(params=["memory", "sqlite"])
def cells(request: pytest.FixtureRequest, tmp_path: Any, now: Now) -> Any:
    if request.param == "memory":
        yield Cells(MemoryCells(), "test", clock=now)
    else:
        database = SqliteDatabase(tmp_path / "cells.sqlite")
        yield Cells(SqlCells(database), "test", clock=now)
        database.close()


def crowd(use: Callable[[], Any], size: int = 50) -> list[Any]:
    start = threading.Barrier(size)

    def enter(_number: int) -> Any:
        start.wait()
        try:
            return use()
        except ConflictError as refused:
            return refused

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(enter, range(size)))


def test_a_token_is_worth_its_value_once(cells: Cells, now: Now) -> None:
    given = cells.issue("voucher 7", seconds=60)
    assert crowd(lambda: cells.consume(given)).count("voucher 7") == 1
    assert cells.consume(given) is None
    late = cells.issue("voucher 8", seconds=60)
    now.now = 60
    assert (cells.consume(late), cells.consume("unknown")) == (None, None)


def test_what_is_claimed_is_taken(cells: Cells, now: Now) -> None:
    assert crowd(lambda: cells.claim("event 17", seconds=60)).count(True) == 1
    now.now = 60
    assert cells.claim("event 17", seconds=60)


def test_purposes_do_not_meet(cells: Cells) -> None:
    cells.claim("7", seconds=60)
    assert Cells(cells.store, "other").read("7") is None


def test_nothing_is_lost_between_reading_and_setting(cells: Cells) -> None:
    assert not cells.compare_and_set("stock", "5", "4", seconds=60)
    assert cells.compare_and_set("stock", None, "0", seconds=60)
    assert not cells.compare_and_set("stock", None, "9", seconds=60)
    crowd(lambda: cells.update("stock", lambda before: str(int(before or 0) + 1), seconds=60), 8)
    assert cells.read("stock") == "8"


def test_the_last_item_is_sold_once(cells: Cells) -> None:
    cells.compare_and_set("stock", None, "1", seconds=60)

    def sell(before: str | None) -> str:
        if int(before or 0) < 1:
            raise ConflictError("sold out")
        return str(int(before or 0) - 1)

    sold = crowd(lambda: cells.update("stock", sell, seconds=60))
    assert sold.count("0") == 1
    assert cells.read("stock") == "0"


def test_a_race_without_end_is_given_up() -> None:
    cells = Cells(MemoryCells(), "test")

    def meddle(before: str | None) -> str:
        cells.compare_and_set("a", before, f"{before}x", seconds=60)
        return "mine"

    with pytest.raises(ConflictError):
        cells.update("a", meddle, seconds=60)


def test_a_lock_lets_one_in_and_ends_by_itself(cells: Cells, now: Now) -> None:
    with cells.lock("invoice", seconds=30):
        with pytest.raises(ConflictError) as refused, cells.lock("invoice", seconds=30):
            pytest.fail("two hold the lock")
        assert refused.value.refusal.status == 409
        now.now = 30
        with cells.lock("invoice", seconds=30):
            pass
    with cells.lock("invoice", seconds=30), pytest.raises(ValueError, match="inside"):
        raise ValueError("inside")


def test_a_late_owner_does_not_free_the_lock_of_another(cells: Cells, now: Now) -> None:
    with cells.lock("invoice", seconds=30):
        now.now = 30
        second = cells.lock("invoice", seconds=30)
        second.__enter__()
    with pytest.raises(ConflictError), cells.lock("invoice", seconds=30):
        pytest.fail("the second's lock is gone")
    second.__exit__(None, None, None)


def test_a_request_is_done_once(cells: Cells) -> None:
    done: list[int] = []
    started = threading.Event()

    @idempotent(cells, key=lambda key: key)
    def pay(_key: str) -> dict[str, int]:
        done.append(1)
        started.set()
        return {"payment": len(done)}

    answers = crowd(lambda: pay(KEY))
    assert done == [1]
    assert all(answer == {"payment": 1} or isinstance(answer, ConflictError) for answer in answers)
    assert pay(KEY) == {"payment": 1}
    assert pay(KEY + "2") == {"payment": 2}


def test_who_comes_meanwhile_is_told_so(cells: Cells) -> None:
    @idempotent(cells, key=lambda: KEY)
    def pay() -> str:
        with pytest.raises(ConflictError):
            pay()
        return "paid"

    assert pay() == "paid"


def test_what_failed_may_be_tried_again(cells: Cells) -> None:
    tries: list[int] = []

    @idempotent(cells, key=lambda: KEY)
    def pay() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("the bank is away")
        return "paid"

    with pytest.raises(ValueError, match="bank"):
        pay()
    assert (pay(), pay(), len(tries)) == ("paid", "paid", 2)


def test_a_result_that_comes_too_late_counts_for_nobody(cells: Cells, now: Now) -> None:
    @idempotent(cells, key=lambda: KEY, running=5)
    def pay() -> str:
        now.now = 5
        return "paid"

    with pytest.raises(ConflictError):
        pay()


def test_async_handlers_have_it_too(cells: Cells) -> None:
    done: list[int] = []

    @idempotent(cells, key=lambda fail: KEY)
    async def pay(fail: bool) -> list[int]:
        if fail:
            raise ValueError("the bank is away")
        done.append(1)
        await asyncio.sleep(0)
        return done

    async def twice() -> list[Any]:
        with pytest.raises(ValueError, match="bank"):
            await pay(True)
        return [await pay(False), *await asyncio.gather(pay(False), pay(False))]

    assert asyncio.run(twice()) == [[1], [1], [1]]


@pytest.mark.parametrize("key", ["", "short", "x" * 256, "with spaces in between"])
def test_a_key_must_be_one(cells: Cells, key: str) -> None:
    with pytest.raises(KeyMissingError):
        idempotent(cells, key=lambda: key)(lambda: "paid")()


def test_the_guard_answers_409_and_400(policy: Build, browse: Build) -> None:
    cells = Cells(MemoryCells(), "payments")

    @idempotent(cells, key=lambda request: request.headers.get("idempotency-key", ""))
    def pay(_request: Request) -> str:
        return "paid"

    @public
    def answer(request: Request) -> Response:
        if "held" in request.headers:
            with cells.lock("till", seconds=30), cells.lock("till", seconds=30):
                pass
        return JSONResponse(pay(request))

    app = Starlette(routes=[Route("/pay", answer, methods=["POST"])])
    Guard(app, policy=policy())
    user = browse(app)
    assert user("POST", "/pay").json()["code"] == "idempotency-key-missing"
    assert user("POST", "/pay", headers={"idempotency-key": KEY}).json() == "paid"
    assert user("POST", "/pay", headers={"held": "1"}).status_code == 409
