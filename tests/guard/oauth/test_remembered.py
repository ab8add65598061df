"""What is kept of a provider through outages, and asked for how often."""

import threading
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.logging.events import Event
from vallum.guard.oauth.refusals import ProviderDownError
from vallum.guard.oauth.remembered import Remembered


class Source:
    def __init__(self) -> None:
        self.now, self.loads, self.down = 1000.0, 0, False
        self.events: list[Event] = []
        self.kept: Any = Remembered(self.load, clock=lambda: self.now, sink=self.events.append)

    def load(self) -> int:
        self.loads += 1
        if self.down:
            raise ProviderDownError("down")
        return self.loads


def test_asks_again_only_when_it_is_no_longer_fresh():
    source = Source()
    assert [source.kept.read() for _ in range(3)] == [1, 1, 1]
    source.now += 299
    assert source.kept.read() == 1
    source.now += 1
    assert source.kept.read() == 2


def test_an_outage_is_bridged_and_not_hammered():
    source = Source()
    source.kept.read()
    source.down = True
    source.now += 300
    assert [source.kept.read() for _ in range(5)] == [1] * 5
    assert source.loads == 2
    source.now += 10
    assert source.kept.read() == 1
    assert source.loads == 3
    assert [event.name for event in source.events] == ["provider-unavailable"] * 2
    source.now += 4 * 3600
    with pytest.raises(ProviderDownError):
        source.kept.read()
    source.down = False
    source.now += 10
    assert source.kept.read() == 5


def test_without_a_first_answer_nothing_is_at_hand():
    source = Source()
    source.down = True
    for _ in range(3):
        with pytest.raises(ProviderDownError):
            source.kept.read()
    assert source.loads == 1


def test_renew_asks_at_once_but_not_more_often_than_retry():
    source = Source()
    source.kept.read()
    assert source.kept.renew() == 1
    source.now += 10
    assert source.kept.renew() == 2
    assert source.kept.renew() == 2


def test_one_asks_and_the_others_go_on():
    source, entered, leave = Source(), threading.Event(), threading.Event()
    source.kept.read()
    load = source.load

    def slow() -> int:
        entered.set()
        leave.wait(5)
        return load()

    kept = Remembered(slow, clock=lambda: source.now)
    thread = threading.Thread(target=kept.read)
    leave.set()
    kept.read()
    source.now += 300
    entered.clear()
    leave.clear()
    thread.start()
    assert entered.wait(5)
    assert kept.read() == 2  # the old one, while the thread is still asking
    leave.set()
    thread.join()
    assert kept.read() == 3


@pytest.mark.parametrize("times", [(0, 1, 2), (2, 1, 3), (1, 3, 2)])
def test_the_times_are_in_order(times: tuple[float, float, float]):
    retry, fresh, stale = times
    with pytest.raises(ConfigError):
        Remembered(lambda: 1, retry=retry, fresh=fresh, stale=stale)
