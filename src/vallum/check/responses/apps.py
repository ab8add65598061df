"""The applications of a project, and Django's settings and middleware."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Setting
from vallum.check.flow.routes.wiring import Wiring
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.findings.place import Place

_APPS: Final = {
    "flask.Flask": "flask",
    "flask.app.Flask": "flask",
    "quart.Quart": "flask",
    "fastapi.FastAPI": "fastapi",
    "fastapi.applications.FastAPI": "fastapi",
    "starlette.applications.Starlette": "starlette",
}
_DJANGO: Final = (
    "ALLOWED_HOSTS", "INSTALLED_APPS", "ROOT_URLCONF", "DATABASES", "SECRET_KEY", "TEMPLATES", "WSGI_APPLICATION",
    "DEBUG", "SECURE_", "SESSION_COOKIE_", "CSRF_",
)  # fmt: skip
GUARD: Final = ("vallum.guard.Guard", "vallum.guard.entry.Guard")


@dataclass(frozen=True, kw_only=True)
class App:
    """An application that answers requests."""

    framework: str
    """`flask`, `fastapi`, `starlette` or `django`."""
    place: Place
    """Where it is built; for Django where its list of middleware begins."""


@dataclass(frozen=True, kw_only=True)
class Middleware:
    """A `MIDDLEWARE` list of Django, of a project whose other settings can be seen too."""

    place: Place
    names: Mapping[str, Place]
    """The dotted names in it, each with its line."""

    def find(self, word: str) -> Place | None:
        """The place of the entry whose last word is this one."""
        return next((place for name, place in self.names.items() if name.rpartition(".")[2] == word), None)


@lru_cache(maxsize=2)
def find_apps(project: Project) -> tuple[App, ...]:
    """The applications outside tests that are not mounted on another one."""
    wiring = Wiring(project.facts)
    mounted = {wiring.constructors[name].node for name in wiring.inclusions if name in wiring.constructors}
    made = [
        App(framework=_APPS[call.name], place=call.place)
        for call in project.calls(*_APPS)
        if call.node not in mounted and not is_test(call.place.path)
    ]
    return (*made, *(App(framework="django", place=found.place) for found in find_middleware(project)))


@lru_cache(maxsize=2)
def find_middleware(project: Project) -> tuple[Middleware, ...]:
    """Django's lists of middleware; none when no other setting is in sight: then those that count are not either."""
    settings = django_settings(project)
    if not any(name.startswith(_DJANGO) for name in settings):
        return ()
    found = []
    for setting in settings.get("MIDDLEWARE", []):
        if isinstance(setting.node, nodes.Items):
            constants = [node for node in setting.node.elements if isinstance(node, nodes.Const)]
            names = {str(node.value): setting.module.place(node) for node in constants}
            if any("." in name for name in names):
                found.append(Middleware(place=setting.place, names=names))
    return tuple(found)


@lru_cache(maxsize=2)
def django_settings(project: Project) -> Mapping[str, list[Setting]]:
    """The names in capitals that are given a value outside functions and tests, each with all its values."""
    table: dict[str, list[Setting]] = {}
    functions = {function.node for function in project.functions}
    for module, definition in project.facts.bodies:
        if is_test(module.path) or (definition is not None and definition.node in functions):
            continue
        for setting in project.facts.settings(module, definition):
            if setting.form == "name" and setting.key.isupper():
                table.setdefault(setting.key, []).append(setting)
    return table


def find_guards(project: Project) -> list[Call]:
    """The calls that put an application behind Vallum's guard."""
    return [call for call in project.calls(*GUARD) if not is_test(call.place.path)]


def talisman_calls(project: Project) -> list[Call]:
    """The calls that put Flask-Talisman on an application."""
    made = project.calls("flask_talisman.Talisman", "flask_talisman.talisman.Talisman", "talisman.Talisman")
    started = project.calls("*Talisman().init_app")
    return [call for call in (*made, *started) if call.arguments and not is_test(call.place.path)]
