"""Which guards are active in an app: loaded in a process of its own, so that nothing but the app loads them.

usage: python -m vallum.audit.active module:app      prints the report of its guard as one line of JSON
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from vallum.base.errors import UsageError
from vallum.guard.configuration.profile import VARIABLE
from vallum.guard.policy import Environment
from vallum.probe.collect.loader import load_app

if TYPE_CHECKING:
    from vallum.guard.entry import Guard

_SECONDS: Final = 60.0
_ENTRY: Final = "vallum.guard.entry"


def find_guard(app: Any, target: str) -> "Guard | None":
    """The guard that was put around `app`, or that stands beside it in its module."""
    entry = sys.modules.get(_ENTRY)
    if entry is None:
        return None
    beside = vars(sys.modules[target.partition(":")[0]]).values()
    places = (app, getattr(app, "vallum_guard", None), getattr(getattr(app, "state", None), "vallum_guard", None))
    return next((found for found in (*places, *beside) if isinstance(found, entry.Guard)), None)


def ask_active(target: str, seconds: float = _SECONDS) -> Mapping[str, list[str]]:
    """Ids of the controls that are kept in the app `target`, with the modules that keep them.

    Raises `UsageError` when the app does not start, has no guard, or takes longer than `seconds`.
    """
    command = [sys.executable, "-m", __name__, target]
    environment = {**os.environ, VARIABLE: Environment.DEVELOPMENT.value}  # so that it starts without its secrets
    try:
        done = subprocess.run(  # noqa: S603 - this module by this interpreter, no shell
            command, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"{target} was not loaded after {seconds:.0f} s.", hint="Start nothing at import.") from None
    told = done.stdout.strip().splitlines()
    if not told or not told[-1].startswith("{"):
        raise UsageError(f"{target} ends the process that loads it.", hint="Start it by hand, and read its log.")
    answer = json.loads(told[-1])
    if "refused" in answer:
        raise UsageError(answer["refused"], hint=answer["hint"], code="app-guards")
    controls: Mapping[str, list[str]] = answer["controls"]
    return controls


def main(target: str) -> dict[str, Any]:
    """The report of the app's guard, or why there is none."""
    try:
        with redirect_stdout(sys.stderr):  # what an app prints is no part of the report
            guard = find_guard(load_app(target), target)
    except UsageError as error:
        return {"refused": error.message, "hint": error.hint}
    if guard is None:
        return {"refused": f"No guard was found around {target}.", "hint": "Write Guard(app) beside the app."}
    return asdict(guard.report())


if __name__ == "__main__":
    answer = main(sys.argv[1])
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # threads that the app has started do not keep the answer waiting
