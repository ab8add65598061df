"""Paths that data can lead out of their folder."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, guard_sites, judge_flow
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.check.taint.flows import Flow
from vallum.check.taint.record import Outcome
from vallum.findings.finding import Confidence, Finding, Fix, Remark

_PARTIAL_COMPARISON: Final = 187
"""CWE-187, narrower than path traversal: only folders whose names begin alike can be reached."""
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
    for flow in project.flows("path"):
        if flow.name != "startswith":
            remark = judge_flow(RULE, flow, _TELLING)
        elif flow.outcome in {Outcome.REACHED, Outcome.UNKNOWN, Outcome.BUILT}:
            remark = _compare_text(flow)
        else:
            remark = RULE.site(flow.place, "compared up to a separator, or without data")
        if remark is not None:
            yield remark
    yield from guard_sites(
        RULE, project, "vallum.guard.files.paths.SafeFolder().*", "vallum.guard.files.archives.extract_archive"
    )
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


def _compare_text(flow: Flow) -> Finding:
    return RULE.finding(
        flow.place,
        "A visitor can reach the neighbours of the folder: /srv/files-old begins like /srv/files.",
        "The path is compared as text, without the separator after the folder.",
        fix="Compare by components: path.is_relative_to(BASE).",
        steps=flow.steps,
        confidence=Confidence.MEDIUM,
        cwe=(_PARTIAL_COMPARISON,),
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
