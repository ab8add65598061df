"""Probe an app: start it, log in, survey, ask, judge. One call, for the command line and for tests."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from vallum.base.errors import UsageError, VallumError
from vallum.base.randomness import token
from vallum.findings.examination import Examination, Progress, show_nothing
from vallum.findings.finding import Finding, Gap, Remark, Silence, Unproven, Way
from vallum.findings.report import Counts
from vallum.probe.check import Check, Single, Wanted, ask_nothing
from vallum.probe.collect.budget import Budget, BudgetSpentError
from vallum.probe.collect.collector import Collector
from vallum.probe.collect.engine import StuckError
from vallum.probe.collect.explore import Explorer
from vallum.probe.collect.login import log_in, sign_in, still_proven
from vallum.probe.collect.network import NetworkTransport
from vallum.probe.collect.routes.frameworks import read_routes
from vallum.probe.collect.trial.opening import IMPORT_SECONDS, open_app
from vallum.probe.collect.trial.trials import Told, Trials
from vallum.probe.collect.trial.values import WORDS
from vallum.probe.collect.wire import Transport
from vallum.probe.exchange import SAFE_METHODS, Answer, Consent, Exchange, Launch, Recall, Shot, SignIn, Stir, Volley
from vallum.probe.operation import Operation, merge_operations
from vallum.probe.policy import ProbePolicy
from vallum.probe.surface import Account, Surface

_CHECKS: Final = Path(__file__).parent / "checks"


@cache
def load_checks() -> tuple[Check, ...]:
    """Every check, by area and claim: the modules under `checks/<area>/` are the registry."""
    names = sorted(path.relative_to(_CHECKS).with_suffix("").parts for path in _CHECKS.glob("*/[a-z]*.py"))
    return tuple(import_module(".".join(("vallum.probe.checks", *name))).CHECK for name in names)


def select_checks(select: Sequence[str]) -> tuple[Check, ...]:
    """The checks with these control ids or claims, all when none are named.

    Those that ask nothing come first, those that end sessions late, and those that use up what is limited at the end.

    Raises `UsageError` for an unknown name.
    """
    checks = load_checks()
    known = sorted({name for check in checks for name in (check.claim, check.control)})
    for name in select:
        if name not in known:
            near = get_close_matches(name, known, n=2)
            hint = f"Did you mean {' or '.join(near)}?" if near else "See the probe column of `vallum controls`."
            raise UsageError(f'no probe is named "{name}".', hint=hint, code="unknown-probe")
    chosen = [check for check in checks if not select or check.claim in select or check.control in select]
    return tuple(sorted(chosen, key=lambda check: (check.exhausts, check.last, check.ask is not ask_nothing)))


def probe(policy: ProbePolicy, progress: Progress = show_nothing) -> Examination:
    """Try every claim on the app and tell what was seen.

    Findings, sites and silences are the `remarks`; a login that failed, a spent budget or an app that hangs is a gap.
    Raises `UsageError` when the app cannot be loaded or started, and `ConfigError` for a policy that makes no sense.
    """
    checks = select_checks(policy.select)
    progress("starting the app", 0, len(checks) + 2)
    transport, operations = _open(policy)
    run = _Run(policy, transport, progress, checks)
    try:
        run.perform(operations)
    finally:
        run.leave()
    return run.examination()


def _open(policy: ProbePolicy) -> tuple[Transport, tuple[Operation, ...]]:
    clock = policy.clock or time.monotonic
    if policy.is_url:
        return NetworkTransport(policy.target, clock), ()
    opened = open_app(policy.target, f"{policy.scheme}://{policy.host}", clock)
    routes = opened.engine.call(lambda: read_routes(opened.app), IMPORT_SECONDS)
    return opened.transport, merge_operations(routes)


@dataclass(slots=True)
class _Run:
    policy: ProbePolicy
    transport: Transport
    progress: Progress
    checks: tuple[Check, ...]
    remarks: list[Remark] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    surface: Surface | None = None
    collector: Collector | None = None
    trials: Trials | None = None
    known: dict[tuple[str, ...], Exchange] = field(default_factory=dict)
    """What came of the shots that claims share."""

    def perform(self, operations: tuple[Operation, ...]) -> None:
        """Log in, survey, ask and judge each check, look whether the logins still hold."""
        budget = Budget(self.policy.requests, self.policy.seconds, self.policy.clock or time.monotonic)
        collector = self.collector = Collector(self.transport, budget, self.policy.timeout, self.policy.keys)
        if self.policy.is_startable:
            told = Told(production=self.policy.production, provider=self.policy.provider)
            self.trials = Trials(self.policy.target, self.transport.base, budget, self.policy.timeout, told)
        left = list(self.checks)
        try:
            surface = self._survey(collector, operations)
            while left:
                self.progress(f"trying {left[0].claim}", len(self.checks) - len(left) + 2, len(self.checks) + 2)
                self._try(left[0], collector, surface)
                done = left.pop(0)
                if done.ask is not ask_nothing and not (done.last or done.exhausts):
                    self._hold(collector, surface)
        except (BudgetSpentError, StuckError) as error:
            controls = tuple(dict.fromkeys(check.control for check in left))
            self.gaps.append(Gap(what="the probe was cut off", why=error.message, way=Way.PROBE, controls=controls))

    def leave(self) -> None:
        """Let the app and its trials go; one that hangs is left to die with the process."""
        if self.trials:
            self.trials.close()
        try:
            self.transport.close()
        except VallumError as error:
            self.gaps.append(Gap(what="stopping the app", why=error.message, way=Way.PROBE))

    def examination(self) -> Examination:
        """What was seen, as the findings floor knows it."""
        routes = len({operation.template for operation in self.surface.operations}) if self.surface else 0
        requests = self.collector.budget.spent if self.collector else 0
        return Examination(
            remarks=tuple(dict.fromkeys(self.remarks)),
            gaps=tuple(self.gaps),
            counts=Counts(routes=routes, requests=requests),
        )

    def _survey(self, collector: Collector, operations: tuple[Operation, ...]) -> Surface:
        self.progress("logging in", 0, len(self.checks) + 2)
        accounts = tuple(self._accounts(collector, operations))
        self.progress("surveying the pages", 1, len(self.checks) + 2)
        start = Surface(
            base=self.transport.base,
            operations=operations,
            accounts=accounts,
            mark=self.policy.mark or f"vlm{token().lower().replace('-', '').replace('_', '')[:7]}",
            writes=self.policy.writes,
            in_process=self.transport.in_process,
            public=self.policy.public,
            delay=self.policy.delay,
            inventory=bool(operations),
            wanted=self.policy.identities,
            startable=self.policy.is_startable,
            production=bool(self.policy.production),
            drawn={name: value for name, value in self.policy.production.items() if any(w in value for w in WORDS)},
            provider=bool(self.policy.provider),
        )
        self.surface = Explorer(collector, start).explore()
        if not any(exchange.answer.status for exchange in self.surface.exchanges):
            fault = next((e.answer.fault for e in self.surface.exchanges if e.answer.fault), "no answer")
            raise UsageError(f"{self.transport.base} does not answer: {fault}.", code="probe-silent")
        return self.surface

    def _accounts(self, collector: Collector, operations: tuple[Operation, ...]) -> Iterable[Account]:
        pages = [op.template for op in operations if op.method == "GET" and not op.holes and not op.is_logout]
        for identity in self.policy.identities:
            outcome = log_in(collector, identity, pages)
            if outcome.gap:
                needing = tuple(dict.fromkeys(check.control for check in self.checks if check.users))
                self.gaps.append(replace(outcome.gap, controls=needing))
            if outcome.account:
                yield outcome.account

    def _try(self, check: Check, collector: Collector, surface: Surface) -> None:
        if check.users > len(surface.users):
            self.remarks.append(_lacking(check, surface))
            return
        exchanges: list[Exchange] = []
        try:
            self._ask(check, collector, surface, exchanges)
        except (BudgetSpentError, StuckError):
            self.remarks += [r for r in check.judge(surface, exchanges) if isinstance(r, Finding)]
            raise
        judged = list(check.judge(surface, exchanges))
        self.remarks += judged or [_silent(check, Silence.NOTHING_EXAMINED, check.idle)]

    def _ask(self, check: Check, collector: Collector, surface: Surface, exchanges: list[Exchange]) -> None:
        asking = check.ask(surface)
        struck: Shot | None = None
        try:
            wanted = next(asking)
            while True:
                route = wanted.route if isinstance(wanted, Shot) else ""
                if struck and struck.route != route:
                    self._mend(struck, collector, surface)
                    struck = None
                *before, exchange = self._send(wanted, collector, surface)
                exchanges += before
                if isinstance(wanted, Shot) and wanted.method not in SAFE_METHODS and wanted.slot:
                    struck = wanted
                exchanges.append(exchange)
                wanted = asking.send(exchange)
        except StopIteration:
            return
        finally:
            asking.close()
            if self.trials:
                self.trials.settle()

    def _mend(self, struck: Shot, collector: Collector, surface: Surface) -> None:
        """Settings and profiles keep what a sweep wrote into them: write something honest."""
        honest = surface.mend(struck)
        if honest:
            collector.fire(honest)

    def _send(self, wanted: Wanted, collector: Collector, surface: Surface) -> list[Exchange]:
        if isinstance(wanted, Volley):
            with ThreadPoolExecutor(max_workers=max(len(wanted.shots), 1)) as pool:
                return list(pool.map(lambda one: self._carry(one, collector, surface), wanted.shots))
        return [self._carry(wanted, collector, surface)]

    def _carry(self, wanted: Single, collector: Collector, surface: Surface) -> Exchange:
        if isinstance(wanted, Launch | Stir | Consent | Recall):
            return self._arrange(wanted, collector)
        if wanted.trial:
            trial = self.trials.collector(wanted.trial) if self.trials else None
            if trial is None:
                return _unsent(wanted, collector)
            collector = trial
        if isinstance(wanted, Shot):
            return self._fire(wanted, collector)
        account = surface.account(wanted.identity)
        identity = next(known for known in surface.wanted if known.name == wanted.identity)
        opened = sign_in(collector, identity, wanted)
        if opened:
            return opened
        target = account.proof.target if account else "/"
        return collector.fire(Shot(method="GET", target=target, identity=wanted.identity, session=wanted.session))

    def _fire(self, shot: Shot, collector: Collector) -> Exchange:
        key = (shot.label, shot.method, shot.target, shot.identity, shot.session, shot.slot)
        met = self.known.get(key) if shot.shared else None
        if met is None:
            met = collector.fire(shot)
        if shot.shared:
            self.known[key] = met
        return met

    def _arrange(self, wanted: Launch | Stir | Consent | Recall, collector: Collector) -> Exchange:
        if self.trials is None:
            return _unsent(wanted, collector)
        return self.trials.arrange(wanted)

    def _hold(self, collector: Collector, surface: Surface) -> None:
        """See that every account is still logged in; log in again once where a check ended the session."""
        for account in surface.accounts:
            if account.name in self.lost or still_proven(collector, account):
                continue
            sign_in(collector, account.identity, SignIn(identity=account.name, session=""))
            if still_proven(collector, account):
                continue
            self.lost.add(account.name)
            controls = tuple(dict.fromkeys(check.control for check in self.checks if check.users))
            why = f"{account.proof.target} no longer answers as to somebody logged in, even after a new login"
            what = f'the session of "{account.name}" was lost'
            self.gaps.append(Gap(what=what, why=why, way=Way.PROBE, controls=controls))


def _unsent(wanted: Single, collector: Collector) -> Exchange:
    """What comes of a request to a trial that does not run."""
    shot = wanted if isinstance(wanted, Shot) else Shot(method="GET", target="/", label=wanted.label)
    return Exchange(shot=shot, answer=Answer(status=0, fault="the app was not started anew"), base=collector.base)


def _lacking(check: Check, surface: Surface) -> Unproven:
    named = sum(not identity.is_admin for identity in surface.wanted)
    number = {1: "one user", 2: "two users"}.get(check.users, f"{check.users} users")
    if named >= check.users:
        return _silent(check, Silence.COULD_NOT_LOOK, f"it takes {number}, and a login failed")
    told = {0: "none", 1: "one"}.get(named, str(named))
    return _silent(check, Silence.NOTHING_EXAMINED, f"it takes {number}, and {told} is configured")


def _silent(check: Check, silence: Silence, reason: str) -> Unproven:
    return Unproven(control=check.control, source=check.claim, way=Way.PROBE, silence=silence, reason=reason)
