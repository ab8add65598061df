"""Starts that nothing stops: asserts that vanish, warnings instead of refusals, servers without a check."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.readings.gates import is_gated
from vallum.check.readings.logs import is_log
from vallum.check.readings.words import iter_identifiers, split_words
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark

_ATTACK: Final = "Production runs with the insecure value, and the first to notice is whoever tries it."
_FIX: Final = "Collect all problems before the server listens, and raise: the guard's AppSettings does."
_CONFIGURED: Final = frozenset({
    "settings", "setting", "config", "configuration", "environ", "env", "secret", "secrets", "debug", "hosts", "dsn",
    "getenv",
})  # fmt: skip
_HOME: Final = re.compile(
    r"(?:^|/)(?:\w*(?:settings|config|configuration|startup|conf|env)\w*)(?:\.py$|/)", re.IGNORECASE
)
_STARTUP: Final = re.compile(
    r"(?:^|_)(?:startup|lifespan|on_start|ready|check_?(?:config|settings|startup|environment)?|validate_(?:config|settings))(?:_|$)"
)
_SECURITY: Final = re.compile(
    r"tls|ssl|debug|secret|key|verify|secure|hosts|cors|origin|password|https|token", re.IGNORECASE
)
_SERVERS: Final = (
    "uvicorn.run", "hypercorn.asyncio.serve", "waitress.serve", "aiohttp.web.run_app", "granian.Granian",
    "flask.Flask().run", "cherrypy.quickstart", "werkzeug.serving.run_simple", "bjoern.run", "tornado.ioloop.*.start",
)  # fmt: skip
_CHECK_WORDS: Final = frozenset({"check", "validate", "verify", "ensure", "require", "assert", "refuse", "violations"})
_SUBJECTS: Final = frozenset(
    {"settings", "config", "configuration", "startup", "environment", "env", "secrets", "start", "deployment"}
)
_VALIDATORS: Final = re.compile(
    r"BaseSettings|AppSettings|pydantic_settings|dynaconf|environs|field_validator|model_validator|@validator|__post_init__"
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at asserts over settings, at what a start does with a bad one, and at servers that are started."""
    for function in (None, *project.functions):
        if function is not None:
            yield from _judge_startup(function, project)
    yield from _asserts(project)
    yield from _starts(project)


def _asserts(project: Project) -> Iterator[Remark]:
    for module, definition in project.facts.bodies:
        if "assert" not in module.source.text or is_test(module.path) or is_document(module.path):
            continue
        around = module.text_of(definition.node) if definition is not None else ""
        in_function = definition is not None and isinstance(definition.node, nodes.Function)
        for node in project.facts.iter_body(module, definition):
            if isinstance(node, nodes.Check) and _is_configuration(node, module.path, around, in_function):
                why = "python -O removes the assert, and with it the check."
                fix = "Raise an error of your own in a check before the start."
                yield RULE.finding(module.place(node), _ATTACK, why, fix=fix)


def _is_configuration(node: nodes.Check, path: str, around: str, in_function: bool) -> bool:
    words = {word for name in iter_identifiers(node.test) for word in split_words(name)}
    reads = re.search(r"\bsettings\b|\bconfig\b|environ", around) is not None
    if words & _CONFIGURED:
        typed = any(isinstance(part, nodes.Call) and _is_type_test(part) for part in iter_nodes(node.test))
        secured = not in_function or (reads and any(_SECURITY.search(word) for word in words))
        return secured and not typed
    if not in_function:
        return _HOME.search(path) is not None and bool(words & {"key", "keys", "password", "url", "host", "token"})
    sized = bool(words & {"key", "token", "salt"}) and "len" in words
    return sized and reads


def _is_type_test(node: nodes.Call) -> bool:
    return isinstance(node.function, nodes.Name) and node.function.id in {
        "isinstance",
        "issubclass",
        "callable",
        "hasattr",
    }


def _judge_startup(function: Function, project: Project) -> Iterator[Remark]:
    decorated = any("on_event" in decorator.text or "listener" in decorator.text for decorator in function.decorators)
    if is_test(function.place.path) or not (decorated or _STARTUP.search(function.name)):
        return
    if not re.search(r"\bsettings\b|\bconfig\b|environ", function.text):
        return
    definition = function.module.by_node[function.node]
    for node in project.facts.iter_body(function.module, definition):
        if isinstance(node, nodes.If) and _SECURITY.search(function.module.text_of(node.test)):
            yield from _judge_branch(node, function, project)


def _judge_branch(node: nodes.If, function: Function, project: Project) -> Iterator[Remark]:
    scope = project.facts.names.scope_of(function.module, function.module.by_node[function.node])
    names = {word for name in iter_identifiers(node.test) for word in split_words(name)}
    if not names & _CONFIGURED:
        return
    inside = [part for statement in node.then for part in iter_nodes(statement)]
    if any(isinstance(part, nodes.Raise) for part in inside):
        yield RULE.site(function.module.place(node), "refused by a raise")
        return
    if not all(isinstance(statement, nodes.Evaluate) for statement in node.then):
        return
    calls = [project.facts.call(part, scope) for part in inside if isinstance(part, nodes.Call)]
    told = [call for call in calls if is_log(call) or call.name in {"print", "warnings.warn"}]
    if told and len(told) >= len(node.then):
        why = "The insecure setting is reported, and the start goes on."
        yield RULE.finding(told[0].place, _ATTACK, why, fix=_FIX)


def _starts(project: Project) -> Iterator[Remark]:
    starts = [call for call in project.calls(*_SERVERS) if _is_start(call)]
    checked = _find_check(project) if starts else ""
    for call in starts:
        if checked:
            yield RULE.site(call.place, checked)
        else:
            why = "The server is started, and nothing in the project checks its settings first."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _is_start(call: Call) -> bool:
    path = call.place.path
    aside = is_test(path) or is_document(path) or names_development(path) or names_development(call.place.scope)
    return not aside and not is_gated(call.module, call.node)


def _find_check(project: Project) -> str:
    """What looks at the settings before the start; empty when nothing does."""
    if find_guards(project):
        return "the guard refuses to start on bad settings"
    for module in project.modules:
        if _VALIDATORS.search(module.source.text) and not is_test(module.path):
            return "settings are validated"
    for name, calls in project.facts.call_nodes.items():
        words = set(split_words(name))
        if words & _CHECK_WORDS and words & _SUBJECTS and any(not is_test(scope.module.path) for _, scope in calls):
            return f"{name}() checks first"
    for function in project.functions:
        if _HOME.search(function.place.path) and function.raises:
            return f"{function.name} raises"
    return ""


RULE = Rule(
    slug="unchecked-startup",
    control="fail-securely-startup",
    languages=("python",),
    unit=("check or start", "checks and starts"),
    sound="refuses",
    examine=examine,
)
