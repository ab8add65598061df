"""Alerts: thresholds over security events, told to whoever is on duty without holding up a request (ASVS 16.4.3).

    alerts = Alerts(Webhook("https://pager.example/hook", post))     # post(url, body): your HTTP client
    guard = Guard(app, policy=GuardPolicy(sink=alerts))

Every event still goes to the log. When a rule's threshold is reached within its window, the hook is called once, on a
thread of its own; further events of the same kind are silent until the window has passed.
"""

import json
import queue
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.guard.logging.events import Event, Level, Sink, log_event
from vallum.guard.logging.redaction import redact_fields

KEEPS: Final = ("security-alerts",)

MOST_KEYS: Final = 10_000
"""Accounts and addresses that one rule counts at the same time; the one that was quiet longest is forgotten."""
MOST_WAITING: Final = 100
TEST_RULE: Final = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """`threshold` events named in `events` within `window` seconds, counted apart for each value of `by`.

    `by` is "client", "actor", a field of the event's detail such as "account", or "" for all together. `runbook` is
    the address of the page that says what to do. Raises `ConfigError` for a rule that could never fire.
    """

    name: str
    events: frozenset[str]
    threshold: int = 1
    window: float = 300.0
    by: str = ""
    runbook: str = ""

    def __post_init__(self) -> None:
        """Refuse what never fires."""
        if not self.events or self.threshold < 1 or self.window <= 0:
            raise ConfigError(
                f"the alert {self.name!r} never fires.",
                hint="Give it events, a threshold of 1 or more and a window in seconds.",
                code="alert-unclear",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What the hook is told: the rule, whom it is about, how many events there were, and the last of them."""

    rule: AlertRule
    about: str
    count: int
    event: Event


Hook = Callable[[Alert], None]
"""Tells somebody. It may take its time and may raise: the log then says that the alert was not delivered."""

DEFAULT_RULES: Final = (
    AlertRule(name="logins-fail-for-account", events=frozenset({"login-failed"}), threshold=10, by="account"),
    AlertRule(name="logins-fail-from-address", events=frozenset({"login-failed"}), threshold=30, by="client"),
    AlertRule(
        name="authorization-fails",
        events=frozenset({"authorization-failed", "object-refused", "route-undeclared"}),
        threshold=20,
        by="actor",
    ),
    AlertRule(name="limit-exceeded", events=frozenset({"rate-limited"}), threshold=100, by="client"),
    AlertRule(name="signatures-fail", events=frozenset({"signature-failed", "decryption-failed"}), threshold=5),
    AlertRule(name="token-reused", events=frozenset({"token-reused"})),
    AlertRule(name="canary-used", events=frozenset({"canary-used"})),
    AlertRule(name="secret-read-by-newcomer", events=frozenset({"key-read-first"})),
    AlertRule(name="configuration-weakened", events=frozenset({"configuration-weakened"})),
    AlertRule(name="store-down", events=frozenset({"session-store-failed", "rate-limit-store-failed"}), threshold=5),
)


class Alerts:
    """A sink that passes every event on to `then`, counts, and calls `hook` when a rule is met."""

    def __init__(
        self,
        hook: Hook,
        rules: tuple[AlertRule, ...] = DEFAULT_RULES,
        *,
        then: Sink = log_event,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Nothing has been counted. The thread starts with the first alert, so that a server may fork before."""
        self._hook = hook
        self._then = then
        self._clock = clock
        self._rules: dict[str, list[_Counter]] = {}
        for rule in rules:
            counter = _Counter(rule)
            for name in rule.events:
                self._rules.setdefault(name, []).append(counter)
        self._waiting: queue.Queue[Alert | None] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        """Take an event; never raises and never waits."""
        self._then(event)
        for counter in self._rules.get(event.name, ()):
            with self._lock:
                alert = counter.count(event)
            if alert is not None:
                self._deliver(alert)

    def test(self) -> bool:
        """Send a test alert here and now, and tell whether the hook took it. Run it once a month (see the control)."""
        rule = AlertRule(name=TEST_RULE, events=frozenset({"alert-test"}))
        event = Event(name="alert-test", level=Level.INFO, at=self._clock())
        return self._tell(Alert(rule=rule, about="", count=1, event=event))

    def close(self, seconds: float = 5.0) -> None:
        """Deliver what waits, for so many seconds at most, and end the thread."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            self._waiting.put(None)
            worker.join(seconds)

    def _deliver(self, alert: Alert) -> None:
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self._complain(alert, cause="too many alerts wait")
            return
        with self._lock:
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="vallum-alerts", daemon=True)
                self._worker.start()

    def _work(self) -> None:
        while (alert := self._waiting.get()) is not None:
            self._tell(alert)

    def _tell(self, alert: Alert) -> bool:
        try:
            self._hook(alert)
        except Exception as error:  # noqa: BLE001 - whatever a pager's client raises
            self._complain(alert, error=type(error).__qualname__, cause=str(error))
            return False
        return True

    def _complain(self, alert: Alert, **detail: str) -> None:
        detail |= {"alert": alert.rule.name, "about": alert.about}
        self._then(Event(name="alert-undelivered", level=Level.ERROR, at=self._clock(), detail=detail))


class Webhook:
    """A hook that posts each alert as JSON: `post(url, body)` is a call of your HTTP client that raises on failure."""

    def __init__(self, url: str, post: Callable[[str, bytes], object]) -> None:
        """Remember where to. The address is often a credential of its own: it is in no repr and no log."""
        self._url = url
        self._post = post

    def __call__(self, alert: Alert) -> None:
        """Send one alert; the event in it is redacted as in the log."""
        self._post(self._url, json.dumps(render_alert(alert)).encode())


def render_alert(alert: Alert) -> Mapping[str, object]:
    """An alert as the members of a JSON object."""
    event = alert.event
    return redact_fields(
        {
            "alert": alert.rule.name,
            "about": alert.about,
            "count": alert.count,
            "windowSeconds": alert.rule.window,
            "runbook": alert.rule.runbook,
            "timestamp": datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds"),
            "event": event.name,
            "requestId": event.request_id,
            "ip": event.client,
            "userId": event.actor,
            "path": event.path,
        }
    )


class _Counter:
    """The times of one rule's events, for each key, newest last."""

    def __init__(self, rule: AlertRule) -> None:
        self._rule = rule
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._silent: OrderedDict[str, float] = OrderedDict()

    def count(self, event: Event) -> Alert | None:
        rule = self._rule
        key = _key(rule.by, event)
        times = self._times.setdefault(key, deque(maxlen=rule.threshold))
        self._times.move_to_end(key)
        times.append(event.at)
        for kept in (self._times, self._silent):
            if len(kept) > MOST_KEYS:
                kept.popitem(last=False)
        if len(times) < rule.threshold or event.at - times[0] > rule.window:
            return None
        if event.at < self._silent.get(key, float("-inf")):
            return None
        self._silent[key] = event.at + rule.window
        self._silent.move_to_end(key)
        return Alert(rule=rule, about=key, count=len(times), event=event)


def _key(by: str, event: Event) -> str:
    if by in {"client", "actor"}:
        return event.client if by == "client" else event.actor
    return event.detail.get(by, "")
