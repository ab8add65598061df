"""What answers requests, by what it is for: to sign out, to register, to reset a password, to enter a code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vallum.check.flow.facts import Call, Function
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.handlers import login_handlers, walk_called
from vallum.check.readings.words import names_password, split_words

_CHECKS: Final = frozenset({
    "verify", "checkpw", "check_password", "verify_password", "check_password_hash", "verify_and_update",
    "check_hash", "verify_hash", "acheck_password", "password_matches", "verify_async",
})  # fmt: skip
_METHODS: Final = {"require_POST": ("POST",), "require_GET": ("GET",), "require_safe": ("GET",)}


@dataclass(frozen=True, kw_only=True)
class View:
    """A function that answers requests, with or without a route in sight."""

    function: Function
    methods: frozenset[str]
    """`{"*"}` when any method reaches it, or when it cannot be told."""
    path: str
    before: str
    """The names of what runs before it: decorators, dependencies, middleware."""

    @property
    def takes_get(self) -> bool:
        """Whether a link alone reaches it; a view that looks at the method itself does not count."""
        return "GET" in self.methods and "POST" not in self.methods

    @property
    def takes_post(self) -> bool:
        """Whether a form can reach it."""
        return not self.methods.isdisjoint({"POST", "PUT", "PATCH", "DELETE", "*"})

    @property
    def words(self) -> frozenset[str]:
        """The words of its name."""
        return frozenset(split_words(self.function.name))


@lru_cache(maxsize=2)
def list_views(project: Project) -> tuple[View, ...]:
    """Every handler of a route outside tests, and every view of Django whose route is not in sight."""
    found: dict[str, View] = {}
    for route in project.routes:
        if is_test(route.place.path):
            continue
        known = found.get(route.handler.qualified)
        methods = frozenset(route.methods) | (known.methods if known else frozenset())
        names = " ".join(dependency.name for dependency in route.dependencies)
        found[route.handler.qualified] = View(
            function=route.handler,
            methods=methods,
            path=route.path.lower(),
            before=f"{names} {_decorators(route.handler)}",
        )
    for function in project.functions:
        first = function.parameters[0].name if function.parameters else ""
        if first == "request" and "django" in function.module.source.text and not is_test(function.place.path):
            methods = _django_methods(function)
            if methods:
                view = View(function=function, methods=methods, path="", before=_decorators(function))
                found.setdefault(function.qualified, view)
    return tuple(found.values())


def _decorators(function: Function) -> str:
    defaults = " ".join(parameter.default.text for parameter in function.parameters if parameter.default)
    kinds = " ".join(parameter.annotation.text for parameter in function.parameters if parameter.annotation)
    return f"{' '.join(decorator.text for decorator in function.decorators)} {defaults} {kinds}"


def _django_methods(function: Function) -> frozenset[str]:
    found: set[str] = set()
    for decorator in function.decorators:
        word = decorator.name.rpartition(".")[2]
        found.update(_METHODS.get(word, ()))
        if word == "require_http_methods":
            found.update(re.findall(r"[A-Z]{3,}", decorator.text))
    return frozenset(found)


def find_views(project: Project, name: re.Pattern[str], path: re.Pattern[str] | None = None) -> Iterator[View]:
    """The views whose name or path tells what they are for."""
    for view in list_views(project):
        joined = "_".join(split_words(view.function.name))
        if name.search(joined) or (path is not None and path.search(view.path)):
            yield view


@lru_cache(maxsize=2)
def login_views(project: Project) -> tuple[View, ...]:
    """The views that sign somebody in by what he sends."""
    names = {function.qualified for function in login_handlers(project)}
    return tuple(view for view in list_views(project) if view.function.qualified in names)


def text_around(view: View, project: Project) -> str:
    """The source of a view, of what runs before it by name, and of the functions of the project that it calls."""
    return "\n".join([view.before, *(function.text for function in walk_called(view.function, project))])


def password_checks(function: Function) -> list[Call]:
    """The calls in a function that compare a password with a stored hash."""
    return [
        call
        for call in function.calls
        if (call.words in _CHECKS or call.method in _CHECKS)
        and any(names_password(argument.words) for argument in call.arguments)
    ]
