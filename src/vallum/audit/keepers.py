"""Who keeps each control: derived from the tree at every call, never written by hand."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import vallum
from vallum.base.errors import VallumError
from vallum.catalogue.control import Control, Status
from vallum.catalogue.registry import load_controls
from vallum.check.run import load_rules
from vallum.probe.run import load_checks

_SOURCE: Final = Path(vallum.__file__).parent
_GUARDS: Final = ("guard", "check/repository")


class LedgerError(VallumError):
    """A guard, rule or probe names a control that the catalogue lacks, or a page claims what does not exist."""

    code = "ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepers:
    """What implements each way of one control: guard modules, rule slugs, probe claims."""

    guard: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()

    def names(self, way: str) -> tuple[str, ...]:
        """The names for `guard`, `rule` or `probe`."""
        return {"guard": self.guard, "rule": self.rule, "probe": self.probe}[way]

    def status(self, way: str, control: Control) -> Status:
        """`built` when something implements the way, else what the page says: `planned` or `none`."""
        if self.names(way):
            return Status.BUILT
        return Status.NONE if control.status(way) is Status.NONE else Status.PLANNED


@cache
def load_keepers() -> Mapping[str, Keepers]:
    """The keepers of every control of the catalogue. Raises `LedgerError` for an unknown control."""
    guard = _turn((name, control) for name, control in read_guards())
    rule = _turn((found.slug, found.control) for found in load_rules())
    probe = _turn((found.claim, found.control) for found in load_checks())
    known = {control.id for control in load_controls()}
    for control, names in [*guard.items(), *rule.items(), *probe.items()]:
        if control not in known:
            raise LedgerError(f'{names[0]} names the control "{control}", which the catalogue lacks.')
    return {
        control: Keepers(guard=guard.get(control, ()), rule=rule.get(control, ()), probe=probe.get(control, ()))
        for control in sorted(known)
    }


def read_guards() -> Iterator[tuple[str, str]]:
    """Yield (module, control) for each `KEEPS` of the guard, read from source so that nothing heavy is imported.

    What guards a repository, rather than a running app, needs the check's eyes and stands there.
    """
    for path in sorted(path for folder in _GUARDS for path in (_SOURCE / folder).rglob("*.py")):
        module = ".".join(("vallum", *path.relative_to(_SOURCE).with_suffix("").parts)).removesuffix(".__init__")
        for control in _keeps(path):
            yield module, control


def _keeps(path: Path) -> tuple[str, ...]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "KEEPS":
            return tuple(ast.literal_eval(node.value)) if node.value else ()
    return ()


def _turn(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    turned: dict[str, tuple[str, ...]] = {}
    for name, control in pairs:
        turned[control] = (*turned.get(control, ()), name)
    return turned
