"""The matrix of access: what each route answers to each role, for a reviewer to read and a test to pin (ASVS 8.1.1).

    def test_who_may_call_what_is_reviewed():
        check_matrix(Guard(app).matrix(), Path("access.txt"))

It says what the guard decides before a handler runs; what the app decides for an object is the policy's matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.authorization.access import Access, FoundRoute
from vallum.guard.authorization.paths import PathTable
from vallum.guard.authorization.roles import RoleTable

VISITOR: Final = "(visitor)"
NO_ROLE: Final = "(no role)"
YES, NO, PROOF, PLACE = "yes", "no", "proof", "place"
"""`proof`: after a recent login or factor only; `place`: from some networks only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessMatrix:
    """`columns`: visitors, the signed-in without role, each role. `rows`: a route, and an answer for each column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]

    def __str__(self) -> str:
        """A table in columns. The same app gives the same text."""
        table = [("", *self.columns), *((route, *answers) for route, answers in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in table)
        return "".join(f"{line.rstrip()}\n" for line in lines)


def build_matrix(found: Iterable[FoundRoute], paths: PathTable, roles: Mapping[str, Iterable[str]]) -> AccessMatrix:
    """The matrix of the routes that an adapter has `found`, sorted by path and method."""
    table = RoleTable(roles)
    names = sorted(roles)
    grants = [frozenset[str](), *(table.permissions_of([name]) for name in names)]
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for methods, path, declare in found:
        for method in methods:
            access = declare(method).access or paths.find(path) or paths.find(f"{path}/x")
            rows[path, method] = tuple(_answer(access, granted) for granted in (None, *grants))
    ordered = tuple((f"{method} {path}", rows[path, method]) for path, method in sorted(rows))
    return AccessMatrix(columns=(VISITOR, NO_ROLE, *names), rows=ordered)


def check_matrix(matrix: AccessMatrix, file: Path) -> None:
    """Raise `ConfigError` for every line that the reviewed `file` does not hold as it is, or that is gone."""
    pinned = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    there = str(matrix).splitlines()
    known, now = {" ".join(line.split()) for line in pinned}, {" ".join(line.split()) for line in there}
    changes = [f"+ {line}" for line in sorted(now - known)] + [f"- {line}" for line in sorted(known - now)]
    if changes:
        listed = "".join(f"\n  {change}" for change in changes)
        raise ConfigError(
            f"the access differs from the reviewed matrix in {file.name}:{listed}\n",
            hint=f"Review it, then write {file.name} with str(guard.matrix()).",
            code="access-unreviewed",
        )


def _answer(access: Access | None, granted: frozenset[str] | None) -> str:
    """What one route answers to somebody with these permissions; None is a visitor."""
    if access is None or not access.declared:
        return NO
    if access.open:
        return YES
    if granted is None or not access.permissions <= granted:
        return NO
    if access.demands is not None and access.demands.proof_age is not None:
        return PROOF
    return PLACE if access.demands is not None and access.demands.networks else YES
