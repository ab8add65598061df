"""The handlers of a kind: those that sign in, and what the functions that they call say."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from vallum.check.flow.facts import Function
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import split_words

_LOGIN: Final = re.compile(
    r"(?:^|_)(?:log_?in|sign_?in|authenticate|obtain_token|login_for_access_token|issue_token)(?:_|$)"
)
_NOT_LOGIN: Final = frozenset({
    "required", "form", "url", "page", "is", "was", "logged", "out", "mail", "link", "log", "test", "failed", "limit",
    "show", "get", "social", "oauth", "callback", "redirect",
})  # fmt: skip
_PATH: Final = re.compile(r"(?:^|/)(?:log-?in|sign-?in|token|sessions?|authenticate)/?$")
_DEEPEST: Final = 3


@lru_cache(maxsize=2)
def login_handlers(project: Project) -> tuple[Function, ...]:
    """The handlers of routes that sign somebody in by what he sends."""
    found = {
        route.handler.qualified: route.handler
        for route in project.routes
        if (_names_login(route.handler.name) or _PATH.search(route.path.lower()))
        and ("*" in route.methods or "POST" in route.methods)
        and not is_test(route.place.path)
    }
    return tuple(found.values())


def _names_login(name: str) -> bool:
    words = set(split_words(name))
    return _LOGIN.search(name.lower()) is not None and not words & _NOT_LOGIN


def walk_called(function: Function, project: Project) -> Iterator[Function]:
    """A function and the functions of the project that it calls, three levels deep."""
    seen: set[str] = set()
    level = [function]
    for _ in range(_DEEPEST):
        following: list[Function] = []
        for current in level:
            if current.qualified in seen:
                continue
            seen.add(current.qualified)
            yield current
            for call in current.calls:
                inner = origins_of(project).function_named(call.name)
                if inner is not None:
                    following.append(inner)
        level = following
