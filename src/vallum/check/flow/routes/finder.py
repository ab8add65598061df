"""All routes of a project, whatever frameworks it uses."""

from collections.abc import Iterator

from vallum.check.flow.facts import Route
from vallum.check.flow.reader import FactReader
from vallum.check.flow.routes.decorated import added_routes, decorated_routes
from vallum.check.flow.routes.django import django_routes
from vallum.check.flow.routes.wiring import Wiring


def find_routes(facts: FactReader) -> Iterator[Route]:
    """Every route, by file and line."""
    wiring = Wiring(facts)
    found = [*decorated_routes(wiring), *added_routes(wiring), *django_routes(wiring)]
    yield from sorted(found, key=lambda route: (route.place.path, route.place.line, route.path, route.methods))
