"""One whole run: look in every way that was asked for, and put the verdicts into a report."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import vallum
from vallum.audit.active import find_guard
from vallum.audit.baseline import read_baseline
from vallum.audit.hush import hush_app
from vallum.audit.identities import make_identity, make_key
from vallum.audit.settings import Settings
from vallum.audit.subject import describe
from vallum.audit.verdicts import judge
from vallum.base.errors import UsageError
from vallum.catalogue.registry import find_control
from vallum.check.run import CheckPolicy, check, check_changes
from vallum.findings.examination import Examination, Progress, show_nothing
from vallum.findings.finding import Way
from vallum.findings.report import AccessTable, Counts, Report
from vallum.probe.collect.loader import load_app
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done: which ways, on what, with which settings."""

    verb: str
    command: str
    """The command line as it was typed; the report repeats it."""
    settings: Settings
    paths: tuple[Path, ...] = ()
    """What the check reads; empty when it does not run."""
    target: str = ""
    """`module:app` or a URL; empty when the probe does not run."""
    select: tuple[str, ...] = ()
    base: str = ""
    """A commit: only what the working tree brings against it counts as a finding of the check."""
    jobs: int = 1
    """How many processes the check may use."""
    cache: Path | None = None
    """Where the check remembers what it worked out; None to remember nothing."""


def carry_out(order: Order, progress: Progress = show_nothing) -> Report:
    """Check and probe as the order says. Raises `UsageError` and `ConfigError` before anything is looked at."""
    for path in order.paths:
        if not path.exists():
            raise UsageError(f"There is no {path}.", hint="Give a file or folder that exists.", code="no-path")
    for control_id in order.select:
        find_control(control_id)
    settings = order.settings
    baseline = settings.folder / settings.baseline
    known = read_baseline(baseline) if settings.baseline else frozenset[str]()
    started, clock = datetime.now(UTC), time.monotonic()
    policy = _probe_policy(order) if order.target else None
    examinations: dict[Way, Examination] = {}
    if policy:
        with hush_app():
            examinations[Way.PROBE] = probe(policy, progress)
    if order.paths:
        checked = _check_policy(order)
        seen = check_changes(checked, order.base, progress) if order.base else check(checked, progress)
        examinations = {Way.RULE: seen} | examinations
    return Report(
        verb=order.verb,
        command=order.command,
        version=vallum.__version__,
        subject=describe(order.paths[0] if order.paths else Path(), order.target),
        started=started,
        seconds=time.monotonic() - clock,
        counts=_add_counts(examinations),
        verdicts=judge(examinations, order.select),
        gaps=tuple(gap for examination in examinations.values() for gap in examination.gaps),
        standards=settings.standards,
        floor=settings.severity,
        known=known,
        access=_read_access(order.target),
    )


def _read_access(target: str) -> AccessTable | None:
    """What the guard of an app in this process answers to each role; the probe has loaded it already."""
    if not target or "://" in target:
        return None
    guard = find_guard(load_app(target), target)
    matrix = None if guard is None else guard.matrix()
    return None if matrix is None else AccessTable(columns=matrix.columns, rows=matrix.rows)


def _check_policy(order: Order) -> CheckPolicy:
    return CheckPolicy(
        root=Path(),
        paths=order.paths,
        exclude=order.settings.exclude,
        select=frozenset(order.select) or None,
        jobs=order.jobs,
        cache=order.cache,
    )


def _probe_policy(order: Order) -> ProbePolicy:
    settings = order.settings
    in_process = "://" not in order.target
    if in_process:
        os.environ.update(settings.environment)
    return ProbePolicy(
        target=order.target,
        host=settings.host,
        identities=tuple(
            make_identity(identity, os.environ, in_process=in_process) for identity in settings.identities
        ),
        keys=tuple(make_key(key, os.environ, in_process=in_process) for key in settings.keys),
        requests=settings.requests,
        seconds=settings.seconds,
        writes=settings.writes,
        select=order.select,
        public=settings.public,
        allow_hosts=settings.allow_hosts,
        production=settings.production,
        provider=settings.provider,
    )


def _add_counts(examinations: Mapping[Way, Examination]) -> Counts:
    """How much was looked at; routes that both ways saw count once."""
    totals: dict[str, int] = {}
    for examination in examinations.values():
        for field in fields(Counts):
            value = getattr(examination.counts, field.name)
            if value is not None:
                totals[field.name] = max(totals.get(field.name, 0), value)
    return Counts(**totals)
