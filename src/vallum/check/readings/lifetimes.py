"""Periods as code writes them: seconds, products of numbers, `timedelta`."""

from collections.abc import Collection, Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Setting, Value, last_word
from vallum.check.flow.folding import fold
from vallum.check.flow.scope import Scope
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.origins import origins_of

_UNITS: Final = {
    "weeks": 604_800.0, "days": 86_400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0, "milliseconds": 0.001,
    "microseconds": 0.000_001,
}  # fmt: skip
_POSITIONS: Final = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
_GIVEN: Final = frozenset({"name", "item", "keyword", "key", "attribute"})


def find_lifetimes(project: Project, keys: Collection[str]) -> Iterator[tuple[Setting, int]]:
    """The settings under these keys, with their seconds, outside of tests and development."""
    for setting in project.settings:
        if setting.key not in keys or setting.form not in _GIVEN:
            continue
        if is_test(setting.place.path) or names_development(f"{setting.place.path} {setting.place.scope}"):
            continue
        seconds = seconds_of(setting, project)
        if seconds is not None:
            yield setting, seconds


def seconds_of(value: Value, project: Project) -> int | None:
    """The seconds of a period; None when it cannot be told."""
    return period_of(value.node, origins_of(project).scope_at(value), project)


def period_of(node: nodes.Expression, scope: Scope, project: Project) -> int | None:
    """The seconds of an expression: a number, or a `timedelta` of known numbers, seen through a name."""
    known = fold(node, scope, project.facts.names)
    if isinstance(known, int | float) and not isinstance(known, bool):
        return int(known)
    for inner, home in origins_of(project).trace(node, scope, lambda *_: False):
        if isinstance(inner, nodes.Call) and last_word(inner.function) == "timedelta":
            return _delta(inner, home, project)
    return _elsewhere(node, scope, project)


def _elsewhere(node: nodes.Expression, scope: Scope, project: Project) -> int | None:
    """A constant of another module of the project: `settings.LIFETIME`."""
    if not isinstance(node, nodes.Name | nodes.Attribute):
        return None
    module, _, word = project.facts.names.name_of(node, scope).rpartition(".")
    for setting in project.settings:
        if (
            setting.form == "name"
            and setting.key == word
            and setting.target == f"{module}.{word}"
            and setting.node is not node
        ):
            return seconds_of(setting, project)
    return None


def _delta(call: nodes.Call, scope: Scope, project: Project) -> int | None:
    given = [*zip(_POSITIONS, call.arguments, strict=False), *((key or "", value) for key, value in call.keywords)]
    total = 0.0
    for unit, value in given:
        number = fold(value, scope, project.facts.names)
        if unit not in _UNITS or not isinstance(number, int | float):
            return None
        total += _UNITS[unit] * number
    return int(total)
