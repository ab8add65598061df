"""Handlers that nothing protects: no decorator, dependency, middleware, router or check of their own."""

from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Route
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.callers import Access, callers_of, is_risky, touches_data
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_ATTACK: Final = "Anybody who knows the address can call this, signed in or not."
_FIX: Final = "Declare who may come in: @requires(...), @signed_in or @public of vallum.guard, or the framework's own."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every route."""
    callers = callers_of(project)
    judged: dict[Place, list[tuple[Route, Access]]] = {}
    patterns = any(route.framework == "django" and route.path for route in project.routes)
    for route in project.routes:
        unreachable = patterns and route.framework == "django" and not route.path
        if not is_test(route.place.path) and not unreachable:
            judged.setdefault(route.place, []).append((route, callers.access(route)))
    guarded = {_area(route) for pairs in judged.values() for route, access in pairs if access.checked}
    for place, pairs in judged.items():
        yield from _judge(place, pairs, guarded)
    if not judged:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "there are no routes")


def _judge(place: Place, pairs: list[tuple[Route, Access]], guarded: set[str]) -> Iterator[Remark]:
    """One remark for a handler, also when it has several routes: the worst of them counts."""
    bare = [(route, access) for route, access in pairs if not access.checked and not access.open]
    if not bare:
        yield RULE.site(place, pairs[0][1].checked or pairs[0][1].open)
        return
    route, access = bare[0]
    confidence = _confidence(route, guarded)
    if access.unsure or (confidence is Confidence.LOW and not touches_data(route)):
        return
    yield RULE.finding(
        place,
        _ATTACK,
        f"{'/'.join(route.methods)} {route.path or route.handler.name} has no check, and nothing before it has one.",
        fix=_FIX,
        confidence=confidence,
    )


def _confidence(route: Route, guarded: set[str]) -> Confidence:
    """How sure it is that not everybody is meant: what its neighbours do, and what it is about."""
    if is_risky(route) or _area(route) in guarded:
        return Confidence.HIGH
    changes = route.changes_state or "*" in route.methods
    return Confidence.MEDIUM if changes and guarded else Confidence.LOW


def _area(route: Route) -> str:
    """The first fixed part of the path, which neighbours share; `api` and versions are no area."""
    parts = [part for part in route.path.split("/") if part and part[0] not in "{<?"]
    own = [part for part in parts if part != "api" and not (part[0] == "v" and part[1:].isdigit())]
    return own[0] if own else route.handler.module.name


RULE = Rule(
    slug="endpoint-without-authorization",
    control="authorize-every-endpoint",
    languages=("python",),
    unit=("handler", "handlers"),
    sound="protected",
    examine=examine,
)
