"""Request ids that the client chooses, that a clock or a counter gives, or that do not exist."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Setting
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.words import split_words
from vallum.check.responses.apps import find_apps, find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "A client gives a thousand requests one id, another user's, or a line break and a script for the log."
_FIX: Final = (
    "Draw a UUID version 4 for each request; keep the client's own in another field, after a look at its form."
)
_HEADERS: Final = frozenset({
    "x-request-id", "x-correlation-id", "x-trace-id", "request-id", "correlation-id", "http_x_request_id",
    "http_x_correlation_id", "x-amzn-trace-id",
})  # fmt: skip
_KEY: Final = re.compile(r"(?:request|correlation|trace)_?id$|^(?:rid|req_id|x-request-id)$", re.IGNORECASE)
_CLAIMED: Final = frozenset({
    "client", "claimed", "inbound", "incoming", "upstream", "external", "caller", "their", "parent", "given", "header",
    "raw", "remote", "supplied", "received",
})  # fmt: skip
_VALIDATED: Final = re.compile(r"fullmatch|\.match\(|\bUUID\(|isalnum|valid|parse_|sanit|clean|\[:\d+\]", re.IGNORECASE)
_CLOCK: Final = re.compile(
    r"\btime\.\w+\(|\btime\(\)|\bnext\(|\brandint\(|\brandom\.\w+\(|\.now\(|\.utcnow\(|\bcounter\b"
)
_RANDOM: Final = re.compile(r"uuid4\(|token_(?:hex|urlsafe)\(|uuid7\(|urandom\(|ULID\(|ulid\(")
_KNOWN: Final = re.compile(
    r"request_id|correlation_id|x-request-id|x-correlation-id|traceparent|opentelemetry|asgi_correlation_id|django_guid"
    r"|request-id|trace_id|ddtrace|elasticapm|sentry_sdk",
    re.IGNORECASE,
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every value given to a request id, at the libraries that give one, and at apps without any."""
    remarks = [
        *(remark for setting in project.settings if _is_id(setting) for remark in _judge(setting)),
        *(remark for call in _middleware(project) for remark in _judge_library(call)),
    ]
    remarks += [RULE.site(call.place, "the guard gives each request an id") for call in find_guards(project)]
    yield from remarks
    if not remarks:
        yield from _judge_apps(project)


def _is_id(setting: Setting) -> bool:
    if setting.form not in {"name", "attribute", "item"} or not setting.key.lower().endswith(("id", "rid")):
        return False
    named = _KEY.search(setting.key.replace("-", "_")) and not _CLAIMED & set(split_words(setting.key))
    return bool(named) and not is_test(setting.module.path)


def _judge(setting: Setting) -> Iterator[Remark]:
    text = setting.text
    if _reads_header(setting.node):
        if _VALIDATED.search(text):
            yield RULE.site(setting.place, "the client's id is validated")
        else:
            yield RULE.finding(setting.place, _ATTACK, "The id is what the client sent.", fix=_FIX)
    elif _RANDOM.search(text):
        yield RULE.site(setting.place, "drawn by the server")
    elif _CLOCK.search(text) and isinstance(setting.node, nodes.Call):
        why = "The id comes from a clock or counter: two workers give the same one, and anybody guesses it."
        yield RULE.finding(setting.place, "Entries of different requests fall together.", why, fix=_FIX)


def _reads_header(node: nodes.Expression) -> bool:
    for part in iter_nodes(node):
        key: nodes.Expression | None = None
        if isinstance(part, nodes.Subscript):
            key = part.index
        elif isinstance(part, nodes.Call) and isinstance(part.function, nodes.Attribute) and part.arguments:
            key = part.arguments[0] if part.function.name in {"get", "getone", "get_header"} else None
        if isinstance(key, nodes.Const) and isinstance(key.value, str | bytes):
            value = key.value.decode("latin-1") if isinstance(key.value, bytes) else key.value
            if value.lower() in _HEADERS:
                return True
    return False


def _middleware(project: Project) -> Iterator[Call]:
    for call in project.calls("*.CorrelationIdMiddleware", "*.add_middleware", "*.Middleware"):
        direct = call.method == "CorrelationIdMiddleware"
        if (direct or (call.arguments and call.arguments[0].words == "CorrelationIdMiddleware")) and not is_test(
            call.place.path
        ):
            yield call


def _judge_library(call: Call) -> Iterator[Remark]:
    validator = call.argument(None, "validator")
    transformer = call.argument(None, "transformer")
    if validator is not None and validator.constant is None and transformer is None:
        yield RULE.finding(call.place, _ATTACK, "The library is told to take any id.", fix="Leave its validator on.")
    elif not call.expands:
        yield RULE.site(call.place, "the library validates or replaces the client's id")


def _judge_apps(project: Project) -> Iterator[Remark]:
    apps = find_apps(project)
    if not apps or not project.routes:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no application with routes is here")
        return
    texts = (module.source.text for module in project.modules if not is_test(module.path))
    if any(_KNOWN.search(text) for text in texts):
        return
    why = "Nothing in the project gives a request an id."
    message = "The lines of one request cannot be told from those of a thousand others."
    for app in apps:
        yield RULE.finding(app.place, message, why, fix=_FIX, confidence=Confidence.MEDIUM)


RULE = Rule(
    slug="forgeable-request-id",
    control="request-correlation",
    languages=("python",),
    unit=("request id", "request ids"),
    sound="drawn by the server",
    examine=examine,
)
