"""An app and its variables, looked at in process as production would: settings, guard, routes, stores, secrets."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vallum.audit.active import find_guard
from vallum.audit.doctor.diagnosis import Diagnosis, Kind, Line
from vallum.audit.doctor.start import explain_failure, try_start
from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError, UsageError
from vallum.guard.configuration.problem import Problem
from vallum.guard.configuration.profile import VARIABLE
from vallum.guard.configuration.settings import AppSettings
from vallum.guard.configuration.startup import find_problems
from vallum.guard.configuration.weakenings import list_weakenings
from vallum.guard.entry import Guard
from vallum.guard.policy import Environment
from vallum.guard.secrets.settings import SecretSettings
from vallum.probe.collect.loader import load_app

_MISUSE: Final = frozenset({"probe-target", "probe-module", "probe-attribute"})
_DAY: Final = 86_400
OLDEST_SECRET: Final = 90
"""Days, from the control `secret-rotation`."""
_PRODUCTION: Final = Environment.PRODUCTION.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is known of a deployment: the variables it gets, and the settings and guard that its code builds."""

    variables: Mapping[str, str]
    settings: tuple[type[SecretSettings], ...] = ()
    guard: Guard | None = None
    failure: UsageError | None = None


def examine_app(target: str, extra: Mapping[str, str] | None = None, clock: Clock = SYSTEM_CLOCK) -> Diagnosis:
    """Load `module:app` with the process's variables and `extra`, and tell what production would refuse.

    The app is built as in development, so that everything can be seen, and judged as in production; then a process of
    its own tries to start it as production. No value of a secret is shown. Raises `UsageError` when there is no such
    app.
    """
    variables = {**os.environ, **(extra or {})}
    with _deployed(variables):
        deployment = _load(target, variables)
        lines = [
            *_judge_environment(variables),
            *_judge_settings(deployment),
            *_judge_guard(deployment),
            *_judge_failure(deployment),
            *_tell_secrets(deployment, clock()),
        ]
    if deployment.failure is None:
        lines.extend(try_start(target, variables))
    return Diagnosis(target=target, lines=tuple(lines))


