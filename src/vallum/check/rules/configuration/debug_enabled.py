"""Debug modes, reloaders and SQL echo that code switches on, or leaves on unless the environment says otherwise."""

import re
from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.defaults import evaluate_default, is_true
from vallum.check.flow.facts import Setting
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.scope import Names, Scope
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.gates import is_gated
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark

_ATTACK: Final = "Whoever provokes an error sees the stack, the settings and often a console that runs code."
_FIX: Final = "Leave it off; let development switch it on by a variable that is off unless it is set."
_SETTINGS: Final = frozenset({
    "DEBUG", "FLASK_DEBUG", "DJANGO_DEBUG", "TEMPLATE_DEBUG", "DEBUG_PROPAGATE_EXCEPTIONS", "SQLALCHEMY_ECHO",
    "GRAPHIQL",
})  # fmt: skip
_ARGUMENTS: Final = {
    "debug": frozenset({
        "run", "run_app", "run_server", "FastAPI", "Starlette", "Flask", "Application", "Quart", "Sanic", "Litestar",
        "create_app", "make_app", "build_app",
    }),
    "use_debugger": frozenset({"run", "run_simple"}),
    "use_evalex": frozenset({"run_simple"}),
    "use_reloader": frozenset({"run", "run_simple"}),
    "reload": frozenset({"run", "Config"}),
    "echo": frozenset({"create_engine", "create_async_engine"}),
    "graphiql": frozenset({"as_view", "GraphQLRouter", "GraphQL", "GraphQLView", "GraphQLApp"}),
}  # fmt: skip
_APP_SWITCHES: Final = ("flask.Flask().debug", "fastapi.FastAPI().debug", "starlette.applications.Starlette().debug")
_NOT_SERVERS: Final = ("asyncio.", "subprocess.", "anyio.", "trio.", "unittest.")
_HOME: Final = re.compile(r"settings|config|conf|base|prod|environment|defaults", re.IGNORECASE)
_BASES: Final = re.compile(r"Settings|Config")
_KEEPERS: Final = re.compile(r"(?:^|_)(?:app|server|main|run|serve|create|make|build)(?:_|$)")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every switch of a debug mode, by setting, argument or default."""
    for module, definition in project.facts.bodies:
        if is_test(module.path):
            continue
        scope = project.facts.names.scope_of(module, definition)
        for setting in project.facts.settings(module, definition):
            if _is_switch(setting, module, definition, project):
                yield from _judge(setting, scope, project)
    for call in project.calls("*.DebuggedApplication"):
        if not is_test(call.place.path) and not is_gated(call.module, call.node):
            yield RULE.finding(call.place, _ATTACK, "Werkzeug's debugger wraps the application.", fix=_FIX)


def _is_switch(setting: Setting, module: Module, definition: Definition | None, project: Project) -> bool:
    if setting.form == "keyword":
        names = _ARGUMENTS.get(setting.key, frozenset())
        return setting.target.rpartition(".")[2] in names and not setting.target.startswith(_NOT_SERVERS)
    if setting.form == "default":
        return setting.key == "debug" and _KEEPERS.search(setting.target.rpartition(".")[2].lower()) is not None
    if setting.form in {"item", "attribute"}:
        return setting.key in _SETTINGS or (setting.key == "debug" and setting.target in _APP_SWITCHES)
    if setting.form != "name":
        return False
    inside = definition.node if definition else None
    if isinstance(inside, nodes.Class):
        bases = " ".join((inside.name, *project.facts.bases(definition))) if definition else ""
        return setting.key.upper() in _SETTINGS and _BASES.search(bases) is not None
    return inside is None and setting.key in _SETTINGS and _is_settings_module(module, project)


def _is_settings_module(module: Module, project: Project) -> bool:
    if _HOME.search(module.path.rpartition("/")[2]) or "settings/" in module.path or "config/" in module.path:
        return True
    bound = project.facts.names.scope_of(module, None).bindings
    return bool({"ALLOWED_HOSTS", "INSTALLED_APPS", "MIDDLEWARE", "ROOT_URLCONF"} & set(bound))


def _judge(setting: Setting, scope: Scope, project: Project) -> Iterator[Remark]:
    value = _value_of(setting, scope, project)
    if value is UNKNOWN or isinstance(value, bytes | list | tuple | dict):
        return
    what = f"{setting.key}={setting.text}" if setting.form == "keyword" else setting.key
    if not is_true(value) and value != "debug":
        yield RULE.site(setting.place, f"{setting.key} is off")
    elif names_development(setting.place.path) or names_development(setting.place.scope):
        yield RULE.site(setting.place, "for development only, as its name says")
    elif is_gated(setting.module, setting.node):
        yield RULE.site(setting.place, "in a branch for development only")
    elif setting.known:
        yield RULE.finding(setting.place, _ATTACK, f"{_first_line(what)} switches it on.", fix=_FIX)
    else:
        why = f"{setting.key} is on unless the environment says otherwise."
        yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _value_of(setting: Setting, scope: Scope, project: Project) -> Any:
    if setting.known:
        return setting.constant
    names = project.facts.names
    value = evaluate_default(setting.node, scope, names)
    return value if value is not UNKNOWN else _elsewhere(setting, names)


def _elsewhere(setting: Setting, names: Names) -> Any:
    """The value of `settings.DEBUG`, when another module of the project gives it once."""
    head, _, last = setting.name.rpartition(".")
    module = names.index.find_module(head, setting.module) if head and last.isupper() else None
    if module is None or names_development(module.path):
        return UNKNOWN
    home = names.scope_of(module, None)
    binding = home.bindings.get(last)
    return evaluate_default(binding, home, names) if isinstance(binding, nodes.Expression) else UNKNOWN


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


RULE = Rule(
    slug="debug-enabled",
    control="debug-disabled",
    languages=("python",),
    unit=("debug switch", "debug switches"),
    sound="off, or on in development only",
    examine=examine,
)
