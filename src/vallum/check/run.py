"""The whole check: read, follow, judge."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.check import rules
from vallum.check.cache.answers import name_question, open_answers
from vallum.check.crew import deal
from vallum.check.dependencies.manifests import read_manifest
from vallum.check.flow.index import Index
from vallum.check.flow.module import Module, read_module
from vallum.check.flow.reader import FactReader
from vallum.check.flow.routes.finder import find_routes
from vallum.check.knowledge.library import load_knowledge
from vallum.check.project import Project
from vallum.check.read.kinds import kind_of
from vallum.check.read.source import Source, UnreadableError
from vallum.check.read.suppression import read_suppressions
from vallum.check.read.syntax import deep_recursion, few_collections
from vallum.check.read.tree import decode_files, find_files, load_files, make_sources, unread
from vallum.check.repository.changes import Changes, read_changes
from vallum.check.rule import Rule
from vallum.check.taint.analysis import analyse
from vallum.check.taint.flows import read_flows
from vallum.check.taint.record import Record
from vallum.findings.examination import Examination, Progress, show_nothing
from vallum.findings.finding import Finding, Gap, Remark, Way
from vallum.findings.fingerprint import number_findings
from vallum.findings.place import Place
from vallum.findings.report import Counts

_WORTH_FORKING: Final = 5_000
"""Lines; below, a fork takes longer than what it would take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPolicy:
    """What to look at, and by which controls."""

    paths: tuple[Path, ...] = (Path(),)
    """Files and folders, relative to the root or absolute."""
    root: Path = Path()
    """Paths in reports are relative to it."""
    exclude: tuple[str, ...] = ()
    """Patterns of paths or names that are left out: `tests/*`, `*_pb2.py`."""
    select: frozenset[str] | None = None
    """Ids of the controls to judge; None for all."""
    clock: Clock = SYSTEM_CLOCK
    """The time for rules about what expires: reviews, suppressions, accepted risks."""
    jobs: int = 1
    """How many processes may judge at once; the answer is the same for any number."""
    cache: Path | None = None
    """The folder in which examinations are remembered; None to work everything out anew."""


def check(policy: CheckPolicy, progress: Progress = show_nothing) -> Examination:
    """Read and judge the files of the policy. Raises `UsageError` for a path that does not exist."""
    names, unlisted = find_files(policy.root, policy.paths, policy.exclude)
    files, unloaded = load_files(policy.root, names)
    gaps = [*unlisted, *unloaded]
    answers = open_answers(policy.cache)
    if answers is None:
        return _look(policy, files, gaps, progress)
    name = name_question(files, _dependencies(policy, gaps))
    known = answers.recall(name)
    if known is None:
        known = _look(policy, files, gaps, progress)
        answers.keep(name, known)
    return known


def check_changes(policy: CheckPolicy, base: str, progress: Progress = show_nothing) -> Examination:
    """Only the findings that the working tree brings against the commit `base`: new ones, and ones on changed lines.

    Sites, silences and gaps are those of the whole tree. Raises `UsageError` without git or without such a commit.
    """
    changes = read_changes(policy.root, base)
    now = check(policy, progress)
    if not any(isinstance(remark, Finding) for remark in now.remarks):
        return now
    names, _ = find_files(policy.root, policy.paths, policy.exclude)
    present = set(names)
    files = {
        path: data
        for path, data in sorted(changes.before.items())
        if path in present or (kind_of(path) and not (policy.root / path).exists())
    }
    old = _look(policy, files, [], progress)
    known = set(number_findings([remark for remark in old.remarks if isinstance(remark, Finding)]))
    findings = [remark for remark in now.remarks if isinstance(remark, Finding)]
    brought = {
        id(finding)
        for name, finding in zip(number_findings(findings), findings, strict=True)
        if name not in known or _is_touched(finding, changes)
    }
    return replace(now, remarks=tuple(one for one in now.remarks if not isinstance(one, Finding) or id(one) in brought))


def _is_touched(finding: Finding, changes: Changes) -> bool:
    places = [finding.where, *(step.place for step in finding.steps)]
    return any(isinstance(one, Place) and changes.touches(one.path, one.line, one.end_line) for one in places)


def _look(policy: CheckPolicy, files: Mapping[str, bytes], gaps: list[Gap], progress: Progress) -> Examination:
    sources, undecoded = decode_files(files)
    project, unparsed = build_project(policy.root, sources, progress, clock=policy.clock)
    return _examine(project, [*gaps, *undecoded, *unparsed], policy.select, progress, policy.jobs)


def _dependencies(policy: CheckPolicy, gaps: Iterable[Gap]) -> Iterator[Any]:
    """All that an examination depends on beside the files and Vallum itself: no rule asks for anything else."""
    yield datetime.fromtimestamp(policy.clock(), UTC).date().isoformat()
    yield None if policy.select is None else sorted(policy.select)
    yield [(gap.what, gap.why) for gap in gaps]


