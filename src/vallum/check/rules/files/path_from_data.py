"""Paths that data can lead out of their folder."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call
from vallum.check.flow.walk import iter_scope
from vallum.check.judging import Telling, guard_sites, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Fix, Remark

_RESOLVED: Final = re.compile(r"\.resolve\(|realpath\(|abspath\(|normpath\(")
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
    yield from guard_sites(
        RULE, project, "vallum.guard.files.paths.SafeFolder().*", "vallum.guard.files.archives.extract_archive"
    )
    for call in project.calls("*.startswith"):
        if _tests_prefix(call):
            yield RULE.finding(
                call.place,
                "A visitor can reach the neighbours of the folder: /srv/files-old begins like /srv/files.",
                "The path is compared as text, without the separator after the folder.",
                fix="Compare by components: path.is_relative_to(BASE).",
                confidence=Confidence.MEDIUM,
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


def _tests_prefix(call: Call) -> bool:
    """Whether a resolved path is compared with the text of a folder that does not end in a separator."""
    receiver, argument = call.receiver, call.argument(0)
    if receiver is None or argument is None or not _RESOLVED.search(receiver.text + _made_by(call)):
        return False
    if isinstance(argument.node, (nodes.Binary, nodes.Text)):
        return False
    return not (isinstance(argument.constant, str) and argument.constant.endswith(("/", "\\")))


def _made_by(call: Call) -> str:
    """How the receiver was made, if it is a variable of the same function."""
    node = call.receiver.node if call.receiver else None
    inner = node.arguments[0] if isinstance(node, nodes.Call) and node.arguments else node
    if not isinstance(inner, nodes.Name) or call.function is None:
        return ""
    made = [
        call.module.text_of(statement.value)
        for statement in iter_scope(call.function.node.body)
        if isinstance(statement, nodes.Assign) and statement.value is not None
        if any(isinstance(target, nodes.Name) and target.id == inner.id for target in statement.targets)
    ]
    return " ".join(made)


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
