import asyncio

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.input.messages import validated
from vallum.guard.input.models import InputRefusedError
from vallum.guard.input.request_model import RequestModel


class OrderPaid(RequestModel):
    order: int
    amount: int


BAD = [b'{"order": "1", "amount": 2}', b"{", "[]", {"order": 1}, {"order": 1, "amount": 2, "role": "admin"}, 7, None]


@pytest.fixture
def desk():
    class Desk:
        def __init__(self) -> None:
            self.done: list[OrderPaid] = []
            self.aside: list[object] = []
            self.events: list[object] = []

    return Desk()


@pytest.mark.parametrize(
    "message",
    [
        b'{"order": 1, "amount": 2}',
        '{"order": 1, "amount": 2}',
        {"order": 1, "amount": 2},
        bytearray(b'{"order": 1, "amount": 2}'),
    ],
)
def test_a_consumer_gets_a_typed_message(desk, message):
    consume = validated(OrderPaid, sink=desk.events.append)(desk.done.append)
    consume(message)
    assert desk.done == [OrderPaid(order=1, amount=2)]
    assert desk.events == []


@pytest.mark.parametrize("message", BAD)
def test_a_bad_message_is_set_aside_once_and_logged_once(desk, message):
    @validated(OrderPaid, dead_letter=lambda raw, error: desk.aside.append((raw, error.code)), sink=desk.events.append)
    def consume(data: OrderPaid) -> None:
        desk.done.append(data)

    assert consume(message) is None
    assert desk.done == []
    assert [raw for raw, _ in desk.aside] == [message]
    assert [event.name for event in desk.events] == ["input-refused"]
    assert "admin" not in str(desk.events)


@pytest.mark.parametrize("message", BAD)
def test_a_call_that_is_answered_raises(desk, message):
    with pytest.raises(InputRefusedError):
        validated(OrderPaid)(desk.done.append)(message)
    assert desk.done == []


def test_coroutines_too(desk):
    async def set_aside(raw: object, _error: object) -> None:
        desk.aside.append(raw)

    @validated(OrderPaid, dead_letter=set_aside, sink=desk.events.append)
    async def consume(data: OrderPaid, factor: int) -> int:
        return data.amount * factor

    assert asyncio.run(consume({"order": 1, "amount": 2}, 3)) == 6
    assert asyncio.run(consume(b"{}", 3)) is None
    assert desk.aside == [b"{}"]


def test_a_dead_letter_that_fails_is_not_lost(desk):
    def fail(_raw: object, _error: object) -> None:
        raise ConnectionError("queue")

    with pytest.raises(ConnectionError):
        validated(OrderPaid, dead_letter=fail, sink=desk.events.append)(desk.done.append)(b"{}")


def test_a_finished_model_is_no_message(desk):
    with pytest.raises(ConfigError, match="finished"):
        validated(OrderPaid)(desk.done.append)(OrderPaid(order=1, amount=2))