def judge_file(path: Path) -> Iterator[Line]:
    """A problem when others can read the file of variables."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name != "nt" and mode & 0o077:
        what = f"{path} can be read by others (mode {mode:04o})."
        yield Line(kind=Kind.PROBLEM, code="env-file-readable", what=what, fix=f"chmod 600 {path}")


@contextmanager
def _deployed(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    os.environ[VARIABLE] = Environment.DEVELOPMENT.value
    try:
        with redirect_stdout(sys.stderr):  # what an app prints is no part of the report
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _load(target: str, variables: Mapping[str, str]) -> Deployment:
    before = set(_subclasses(SecretSettings))
    guard, failure = None, None
    try:
        guard = find_guard(load_app(target), target)
    except UsageError as error:
        if error.code in _MISUSE:
            raise
        failure = error
    found = tuple(kind for kind in _subclasses(SecretSettings) if kind not in before and kind is not AppSettings)
    return Deployment(variables=variables, settings=found, guard=guard, failure=failure)


def _subclasses(kind: type[SecretSettings]) -> Iterator[type[SecretSettings]]:
    for found in kind.__subclasses__():
        yield found
        yield from _subclasses(found)


def _judge_environment(variables: Mapping[str, str]) -> Iterator[Line]:
    name = variables.get(VARIABLE, "")
    if name == _PRODUCTION:
        yield Line(kind=Kind.FINE, code="environment", what=f"{VARIABLE} is {_PRODUCTION}.")
        return
    told = f"is {name!r}" if name else "is not set"
    fix = f"Set {VARIABLE}={_PRODUCTION} where users are served."
    what = f"{VARIABLE} {told}: everything here is judged as if it were {_PRODUCTION}."
    yield Line(kind=Kind.PROBLEM, code="environment-not-production", what=what, fix=fix)


def _judge_settings(deployment: Deployment) -> Iterator[Line]:
    given = {**deployment.variables, VARIABLE: _PRODUCTION}
    for kind in deployment.settings:
        if issubclass(kind, AppSettings):
            yield from _as_lines(kind.find_problems(given))
            continue
        for name, problem in kind.load_secrets(given)[1]:
            what = f"{name} {problem}."
            yield Line(kind=Kind.PROBLEM, code=problem.code, what=what, fix="`openssl rand -base64 48` makes a key.")


def _judge_guard(deployment: Deployment) -> Iterator[Line]:
    guard = deployment.guard
    if guard is None:
        if deployment.failure is None:
            what = "No guard was found around the app, so nothing of it was judged."
            yield Line(
                kind=Kind.UNSEEN, code="guard-not-found", what=what, fix="Write guard = Guard(app) beside the app."
            )
        return
    yield from _as_lines(find_problems(guard.policy, debug=guard.debug))
    for route in guard.undeclared():
        what = f"{route} says nothing about who may come in: it is closed, and production does not start."
        fix = "Add @public, @signed_in or @requires(...), or an entry in paths."
        yield Line(kind=Kind.PROBLEM, code="route-undeclared", what=what, fix=fix)
    for name in list_weakenings(guard.policy):
        reason = guard.policy.accepted_risks.get(name, "")
        if reason.strip():
            yield Line(kind=Kind.NOTE, code="unsafe-recorded", what=f"{name} is set: {reason}")
    sessions, limits = guard.policy.store, guard.policy.limits_of_all.store
    yield _tell_store("sessions", sessions)
    yield _tell_store("rate limits", sessions if limits is None and hasattr(sessions, "open_limits") else limits)


def _judge_failure(deployment: Deployment) -> Iterator[Line]:
    """What stopped the app: the problems of a refused start, and that the rest was not seen."""
    failure = deployment.failure
    if failure is None:
        return
    cause = failure.__cause__
    if isinstance(cause, ConfigError) and not (cause.code == "secrets" and deployment.settings):
        yield from explain_failure(failure)
    what = "The app does not start even as in development, so its routes and stores were not seen."
    told = "" if isinstance(cause, ConfigError) else f" {failure.message}"
    yield Line(kind=Kind.UNSEEN, code="app-not-started", what=what + told, fix="Mend it, and run the doctor again.")


def _as_lines(problems: Iterable[Problem]) -> Iterator[Line]:
    for problem in problems:
        yield Line(kind=Kind.PROBLEM, code=problem.code, what=problem.what, fix=problem.fix)


def _tell_store(what: str, store: object) -> Line:
    if store is None:
        return Line(kind=Kind.NOTE, code="store", what=f"{what}: in the memory of one process.")
    shared = "shared by the workers" if getattr(store, "shared", False) else "of one process"
    return Line(kind=Kind.NOTE, code="store", what=f"{what}: {type(store).__name__}, {shared}.")


def _tell_secrets(deployment: Deployment, now: float) -> Iterator[Line]:
    names = ["VALLUM_SECRET"] if deployment.guard is not None else []
    names += [source.name for kind in deployment.settings for source in kind.sources.values()]
    for name in dict.fromkeys(names):
        path = deployment.variables.get(f"{name}_FILE", "")
        if path:
            yield _tell_file(name, Path(path), now)
        else:
            told = "in the environment, age unknown" if deployment.variables.get(name) else "not set"
            yield Line(kind=Kind.NOTE, code="secret", what=f"{name}: {told}.")


def _tell_file(name: str, path: Path, now: float) -> Line:
    try:
        days = int((now - path.stat().st_mtime) / _DAY)
    except OSError:
        return Line(kind=Kind.NOTE, code="secret", what=f"{name}: in {path}, which cannot be read.")
    what = f"{name}: in {path}, written {days} days ago."
    if days <= OLDEST_SECRET:
        return Line(kind=Kind.NOTE, code="secret", what=what)
    fix = f"Replace it at least every {OLDEST_SECRET} days; VALLUM_SECRET takes the old one beside the new."
    return Line(kind=Kind.PROBLEM, code="secret-old", what=what, fix=fix)
