"""Requests of any size: applications without a limit, bodies read whole, and bombs that are unpacked."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call, Setting
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.servers import Directive, find_directives
from vallum.check.responses.apps import find_apps, find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "One request takes as much memory and time as its sender likes."
_FIX: Final = "Count the bytes while they arrive and stop at a limit; the guard does at 1 MiB."
_LARGEST: Final = 100 * 1024 * 1024
_SETTINGS: Final = frozenset({
    "MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS", "DATA_UPLOAD_MAX_MEMORY_SIZE",
    "DATA_UPLOAD_MAX_NUMBER_FIELDS", "DATA_UPLOAD_MAX_NUMBER_FILES", "request_max_body_size",
})  # fmt: skip
_COUNTS: Final = {
    "DATA_UPLOAD_MAX_NUMBER_FIELDS": 100_000,
    "DATA_UPLOAD_MAX_NUMBER_FILES": 10_000,
    "MAX_FORM_PARTS": 100_000,
}
_INFLATE: Final = (
    "gzip.decompress", "zlib.decompress", "bz2.decompress", "lzma.decompress", "brotli.decompress",
    "zstandard.ZstdDecompressor().decompress",
)  # fmt: skip
_REQUEST: Final = re.compile(r"\brequest\b|\bbody\b|\bupload|\bpayload", re.IGNORECASE)
_LIMITER: Final = re.compile(r"(?:limit|max|size|body|content).*(?:size|limit|length|body|upload)", re.IGNORECASE)
_BOUNDED: Final = re.compile(r"content[-_]length|\blen\(\w+\)\s*>|\b413\b|max_(?:size|bytes|body)", re.IGNORECASE)
_SIZE: Final = re.compile(r"(?P<number>\d+)(?P<unit>[kKmMgG]?)")
_UNITS: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def examine(project: Project) -> Iterator[Remark]:
    """Look at limits in settings and servers, at applications without any, and at unbounded reads."""
    settings = [setting for setting in project.settings if setting.key in _SETTINGS and not is_test(setting.place.path)]
    remarks = [remark for setting in settings for remark in _judge_setting(setting)]
    remarks += [_judge_server(directive, project) for directive in find_directives(project, "client_max_body_size")]
    limited = _find_limit(project, settings)
    remarks += [remark for call in project.calls("*.body") for remark in _judge_read(call, limited)]
    remarks += [remark for call in project.calls(*_INFLATE) for remark in _judge_inflation(call)]
    remarks += _judge_apps(project, limited)
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here reads the body of a request")


def _judge_setting(setting: Setting) -> Iterator[Remark]:
    value, most = setting.constant, _COUNTS.get(setting.key, _LARGEST)
    if value is None or (isinstance(value, int) and value > most):
        why = f"{setting.key} is {value}, which limits nothing." if value is None else f"{setting.key} is {value:,}."
        yield RULE.finding(setting.place, _ATTACK, why, fix="Leave the default, or set what the largest form needs.")
    elif isinstance(value, int):
        yield RULE.site(setting.place, f"{setting.key} is {value:,}")


def _judge_server(directive: Directive, project: Project) -> Remark:
    match = _SIZE.fullmatch(directive.arguments[0]) if directive.arguments else None
    size = int(match["number"]) * _UNITS[match["unit"].lower()] if match else 1
    place = directive.place(project)
    if size == 0 or size > 10 * _LARGEST:
        why = "nginx takes bodies of any size." if size == 0 else f"nginx takes {directive.arguments[0]}."
        return RULE.finding(place, _ATTACK, why, fix="client_max_body_size 1m; and more where files come in.")
    return RULE.site(place, f"nginx takes {directive.arguments[0] if directive.arguments else ''}")


def _find_limit(project: Project, settings: list[Setting]) -> str:
    """What limits the bodies of the whole application; empty when nothing does."""
    if find_guards(project):
        return "the guard limits every body"
    if any(
        setting.key in {"MAX_CONTENT_LENGTH", "request_max_body_size"} and setting.constant is not None
        for setting in settings
    ):
        return "MAX_CONTENT_LENGTH"
    if any(directive.arguments[:1] != ("0",) for directive in find_directives(project, "client_max_body_size")):
        return "nginx limits bodies"
    for call in project.calls("*.add_middleware", "*.Middleware"):
        if call.arguments and _LIMITER.search(call.arguments[0].words):
            return call.arguments[0].words
    for function in project.functions:
        hook = function.name in {"__call__", "dispatch"} or any(
            decorator.name.rpartition(".")[2] in {"middleware", "before_request"} for decorator in function.decorators
        )
        if hook and re.search(r"content[-_]length", function.text, re.IGNORECASE) and "413" in function.text:
            return f"{function.name} answers 413"
    return ""


def _judge_read(call: Call, limited: str) -> Iterator[Remark]:
    receiver = call.receiver.words if call.receiver is not None else ""
    if receiver not in {"request", "req"} or call.arguments or is_test(call.place.path) or call.function is None:
        return
    if limited or _BOUNDED.search(call.function.text):
        yield RULE.site(call.place, limited or "its length is asked for first")
    else:
        why = "The whole body is read into memory, whatever its size."
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _judge_inflation(call: Call) -> Iterator[Remark]:
    if is_test(call.place.path) or call.argument(None, "max_length", "max_output_size") is not None:
        return
    if call.tainted or any(_REQUEST.search(argument.text) for argument in call.arguments):
        why = "What arrives is unpacked without a limit: a thousandfold of it."
        fix = "Unpack by zlib.decompressobj().decompress(data, limit), and refuse a rest."
        yield RULE.finding(call.place, _ATTACK, why, fix=fix)


def _judge_apps(project: Project, limited: str) -> Iterator[Remark]:
    apps = [app for app in find_apps(project) if app.framework != "django"]
    writes = any(route.changes_state for route in project.routes)
    for app in apps:
        if limited:
            yield RULE.site(app.place, limited)
        elif writes:
            why = "Nothing in the project limits the size of a body."
            fix = 'app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024' if app.framework == "flask" else _FIX
            yield RULE.finding(app.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


RULE = Rule(
    slug="unlimited-body",
    control="request-size-limits",
    languages=("python", "nginx"),
    unit=("limit or read of a body", "limits and reads of bodies"),
    sound="limited",
    examine=examine,
)
