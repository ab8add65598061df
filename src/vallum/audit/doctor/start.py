"""A real start as production, in a process of its own: what the app's own code refuses shows nowhere else.

usage: python -m vallum.audit.doctor.start module:app      prints lines about it as JSON
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import asdict
from typing import Any, Final

from vallum.audit.active import find_guard
from vallum.audit.doctor.diagnosis import Kind, Line
from vallum.base.errors import ConfigError, UsageError
from vallum.guard.configuration.active import GuardReport
from vallum.guard.configuration.problem import StartupError
from vallum.guard.configuration.profile import VARIABLE
from vallum.guard.policy import Environment
from vallum.probe.collect.loader import load_app

_SECONDS: Final = 60.0


def try_start(target: str, variables: Mapping[str, str], seconds: float = _SECONDS) -> Iterator[Line]:
    """Import `target` with `variables` as production does, and tell why it refuses."""
    environment = {**variables, VARIABLE: Environment.PRODUCTION.value}
    command = [sys.executable, "-m", __name__, target]
    try:
        done = subprocess.run(  # noqa: S603 - this module by this interpreter, no shell
            command, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        what = f"A start as production was not done after {seconds:.0f} s."
        yield Line(kind=Kind.UNSEEN, code="start-too-long", what=what, fix="Start nothing at import.")
        return
    told = done.stdout.strip().splitlines()
    if done.returncode == 0:
        yield Line(kind=Kind.FINE, code="start", what="The app is imported as production without a refusal.")
    if told and told[-1].startswith("["):
        yield from (Line(**{**line, "kind": Kind(line["kind"])}) for line in json.loads(told[-1]))
    elif done.returncode != 0:
        what = f"A start as production ends with status {done.returncode}."
        yield Line(kind=Kind.PROBLEM, code="start-refused", what=what, fix="Start it by hand, and read its log.")


def tell_defences(report: GuardReport) -> Iterator[Line]:
    """Each class of attack with the layers of the guard and of its blocks that stand against it."""
    for defence in report.defences:
        layers = ", ".join(defence.layers) or "no layer of the guard"
        if defence.is_deep:
            yield Line(kind=Kind.FINE, code="layers", what=f"Against {defence.attack}: {layers}.")
            continue
        fix = "Add a second that fails for other reasons: `vallum explain defence-in-depth`."
        yield Line(kind=Kind.NOTE, code="layers", what=f"Against {defence.attack}: {layers}.", fix=fix)


def explain_failure(failure: UsageError) -> list[Line]:
    """The problems of a refused start: those of the settings and the guard one by one, else the app's own words."""
    cause = failure.__cause__
    if isinstance(cause, StartupError):
        found = [(problem.code, problem.what, problem.fix) for problem in cause.problems]
    elif isinstance(cause, ConfigError):
        found = [(cause.code, " ".join(cause.message.split()), cause.hint)]
    else:
        found = [("start-refused", failure.message, failure.hint)]
    return [Line(kind=Kind.PROBLEM, code=code, what=what, fix=fix) for code, what, fix in found]


def main(target: str) -> int:
    """Load the app and print lines about it: 0 and its layers when it starts, else 1 and what refused."""
    try:
        with redirect_stdout(sys.stderr):
            guard = find_guard(load_app(target), target)
    except UsageError as failure:
        lines: list[dict[str, Any]] = [asdict(line) for line in explain_failure(failure)]
        sys.stdout.write(json.dumps(lines) + "\n")
        return 1
    told = [] if guard is None else [asdict(line) for line in tell_defences(guard.report())]
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(status)  # threads that the app has started do not keep the answer waiting
