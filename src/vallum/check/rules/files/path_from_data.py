"""Paths that data can lead out of their folder."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Fix, Remark

_FIX: Final = Fix(
    text="Resolve base and path, and go on only if the path is below the base.",
    after=(
        "path = (BASE / name).resolve()",
        "if not path.is_relative_to(BASE.resolve()):",
        "    raise PermissionError(name)",
    ),
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every file that is opened, moved or sent, and at archives that are unpacked."""
    yield from judge_flows(RULE, project, ["path"], _TELLING)
    for call in project.calls("tarfile.*.extractall", "tarfile.*.extract"):
        filtered = call.constant_of(None, "filter")
        if filtered in {"data", "tar"} or (call.argument(None, "filter") is not None and filtered != "fully_trusted"):
            yield RULE.site(call.place, "the members are filtered")
        elif not call.expands:
            yield RULE.finding(
                call.place,
                "Whoever made the archive can write files outside of the folder.",
                "`extractall` without a filter follows absolute names, `..` and links.",
                fix='Pass filter="data".',
                confidence=Confidence.MEDIUM,
            )


_TELLING: Final = Telling(
    message="A visitor can reach files outside of the folder by {sources}.",
    reason="{call} gets a path that holds data, and neither `..` nor an absolute name in it is refused.",
    fix=lambda _flow: _FIX,
    constant="the path is fixed",
)
RULE = Rule(
    slug="path-from-data",
    control="path-traversal",
    languages=("python",),
    unit=("file access", "file accesses"),
    sound="inside the base",
    examine=examine,
)
