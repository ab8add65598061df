"""Log messages put together from what a request said, text formatters, and print in services."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Setting, Value
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.readings.logs import LogCall, log_calls, serves_web
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "A line break in the value writes a log line of the attacker's own, which looks like a real one."
_FIX: Final = 'Name the event and give the values as fields: logger.info("search", extra={"term": term}).'
_REQUEST: Final = re.compile(
    r"\brequest\.(?:args|form|json|data|path|url|full_path|headers|cookies|query_params|values|GET|POST|META|body"
    r"|user_agent|remote_addr|get_json)\b|\bheaders\.get\("
)
_BARE: Final = re.compile(r"\b(?:int|float|len|repr|bool|uuid\.UUID)\(")
"""What leaves no line break in a value."""
_PLACEHOLDER: Final = re.compile(r"%\(message\)|\{message\}|\$\{?message")
_JSON: Final = re.compile(r"json", re.IGNORECASE)
_TOOLS: Final = re.compile(
    r"(?:^|/)(?:management/commands|scripts?|bin|tools?|cli|benchmarks?|manage\.py|__main__\.py|setup\.py|cli\.py|seed\w*\.py)"
    r"(?:/|$)"
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every log call, every text formatter and every print of a service."""
    calls = log_calls(project)
    for found in calls:
        yield from _judge(found)
    services = {module for module in project.modules if serves_web(module.source.text) and not _is_tool(module.path)}
    handling = {route.handler.module for route in project.routes}
    for call in project.calls("print"):
        if call.module in services:
            yield from _judge_print(call, call.module in handling)
    if services:
        yield from _judge_formats(project)
    if not calls:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is logged here")


def _is_tool(path: str) -> bool:
    name = path.rpartition("/")[2]
    return is_test(path) or is_document(path) or _TOOLS.search(path) is not None or names_development(name)


def _judge(found: LogCall) -> Iterator[Remark]:
    message = found.message
    if message is None:
        return
    parts = _parts(message.node)
    if not parts:
        if message.known:
            yield RULE.site(found.call.place, "a constant message")
        return
    text = " ".join(message.module.text_of(part) for part in parts)
    if message.reaches("log") or (not message.reach and not _BARE.search(text) and _REQUEST.search(text)):
        why = "The message is put together with values of the request."
        yield RULE.finding(found.call.place, _ATTACK, why, fix=_FIX)


def _parts(node: nodes.Expression) -> list[nodes.Expression]:
    """What a message is put together from; empty for a constant or a single name."""
    match node:
        case nodes.Text(parts=parts):
            return [part.value for part in parts if isinstance(part, nodes.Hole)]
        case nodes.Binary(operator="+" | "%", left=left, right=right):
            return [left, right]
        case nodes.Call(function=nodes.Attribute(name="format" | "join"), arguments=arguments, keywords=keywords):
            return [*arguments, *(value for _, value in keywords)]
    return []


def _judge_print(call: Call, handles: bool) -> Iterator[Remark]:
    if call.argument(None, "file") is not None or call.function is None:
        return
    if any(one.reaches("log") for one in call.arguments) or _REQUEST.search(call.text):
        yield RULE.finding(call.place, _ATTACK, "A service prints what a request said, line breaks included.", fix=_FIX)
    elif handles and any(not isinstance(argument.node, nodes.Const) for argument in call.arguments):
        why = "A service prints: no level, no time, no request."
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.LOW)


def _judge_formats(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        called = setting.form == "keyword" and setting.target.endswith("basicConfig")
        if setting.key == "format" and (called or setting.form == "key"):
            yield from _judge_text(setting, setting.constant, _is_structured(setting))
    for call in project.calls("logging.Formatter"):
        yield from _judge_text(call, call.constant_of(0, "fmt", default=""), False)


def _is_structured(setting: Setting) -> bool:
    """Whether the table around the format names a formatter of JSON."""
    line = setting.place.line
    around = "\n".join(setting.module.source.lines[max(line - 4, 0) : line + 3])
    return _JSON.search(around) is not None


def _judge_text(value: Value, text: object, structured: bool) -> Iterator[Remark]:
    if not isinstance(text, str) or not _PLACEHOLDER.search(text) or _is_tool(value.place.path):
        return
    if structured or text.lstrip().startswith('{"'):
        yield RULE.site(value.place, "a JSON formatter")
    else:
        why = "The formatter writes text, in which a value can end the line."
        yield RULE.finding(value.place, _ATTACK, why, fix="Write one JSON object per line: set_up_logs() of the guard.")


RULE = Rule(
    slug="log-message-from-data",
    control="structured-logs",
    languages=("python",),
    unit=("log call or formatter", "log calls and formatters"),
    sound="a constant message",
    examine=examine,
)
