"""Alerts: once for each threshold, by account or address, beside the request and never in its way."""

import json
import threading
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.logging.alerts import DEFAULT_RULES, MOST_KEYS, MOST_WAITING, Alert, AlertRule, Alerts, Webhook
from vallum.guard.logging.events import Event, Level

START = 1_800_000_000.0
FAILED = AlertRule(
    name="guessing", events=frozenset({"login-failed"}), threshold=3, window=60, by="account", runbook="https://wiki/g"
)


def failed(at: float, account: str = "7", name: str = "login-failed", **more: Any) -> Event:
    return Event(name=name, level=Level.WARNING, at=START + at, detail={"account": account}, **more)


class Pager:
    def __init__(self) -> None:
        self.told: list[Alert] = []

    def __call__(self, alert: Alert) -> None:
        self.told.append(alert)


@pytest.fixture
def pager() -> Pager:
    return Pager()


def told(pager: Pager, events: list[Event], *rules: AlertRule) -> list[tuple[str, float]]:
    alerts = Alerts(pager, rules or (FAILED,), then=lambda _: None)
    for event in events:
        alerts(event)
    alerts.close()
    return [(alert.about, alert.event.at - START) for alert in pager.told]


def test_the_threshold_tells_once_in_its_window(pager: Pager) -> None:
    assert told(pager, [failed(at) for at in range(0, 60, 5)]) == [("7", 10)]


def test_after_the_window_it_tells_again(pager: Pager) -> None:
    assert told(pager, [failed(at) for at in (0, 1, 2, 3, 61, 62, 63)]) == [("7", 2), ("7", 62)]


def test_slow_failures_are_silent(pager: Pager) -> None:
    assert told(pager, [failed(at) for at in range(0, 1000, 31)]) == []


def test_accounts_are_counted_apart(pager: Pager) -> None:
    assert told(pager, [failed(at, account=str(at % 2)) for at in range(6)]) == [("0", 4), ("1", 5)]


def test_other_events_do_not_count(pager: Pager) -> None:
    assert told(pager, [failed(at, name="logged-out") for at in range(9)]) == []


@pytest.mark.parametrize(("by", "about"), [("client", "203.0.113.9"), ("actor", "ada"), ("", "")])
def test_keys(by: str, about: str, pager: Pager) -> None:
    rule = AlertRule(name="x", events=frozenset({"login-failed"}), by=by)
    assert told(pager, [failed(0, client="203.0.113.9", actor="ada")], rule) == [(about, 0)]


def test_the_default_rules_know_ten_failures_of_one_account(pager: Pager) -> None:
    events = [failed(at * 30, client=f"203.0.113.{at}") for at in range(10)]
    assert told(pager, events, *DEFAULT_RULES) == [("7", 270)]
    assert pager.told[0].rule.name == "logins-fail-for-account"


def test_every_event_reaches_the_log_first(pager: Pager) -> None:
    logged: list[Event] = []
    alerts = Alerts(pager, (FAILED,), then=logged.append)
    for at in range(5):
        alerts(failed(at))
    alerts.close()
    assert [event.at - START for event in logged] == [0, 1, 2, 3, 4]


def test_a_slow_pager_holds_up_nobody_and_a_full_queue_is_told() -> None:
    logged: list[Event] = []
    open_gate, entered = threading.Event(), threading.Event()

    def slow(_: Alert) -> None:
        entered.set()
        open_gate.wait(10)

    alerts = Alerts(slow, (AlertRule(name="x", events=frozenset({"a"}), by="account"),), then=logged.append)
    alerts(failed(0, account="first", name="a"))
    assert entered.wait(10)
    for number in range(MOST_WAITING + 2):
        alerts(failed(0, account=str(number), name="a"))
    assert [event.name for event in logged].count("alert-undelivered") == 2
    open_gate.set()
    alerts.close()


def test_a_broken_pager_is_told_in_the_log() -> None:
    logged: list[Event] = []

    def broken(_: Alert) -> None:
        raise OSError("no route")

    alerts = Alerts(broken, (AlertRule(name="x", events=frozenset({"a"})),), then=logged.append, clock=lambda: START)
    alerts(failed(0, name="a"))
    alerts.close()
    alerts.close()
    assert [event.name for event in logged] == ["a", "alert-undelivered"]
    assert logged[1].detail["error"] == "OSError"
    assert alerts.test() is False


def test_the_monthly_test_reaches_the_hook(pager: Pager) -> None:
    assert Alerts(pager, ()).test() is True
    assert pager.told[0].rule.name == "test"


def test_the_webhook_posts_json_without_secrets() -> None:
    posted: list[tuple[str, bytes]] = []
    alerts = Alerts(
        Webhook("https://pager.example/hook", lambda url, body: posted.append((url, body))),
        (FAILED,),
        then=lambda _: None,
    )
    for at in range(3):
        alerts(failed(at, path="/reset/" + "aB3_" * 11, client="203.0.113.9"))
    alerts.close()
    ((url, body),) = posted
    shown = json.loads(body)
    assert url == "https://pager.example/hook"
    assert (shown["alert"], shown["about"], shown["count"], shown["runbook"]) == ("guessing", "7", 3, "https://wiki/g")
    assert shown["timestamp"] == "2027-01-15T08:00:02.000+00:00"
    assert "aB3_" not in shown["path"]


def test_the_number_of_keys_is_bounded(pager: Pager) -> None:
    events = [failed(0, account=str(number)) for number in range(MOST_KEYS + 10)]
    alerts = Alerts(pager, (FAILED,), then=lambda _: None)
    for event in events * 2:
        alerts(event)
    (counter,) = alerts._rules["login-failed"]
    assert len(counter._times) == MOST_KEYS


@pytest.mark.parametrize("wrong", [{"events": frozenset()}, {"threshold": 0}, {"window": 0}])
def test_a_rule_that_never_fires_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="never fires"):
        AlertRule(**{"name": "x", "events": frozenset({"a"}), **wrong})
