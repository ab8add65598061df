"""Alerts that reach nobody, come too late, or tell nobody what to do; and events that stay on their own machine."""

import re
from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow.facts import Call
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark

_ATTACK: Final = "The attack is recorded and goes on: nobody who could stop it hears of it."
_SINKS: Final = re.compile(
    r"alertmanager|pagerduty|opsgenie|sentry|datadog|splunk|fluent|vector|promtail|filebeat|logstash|elastic|otel"
    r"|opentelemetry|syslog|loki|newrelic|victorops|webhook|prometheus|graylog|cloudwatch|stackdriver|google-cloud-logging",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"^\s*-?\s*name:\s*[\"']?(?P<name>[\w.-]+)")
_RECEIVER: Final = re.compile(r"^(?P<indent>\s*)(?:-\s+)?receiver:\s*[\"']?(?P<name>[\w.-]+)")
_ALERT: Final = re.compile(r"^(?P<indent>\s*)-\s+alert:\s*[\"']?(?P<name>[\w.-]+)")
_FOR: Final = re.compile(r"\bfor:\s*[\"']?(?P<number>\d+)(?P<unit>[smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LATEST: Final = 300
_LOCAL: Final = frozenset({"FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "WatchedFileHandler"})
_CLAIM: Final = re.compile(
    r"(?:team|we|administrators?|staff|support)\s+(?:has|have)\s+been\s+(?:notified|informed|alerted)", re.IGNORECASE
)
_TELLS: Final = re.compile(
    r"capture_exception|capture_message|notify|alert|page_|pager|webhook|send_mail|mail_admins|security|sentry|slack|incident",
    re.IGNORECASE,
)
_SECURITY: Final = re.compile(r"security|audit", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at Alertmanager's receivers, alert rules, and where the security channel leads."""
    for source in project.configs("yaml"):
        if not is_test(source.path):
            yield from _judge_receivers(source, project)
            yield from _judge_rules(source, project)
    yield from _judge_handlers(project)
    yield from _judge_claims(project)
    yield from _judge_channel(project)


def _judge_receivers(source: Source, project: Project) -> Iterator[Remark]:
    if not re.search(r"^receivers:", source.text, re.MULTILINE) or not re.search(r"^route:", source.text, re.MULTILINE):
        return
    delivering = _delivering(source)
    for number, line in enumerate(source.lines, 1):
        match = _RECEIVER.match(line)
        if match is None:
            continue
        place = project.place_in(source, number)
        if match["name"] in delivering:
            yield RULE.site(place, f"{match['name']} delivers")
        else:
            why = f"The receiver {match['name']} has no address."
            yield RULE.finding(place, _ATTACK, why, fix="Give it a channel that somebody watches.")


def _delivering(source: Source) -> set[str]:
    """The names of the receivers that have a `..._configs`."""
    found: set[str] = set()
    current, inside = "", False
    for line in source.lines:
        if re.match(r"^\S", line):
            inside = line.startswith("receivers:")
        name = _NAME.match(line) if inside else None
        if name and (line.lstrip().startswith("-") or not current):
            current = name["name"]
        if inside and re.search(r"\b\w+_configs:\s*(?:$|\[\s*[^\]\s]|#)", line) and current:
            found.add(current)
    return found


def _judge_rules(source: Source, project: Project) -> Iterator[Remark]:
    starts = [number for number, line in enumerate(source.lines, 1) if _ALERT.match(line)]
    for start in starts:
        block = _block(source, start)
        place = project.place_in(source, start)
        wait = _FOR.search(block)
        slow = wait is not None and int(wait["number"]) * _SECONDS[wait["unit"]] > _LATEST
        if not _SECURITY.search(f"{source.text} {source.path}"):
            continue
        if slow and wait is not None:
            why = f"It waits {wait['number']}{wait['unit']}; five minutes are the most."
            yield RULE.finding(place, _ATTACK, why, fix="for: 5m, or less")
        elif not re.search(r"runbook", block, re.IGNORECASE):
            why = "It names no run-book, so whoever is woken has to invent what to do."
            yield RULE.finding(place, _ATTACK, why, fix="annotations: { runbook_url: https://... }")
        else:
            yield RULE.site(place, "in time, with a run-book")


def _block(source: Source, start: int) -> str:
    """The lines of one item of a list."""
    first = source.line(start)
    depth = len(first) - len(first.lstrip())
    lines = [first]
    for line in source.lines[start:]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        lines.append(line)
    return "\n".join(lines)


def _judge_handlers(project: Project) -> Iterator[Remark]:
    for call in project.calls("*.addHandler"):
        name = f"{call.receiver.text} {call.receiver.name}" if call.receiver is not None else ""
        handler = call.argument(0, "hdlr")
        if handler is None or is_test(call.place.path) or not _SECURITY.search(name):
            continue
        word = handler.name.removesuffix("()").rpartition(".")[2]
        if word in _LOCAL:
            why = "The events stay in a file on the machine that is attacked."
            fix = "Write to standard output or to a collector, and alert from there."
            yield RULE.finding(call.place, _ATTACK, why, fix=fix)
        elif word.endswith("Handler"):
            yield RULE.site(call.place, "the events leave the machine")


def _judge_claims(project: Project) -> Iterator[Remark]:
    """Answers that say somebody was notified, where nothing notifies."""
    for value in project.literals:
        if not isinstance(value.constant, str) or not _CLAIM.search(value.constant) or is_test(value.place.path):
            continue
        around = [
            function
            for function in project.functions
            if function.module is value.module and function.place.line <= value.node.line <= function.node.end_line
        ]
        inside = around[-1].calls if around else ()
        if any(_TELLS.search(call.text.partition("(")[0]) for call in inside):
            yield RULE.site(value.place, "and it has")
        elif around:
            why = "Nothing here notifies anybody."
            yield RULE.finding(value.place, _ATTACK, why, fix="Notify, or do not say so.", confidence=Confidence.MEDIUM)


def _judge_channel(project: Project) -> Iterator[Remark]:
    """A deployed project that writes security events, and in which nothing takes them further."""
    loggers = [call for call in project.calls("logging.getLogger", "*.get_logger") if _is_channel(call)]
    if not loggers or not any(True for _ in project.configs("dockerfile")):
        return
    if find_guards(project) or any(True for _ in project.calls("*.Alerts", "*.AlertRule")):
        yield RULE.site(loggers[0].place, "the guard's alerts count events")
        return
    texts = (source.text for source in project.sources if not is_test(source.path))
    if any(_SINKS.search(text) for text in texts):
        yield RULE.site(loggers[0].place, "a sink takes the events further")
    else:
        why = "The project is deployed without an alert rule or a sink for its security events."
        fix = "Forward them to a collector, and alert on thresholds."
        yield RULE.finding(loggers[0].place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


def _is_channel(call: Call) -> bool:
    name: Any = call.constant_of(0, "name", default="")
    return isinstance(name, str) and _SECURITY.search(name) is not None and not is_test(call.place.path)


RULE = Rule(
    slug="alert-undelivered",
    control="security-alerts",
    languages=("yaml", "python"),
    unit=("receiver, alert or channel", "receivers, alerts and channels"),
    sound="reaches somebody",
    examine=examine,
)
