"""Rate limits: counted alike in every framework, in a store that answers at once and in one that waits."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.guard.conformance.contract import PATHS, RAN
from vallum.guard.authorization.access import PUBLIC
from vallum.guard.http.rate_policy import RateLimitPolicy
from vallum.stores.limits import Charge, Decision, LimitStore
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.limits_sqlite import SqliteLimits

Browser = Callable[..., Any]


class DeadLimits:
    """Fails while it is not up."""

    shared = True

    def __init__(self, *, at_once: bool) -> None:
        self.at_once = at_once
        self.up = False
        self._memory = MemoryLimits()

    def take(self, subject: str, charges: Sequence[Charge], now: int) -> Decision:
        if not self.up:
            raise ConnectionError("no store")
        return self._memory.take(subject, charges, now)

    def forget(self, subject: str, limit: str) -> None:
        raise ConnectionError("no store")


@pytest.fixture(params=["at-once", "waiting"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LimitStore]:
    if request.param == "at-once":
        yield MemoryLimits()
        return
    waiting = SqliteLimits(tmp_path / "limits.sqlite")
    yield waiting
    waiting.close()


def limits(store: LimitStore | None, **rates: Any) -> RateLimitPolicy:
    return RateLimitPolicy(**{"account": "1000/minute", "address": "1000/minute", "store": store, **rates})


def named(events: list[Any]) -> list[str]:
    return [event.name for event in events if event.name.startswith("rate-limit")]


def test_an_address_gets_its_number(browser: Browser, store: LimitStore, events: list[Any], clock: Any) -> None:
    user = browser(rate_limits=limits(store, address="3/minute"))
    answers = [user("GET", path) for path in ("/open", "/nope", "/open")]
    assert [answer.status_code for answer in answers] == [200, 404, 200]
    assert [answer.headers["ratelimit"] for answer in answers] == [f'"address";r={left};t=20' for left in (2, 1, 0)]
    assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=60'
    RAN.clear()
    refused = user("POST", "/enter")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "20"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["x-content-type-options"] == "nosniff"
    problem = json.loads(refused.text)
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert problem["violated-policies"] == ["address"]
    assert not RAN
    assert user.cookies == {}
    assert named(events) == ["rate-limited"]
    assert (events[-1].client, events[-1].detail["limit"]) == ("203.0.113.9", "address")
    clock.now += 20
    assert user("GET", "/open").status_code == 200


def test_a_forwarded_address_is_not_believed(browser: Browser, store: LimitStore) -> None:
    user = browser(rate_limits=limits(store, address="2/minute"))
    answers = [user("GET", "/open", headers={"x-forwarded-for": f"198.51.100.{n}"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]


def test_behind_its_own_proxy_each_client_counts(browser: Browser, store: LimitStore) -> None:
    user = browser(rate_limits=limits(store, address="1/minute"), proxies=("203.0.113.9",))

    def ask(address: str) -> int:
        status: int = user("GET", "/open", headers={"x-forwarded-for": f"192.0.2.1, {address}"}).status_code
        return status

    assert [ask("198.51.100.1"), ask("198.51.100.1"), ask("198.51.100.2")] == [200, 429, 200]
    assert [ask(f"2001:db8::{n:x}") for n in range(3)] == [200, 429, 429]


def test_an_account_gets_its_number_wherever_it_is(browser: Browser, store: LimitStore) -> None:
    user = browser(rate_limits=limits(store, account="2/minute"), proxies=("203.0.113.9",))
    token = user("POST", "/enter").text
    answers = [user("GET", "/mine", headers={"x-forwarded-for": f"198.51.100.{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit"] == '"account";r=1;t=30'
    assert json.loads(answers[2].text)["violated-policies"] == ["account"]
    assert user("POST", "/put", headers={"x-csrf-token": token}).status_code == 429
    assert user("GET", "/mine", headers={"cookie": ""}).status_code == 401, "strangers use up nobody's number"


def test_a_path_of_the_table_has_its_own_limit(browser: Browser, store: LimitStore) -> None:
    limited = PUBLIC.limited("4/minute", name="bare", by="address", cost=2)
    user = browser(rate_limits=limits(store), paths={**PATHS, "/bare": limited})
    answers = [user("GET", "/bare") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"bare";q=4;w=60'
    assert answers[0].headers["ratelimit"] == '"bare";r=2;t=15'
    assert len(RAN) == 2
    assert user("GET", "/open").status_code == 200


def test_without_a_policy_a_developer_is_not_limited(browser: Browser) -> None:
    answer = browser()("GET", "/open")
    assert not {"ratelimit", "ratelimit-policy", "retry-after"} & set(answer.headers)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_store_that_is_down_closes_and_recovers(
    *, browser: Browser, at_once: bool, events: list[Any], clock: Any
) -> None:
    store = DeadLimits(at_once=at_once)
    user = browser(rate_limits=limits(store))
    answers = [user("GET", path) for path in ("/open", "/bare", "/nope")]
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert answers[0].headers["retry-after"] == "1"
    assert not RAN
    assert named(events) == ["rate-limit-store-failed"]
    store.up = True
    clock.now += 1
    assert user("GET", "/open").status_code == 200
    assert named(events) == ["rate-limit-store-failed", "rate-limit-store-recovered"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_store_that_is_down_opens_where_the_policy_says_so(
    *, browser: Browser, at_once: bool, events: list[Any]
) -> None:
    closed = PUBLIC.limited("4/minute", name="bare")
    user = browser(
        rate_limits=limits(DeadLimits(at_once=at_once), unsafe_fail_open=True), paths={**PATHS, "/bare": closed}
    )
    assert user("POST", "/enter").status_code == 200
    assert user("GET", "/mine").status_code == 200
    assert user("GET", "/bare").status_code == 503, "a route with a limit of its own stays closed"
    assert named(events) == ["rate-limit-store-failed"]
