"""The inventory of routes: each with who may call it, to be pinned in a file under review (ASVS 13.4.5, CWE-1059).

    def test_every_route_is_reviewed():
        check_pinned(Guard(app).routes(), Path("routes.txt"))

Production refuses routes that are tagged `@debug_only`, and public ones under the paths of debuggers, metrics, consoles
and dot files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.authorization.access import Access, FoundRoute
from vallum.guard.authorization.debug_paths import is_debug_path
from vallum.guard.authorization.paths import PathTable

KEEPS: Final = ("no-debug-endpoints",)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Route:
    """One method of one path. `who` is "public", "signed-in", "closed", or "requires" and the permissions."""

    path: str
    method: str
    who: str
    debug: bool = False

    def __str__(self) -> str:
        """The line of the inventory."""
        return f"{self.method} {self.path} {self.who}{' debug' if self.debug else ''}"


def list_routes(found: Iterable[FoundRoute], paths: PathTable) -> list[Route]:
    """The routes that an adapter has `found`, each once and sorted by path and method."""
    routes: set[Route] = set()
    for methods, path, declare in found:
        for method in methods:
            declared = declare(method)
            access = declared.access or paths.find(path) or paths.find(f"{path}/x")
            routes.add(Route(path=path, method=method, who=_describe(access), debug=declared.debug))
    return sorted(routes)


def render_routes(routes: Iterable[Route]) -> str:
    """The inventory: one line a route."""
    return "".join(f"{route}\n" for route in routes)


def compare_routes(routes: Iterable[Route], pinned: str) -> list[str]:
    """What differs from the `pinned` inventory: "+ line" for a new route or access, "- line" for one that is gone.

    Empty lines and comments after `#` at the beginning of a line do not count.
    """
    known = {line.strip() for line in pinned.splitlines() if line.strip() and not line.lstrip().startswith("#")}
    there = {str(route) for route in routes}
    return [f"+ {line}" for line in sorted(there - known)] + [f"- {line}" for line in sorted(known - there)]


def check_pinned(routes: Sequence[Route], file: Path) -> None:
    """Raise `ConfigError` for every route that the reviewed `file` does not hold as it is, or that is gone."""
    pinned = file.read_text(encoding="utf-8") if file.is_file() else ""
    if changes := compare_routes(routes, pinned):
        listed = "".join(f"\n  {change}" for change in changes)
        raise ConfigError(
            f"the routes differ from the reviewed list in {file.name}:{listed}\n",
            hint=f"Review them, then write {file.name} with render_routes(guard.routes()).",
            code="routes-unreviewed",
        )


def check_debugging(routes: Iterable[Route]) -> None:
    """Raise `ConfigError` for routes that production must not have."""
    refused = [str(route) for route in routes if route.debug or (route.who == "public" and is_debug_path(route.path))]
    if refused:
        raise ConfigError(
            f"{len(refused)} routes are for debugging: {', '.join(refused)}.",
            hint="Leave them out in production; a path such as /metrics may stay with @requires(...).",
            code="routes-debugging",
        )


def _describe(access: Access | None) -> str:
    if access is None or not access.declared:
        return "closed"
    if access.open:
        return "public"
    return f"requires {' '.join(sorted(access.permissions))}" if access.permissions else "signed-in"