def check_text(
    files: Mapping[str, str], select: frozenset[str] | None = None, *, clock: Clock = SYSTEM_CLOCK
) -> Examination:
    """Judge a project that exists only in memory: text by path; the name of a file tells its language."""
    project, unparsed = build_project(Path(), make_sources(files), clock=clock)
    return _examine(project, unparsed, select, show_nothing)


@cache
def load_rules() -> tuple[Rule, ...]:
    """Every rule of the folder `rules`, by control and slug. Raises `ConfigError` for a module without a rule."""
    found = [_rule_of(importlib.import_module(name)) for name in _rule_modules(rules)]
    return tuple(sorted(found, key=lambda rule: (rule.control, rule.slug)))


def _rule_modules(package: ModuleType) -> Iterator[str]:
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not info.ispkg:
            yield info.name


def _rule_of(module: ModuleType) -> Rule:
    rule = getattr(module, "RULE", None)
    slug = module.__name__.rpartition(".")[2].replace("_", "-")
    if not isinstance(rule, Rule) or rule.slug != slug:
        raise ConfigError(f'{module.__name__} must build a Rule called RULE with the slug "{slug}".')
    return rule


def build_project(
    root: Path, sources: Sequence[Source], progress: Progress = show_nothing, *, clock: Clock = SYSTEM_CLOCK
) -> tuple[Project, list[Gap]]:
    """The facts about a set of files, and a gap for each that could not be parsed."""
    modules: list[Module] = []
    gaps: list[Gap] = []
    code = [source for source in sources if source.kind == "python"]
    with few_collections(), deep_recursion():
        for done, source in enumerate(code):
            progress("reading", done, len(code))
            try:
                modules.append(read_module(source))
            except UnreadableError as error:
                gaps.append(unread(source.path, error))
        facts, record = follow(Index(modules), progress)
    project = Project(
        root=root,
        sources=tuple(sources),
        modules=tuple(modules),
        facts=facts,
        followed=tuple(read_flows(record)),
        clock=clock,
    )
    return project, [*gaps, *(Gap(what=name, why=why, way=Way.RULE) for name, why in record.cuts.items())]


def follow(index: Index, progress: Progress = show_nothing) -> tuple[FactReader, Record]:
    """Follow the data through a project, then read its facts with what was seen on the way."""
    facts = FactReader(index)
    routes = tuple(find_routes(facts))
    record = analyse(index, load_knowledge("python"), routes, lambda done, total: progress("following", done, total))
    facts.take_observations(record)
    return facts, record


def _examine(
    project: Project, gaps: list[Gap], select: frozenset[str] | None, progress: Progress, jobs: int = 1
) -> Examination:
    sources = project.sources
    chosen = [rule for rule in load_rules() if select is None or rule.control in select]
    lines = sum(source.text.count("\n") + 1 for source in sources)
    tasks = [partial(_judge, rule, project) for rule in chosen]
    answers = deal(tasks, jobs if lines >= _WORTH_FORKING else 1, lambda done: progress("judging", done, len(chosen)))
    kept, silenced = _suppress((remark for answer in answers for remark in answer), sources)
    counts = Counts(
        files=len(sources),
        lines=lines,
        functions=sum(len(module.definitions) for module in project.modules),
        routes=len(project.routes),
        packages=_count_packages(sources),
    )
    return Examination(remarks=tuple(kept), gaps=(*gaps, *silenced), counts=counts)


def _judge(rule: Rule, project: Project) -> list[Remark]:
    return list(rule.examine(project))


def _count_packages(sources: Sequence[Source]) -> int | None:
    """How many different packages the manifests name; None where there is no manifest."""
    manifests = [manifest for source in sources if (manifest := read_manifest(source)) is not None]
    return (
        len({dependency.name for manifest in manifests for dependency in manifest.dependencies}) if manifests else None
    )


def _suppress(remarks: Iterable[Remark], sources: Sequence[Source]) -> tuple[list[Remark], list[Gap]]:
    """Leave out the findings that a comment on one of their lines silences."""
    comments = {source.path: read_suppressions(source) for source in sources}
    gaps = [gap for _, found in comments.values() for gap in found]

    def is_silenced(remark: Remark) -> bool:
        if not isinstance(remark, Finding) or not isinstance(remark.where, Place):
            return False
        lines = range(remark.where.line, max(remark.where.end_line, remark.where.line) + 1)
        known = comments.get(remark.where.path, ([], []))[0]
        return any(comment.covers(line, remark.control) for comment in known for line in lines)

    return [remark for remark in remarks if not is_silenced(remark)], gaps
