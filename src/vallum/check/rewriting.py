"""From findings to rewritten files: edits that touch nothing but what is wrong, tried before they are offered."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from vallum.check import fixes
from vallum.check.flow import nodes
from vallum.check.flow.module import Module, read_module
from vallum.check.flow.rewrite import Edit, Rewrite, apply_edits
from vallum.check.flow.walk import iter_nodes
from vallum.check.read.source import Source, UnreadableError, make_source
from vallum.check.run import check_text
from vallum.findings.finding import Confidence, Finding
from vallum.findings.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A file before and after, and how many findings the edits end."""

    path: str
    before: str
    after: str
    count: int


@cache
def load_rewrites() -> Mapping[str, Rewrite]:
    """Every rewrite of the folder `fixes`, by the slug of the rule whose findings it mends."""
    names = [info.name for info in pkgutil.iter_modules(fixes.__path__, f"{fixes.__name__}.")]
    found: list[Rewrite] = [importlib.import_module(name).REWRITE for name in names]
    return {rewrite.source: rewrite for rewrite in found}


def rewrite_file(path: str, text: str, findings: Sequence[Finding]) -> Rewritten | None:
    """The file with all of these findings mended that can be mended safely; None where there is nothing to offer.

    Only findings of high confidence count. An edit is kept if the file still parses and the rule, asked again, finds
    fewer in it than before.
    """
    source = make_source(path, text)
    kept: list[Edit] = []
    for finding in findings:
        edit = _edit(source, finding)
        if edit is not None and edit not in kept and _helps(path, text, [*kept, edit], kept, finding):
            kept.append(edit)
    if not kept:
        return None
    return Rewritten(path=path, before=text, after=apply_edits(text, kept), count=len(kept))


def _edit(source: Source, finding: Finding) -> Edit | None:
    rewrite = load_rewrites().get(finding.source)
    if rewrite is None or finding.confidence is not Confidence.HIGH or not isinstance(finding.where, Place):
        return None
    try:
        module = read_module(source)
    except UnreadableError:
        return None
    edits = [edit for node in _calls_on(module, finding.where) if (edit := rewrite.edit(node)) is not None]
    return edits[0] if len(edits) == 1 else None


def _calls_on(module: Module, place: Place) -> Iterator[nodes.Call]:
    """The calls that the place is, or whose keyword's value it is."""
    for node in (node for statement in module.body for node in iter_nodes(statement)):
        if isinstance(node, nodes.Call):
            values = [value for _, value in node.keywords]
            if any(_spans(module, part, place) for part in (node, *values)):
                yield node


def _spans(module: Module, node: nodes.Node, place: Place) -> bool:
    there = module.place(node)
    return (there.line, there.column, there.end_line, there.end_column) == (
        place.line,
        place.column,
        place.end_line,
        place.end_column,
    )


def _helps(path: str, text: str, edits: list[Edit], before: list[Edit], finding: Finding) -> bool:
    after = _count(path, apply_edits(text, edits), finding)
    return 0 <= after < _count(path, apply_edits(text, before), finding)


def _count(path: str, text: str, finding: Finding) -> int:
    """How many findings the same rule has in the file; -1 for one that cannot be read."""
    seen = check_text({path: text}, frozenset({finding.control}))
    if seen.gaps:
        return -1
    return sum(isinstance(remark, Finding) and remark.source == finding.source for remark in seen.remarks)
