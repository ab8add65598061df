"""Whatever a check is made of may fail: the request is refused with 503, nothing changes, the log says so once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.guard.conformance.contract import PATHS, RAN
from vallum.guard import core as core_module
from vallum.guard.authentication.bearer import BearerPolicy
from vallum.guard.authorization.access import PUBLIC
from vallum.guard.core import Core
from vallum.guard.http.rate_policy import RateLimitPolicy
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.memory import MemorySessions

Browser = Callable[..., Any]
COOKIE = "__Host-session"


class Failing:
    """A store, one of whose methods fails while it is `down`."""

    def __init__(self, store: Any, method: str) -> None:
        self._store = store
        self._method = method
        self.down = False

    def __getattr__(self, name: str) -> Any:
        if self.down and name == self._method:
            return fail
        return getattr(self._store, name)


def fail(*_: Any, **__: Any) -> Any:
    raise ConnectionError("hidden detail")


def told(events: list[Any]) -> list[str]:
    return [event.name for event in events if event.level.name == "ERROR" and event.name != "routes-undeclared"]


def is_refused(answer: Any) -> bool:
    return (
        (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        and "content-security-policy" in answer.headers
        and "set-cookie" not in answer.headers
        and "hidden detail" not in answer.text
    )


@pytest.mark.parametrize(
    ("method", "verb", "path"),
    [
        ("read", "GET", "/mine"),
        ("read", "POST", "/put"),
        ("create", "POST", "/enter"),
        ("change", "POST", "/put"),
        ("delete", "POST", "/leave"),
        ("touch", "GET", "/mine"),
    ],
)
def test_a_session_store_that_fails(
    *, browser: Browser, events: list[Any], clock: Any, method: str, verb: str, path: str
) -> None:
    store = Failing(MemorySessions(), method)
    user = browser(store=store)
    token = user("POST", "/enter").text
    clock.now += 600 if method == "touch" else 0
    before = dict(user.cookies)
    events.clear()
    store.down = True
    assert is_refused(user(verb, path, headers={"x-csrf-token": token}))
    assert told(events) == ["session-store-failed"]
    assert user.cookies == before
    store.down = False
    assert user("GET", "/get").text == "None"


@pytest.mark.parametrize("path", ["/open", "/nope"])
def test_a_store_of_limits_that_fails(browser: Browser, events: list[Any], path: str) -> None:
    store = Failing(MemoryLimits(), "take")
    user = browser(rate_limits=RateLimitPolicy(store=store))
    assert user("GET", path).status_code in {200, 404}
    store.down = True
    assert is_refused(user("GET", path))
    assert told(events) == ["rate-limit-store-failed"]


@pytest.mark.parametrize("step", ["find_client", "check_host", "check_framing", "check_site"])
def test_a_step_that_fails(browser: Browser, events: list[Any], monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setattr(core_module, step, lambda *_, **__: fail)
    assert is_refused(browser()("GET", "/open"))
    assert told(events) == ["check-failed"]
    assert "hidden detail" in events[-1].detail["stack"]


def test_a_decision_that_fails(browser: Browser, events: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Core, "admit", fail)
    user = browser()
    assert is_refused(user("GET", "/open"))
    assert is_refused(user("GET", "/bare"))
    assert told(events) == ["check-failed"] * 2
    assert RAN == []


def test_a_part_of_the_policy_that_fails(browser: Browser, events: list[Any]) -> None:
    closed = PUBLIC.limited("9/minute", name="bare", by=fail)
    assert is_refused(browser(paths={**PATHS, "/bare": closed})("GET", "/bare"))
    assert told(events) == ["check-failed"]
    assert RAN == []


def test_a_verifier_that_fails(browser: Browser, events: list[Any]) -> None:
    user = browser(bearer=BearerPolicy(verify=fail))
    assert is_refused(user("GET", "/mine", headers={"authorization": "Bearer x"}))
    assert told(events) == ["bearer-check-failed"]


def test_a_sink_that_fails_changes_no_answer(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    reached: list[Any] = []

    def sink(event: Any) -> None:
        reached.append(event)
        if event.name != "routes-undeclared":  # told before the first request
            fail()

    user = browser(sink=sink)
    assert user("GET", "/open").text == "open"
    assert user("GET", "/open", headers={"host": "evil.example"}).status_code == 400
    assert user("GET", "/bare").status_code == 401
    assert user("GET", "/boom").status_code == 500
    assert RAN == []
    assert {event.name for event in reached} >= {"request-refused", "unhandled-exception"}
    assert "event-sink-failed" in caplog.text
    assert "request-refused" in caplog.text
