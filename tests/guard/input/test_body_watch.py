"""A body is judged by the clock that it is given, and once spoiled stays so."""

from collections.abc import Callable
from typing import Any

import pytest

from vallum.guard import GuardPolicy
from vallum.guard.core import Core
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import INDEX, Exchange
from vallum.guard.http.limits import BODY_LATE, TOO_LARGE, LimitPolicy
from vallum.guard.input.body_watch import BodyWatch

Build = Callable[..., GuardPolicy]


def asked(policy: GuardPolicy, **found: bytes) -> Exchange:
    exchange = Exchange()
    exchange.found = [None] * len(INDEX)
    for name, value in found.items():
        exchange.found[INDEX[name.replace("_", "-").encode()]] = value
    exchange.core, exchange.body_limit = Core(policy), policy.limits.body
    return exchange


@pytest.mark.parametrize(
    ("arrivals", "refusal"),
    [
        ([(0, 10), (9, 10)], None),
        ([(0, 10), (12, 10)], BODY_LATE),
        ([(0, 100), (19, 100), (29, 100)], None),
        ([(0, 10), (9, 1), (9.5, 1), (10, 1), (11.5, 1)], BODY_LATE),
    ],
)
def test_a_body_has_its_time_and_more_at_the_rate(
    policy: Build, events: list[Any], arrivals: list[tuple[float, int]], refusal: Refusal | None
) -> None:
    exchange = asked(policy(limits=LimitPolicy(body_seconds=10, body_rate=10)))
    watch = BodyWatch(exchange, exchange.core.policy.limits, 1000.0)
    for after, size in arrivals:
        watch.feed(b"x" * size, 1000.0 + after)
    assert exchange.spoiled is refusal
    assert len(events) == (refusal is not None)


def test_the_first_refusal_stays_and_is_told_once(policy: Build, events: list[Any]) -> None:
    exchange = asked(policy(limits=LimitPolicy(body=5)))
    watch = BodyWatch(exchange, exchange.core.policy.limits, 0.0)
    assert watch.feed(b"123456", 0.0) is TOO_LARGE
    assert watch.feed(b"7", 99.0) is BODY_LATE
    assert exchange.spoiled is TOO_LARGE
    assert [event.detail["code"] for event in events] == ["body-too-large"]


def test_an_announced_length_is_judged_once_the_route_is_known(policy: Build) -> None:
    limits = LimitPolicy(body=5, largest_body=8)
    for judged, size, fits in ((False, 8, True), (False, 9, False), (True, 5, True), (True, 6, False)):
        exchange = asked(policy(limits=limits), content_length=b"9")
        exchange.judged = judged
        assert (BodyWatch(exchange, limits, 0.0).feed(b"x" * size, 0.0) is None) is fits


@pytest.mark.parametrize("coding", [b"identity", b" Identity "])
def test_an_uncompressed_body_may_say_so(policy: Build, coding: bytes) -> None:
    exchange = asked(policy(), content_encoding=coding)
    assert BodyWatch(exchange, exchange.core.policy.limits, 0.0).feed(b"x", 0.0) is None
