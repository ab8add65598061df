"""Failures that nobody hears of: empty handlers, broad ones that neither log nor raise, and tasks without an end."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.catches import Catch, find_catches
from vallum.check.readings.logs import is_log
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "What fails here leaves no trace: an attack, or a loss of data, is noticed by the customers first."
_FIX: Final = "Log it with its stack (logger.exception), raise it again, or catch only what is expected here."
_FLOW: Final = frozenset({
    "KeyError", "IndexError", "LookupError", "AttributeError", "ValueError", "TypeError", "StopIteration",
    "StopAsyncIteration", "GeneratorExit", "ImportError", "ModuleNotFoundError", "FileNotFoundError",
    "FileExistsError", "NotADirectoryError", "IsADirectoryError", "ProcessLookupError", "ChildProcessError",
    "CancelledError", "KeyboardInterrupt", "SystemExit", "UnicodeError", "UnicodeDecodeError", "UnicodeEncodeError",
    "DoesNotExist", "ObjectDoesNotExist", "NoResultFound", "Empty", "QueueEmpty", "QueueFull", "Full",
    "BrokenPipeError",
    "ConnectionResetError", "ConnectionAbortedError", "BlockingIOError", "InterruptedError", "ZeroDivisionError",
    "OverflowError", "NotImplementedError", "NameError", "SyntaxError", "JSONDecodeError", "NoReverseMatch",
    "Resolver404", "FieldDoesNotExist", "PackageNotFoundError", "NoSectionError", "NoOptionError", "EOFError",
    "RecursionError", "SkipTest", "StopException", "RuntimeError", "UnsupportedOperation", "TemplateDoesNotExist",
    "ClientDisconnect", "WebSocketDisconnect", "InvalidOperation", "binascii.Error", "UnknownTimeZoneError",
    "ZoneInfoNotFoundError", "PermissionDenied", "Http404",
})  # fmt: skip
_QUIET_ENDS: Final = re.compile(
    r"^(?:close|aclose|shutdown|unlink|remove|rmdir|rmtree|rollback|terminate|kill|wait|disconnect|cancel|release|flush"
    r"|stop|join|cleanup|delete|unregister)$"
)
_TELLS: Final = re.compile(
    r"print_exc|capture_exception|capture_message|report|notify|abort|exit|_exit|fail|note|emit|record|warn|print|write"
    r"|add_note|set_exception|handle\w*|error\w*|put|append|send\w*|secho|echo|render\w*",
    re.IGNORECASE,
)
_TASKS: Final = (
    "asyncio.create_task",
    "asyncio.ensure_future",
    "*.get_running_loop().create_task",
    "*.get_event_loop().create_task",
)
_BROAD: Final = frozenset({"Exception", "BaseException"})


def examine(project: Project) -> Iterator[Remark]:
    """Look at every handler of exceptions, every suppression, and every task that is started and forgotten."""
    for found in find_catches(project):
        yield from _judge(found, project)
    for call in project.calls("contextlib.suppress"):
        if not is_test(call.place.path):
            yield from _judge_suppress(call)
    yield from _judge_tasks(project)
    if not project.modules:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "there is no Python code")


def _judge(found: Catch, project: Project) -> Iterator[Remark]:
    if found.raises or found.uses_error or _tells(found, project):
        yield RULE.site(found.place, "logged or raised")
        return
    if _is_flow(found) or _only_cleans(found):
        return
    empty = all(_is_empty(part) for part in found.handler.body)
    if found.is_broad:
        what = "Everything is caught" if found.names else "A bare except catches everything"
        certain = Confidence.LOW if found.has_comment else Confidence.HIGH if empty else Confidence.MEDIUM
        yield RULE.finding(found.place, _ATTACK, f"{what} and neither logged nor raised.", fix=_FIX, confidence=certain)
    elif found.has_comment:
        yield RULE.site(found.place, "narrow, with its reason")
    elif all(_drops(part) for part in found.handler.body):
        why = f"{', '.join(found.words)} is caught and dropped."
        yield RULE.finding(found.place, _ATTACK, why, fix=_FIX, confidence=Confidence.LOW)


def _is_flow(found: Catch) -> bool:
    """Narrow exceptions that are how a language or library says no; an import that may be missing."""
    if found.names and all(
        word in _FLOW or not word.endswith(("Error", "Exception", "Timeout", "Down")) for word in found.words
    ):
        return True
    return any(isinstance(part, nodes.Import) for part in found.attempt.body)


def _only_cleans(found: Catch) -> bool:
    """Whether the attempt is to close or remove something, which may be gone."""
    if found.definition is not None and found.definition.node.name in {"__del__", "__exit__", "__aexit__"}:
        return True
    for part in found.attempt.body:
        value = part.value if isinstance(part, nodes.Evaluate) else None
        value = value.value if isinstance(value, nodes.Await) else value
        function = value.function if isinstance(value, nodes.Call) else None
        plain = isinstance(function, nodes.Attribute) and not isinstance(function.base, nodes.Call)
        if not (plain and isinstance(function, nodes.Attribute) and _QUIET_ENDS.match(function.name)):
            return False
    return True


def _tells(found: Catch, project: Project) -> bool:
    for call in found.calls(project):
        word = call.words if call.method == "?" else call.method
        if is_log(call) or _TELLS.fullmatch(word) or "exc_info" in call.text:
            return True
    return False


def _is_empty(part: nodes.Statement) -> bool:
    match part:
        case nodes.Jump(kind="pass" | "continue" | "break") | nodes.Return(value=None | nodes.Const(value=None)):
            return True
        case nodes.Evaluate(value=nodes.Const()):
            return True
    return False


def _drops(part: nodes.Statement) -> bool:
    """Like empty, but a value that is returned is an answer to a narrow exception."""
    return _is_empty(part) and not isinstance(part, nodes.Return)


def _judge_suppress(call: Call) -> Iterator[Remark]:
    if any(argument.name.removeprefix("builtins.") in _BROAD for argument in call.arguments):
        yield RULE.finding(call.place, _ATTACK, "Every exception is suppressed.", fix=_FIX)
    else:
        yield RULE.site(call.place, "only what is named is suppressed")


def _judge_tasks(project: Project) -> Iterator[Remark]:
    calls = {call.node: call for call in project.calls(*_TASKS) if not is_test(call.place.path)}
    for module in dict.fromkeys(call.module for call in calls.values()):
        bodies = (None, *module.definitions)
        alone = {
            node.value
            for definition in bodies
            for node in project.facts.iter_body(module, definition)
            if isinstance(node, nodes.Evaluate)
        }
        for call in calls.values():
            if call.module is module and call.node in alone:
                why = "Nobody keeps the task, so nobody reads how it ended."
                fix = "Keep it and add a callback that logs task.exception(): start_task of the guard does both."
                yield RULE.finding(call.place, _ATTACK, why, fix=fix)
            elif call.module is module:
                yield RULE.site(call.place, "the task is kept")


RULE = Rule(
    slug="swallowed-exception",
    control="exceptions-logged",
    languages=("python",),
    unit=("handler of exceptions", "handlers of exceptions"),
    sound="logged or raised",
    examine=examine,
)
