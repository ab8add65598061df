"""The process of a trial: starts the app as its orders say, and then does one thing for each line that comes in.

usage: python -c "from vallum.probe.collect.trial.stage import main; main()"     orders and answers are lines of JSON
"""

import base64
import io
import json
import os
import time
from dataclasses import asdict
from typing import Any

from vallum.probe.collect.trial.props import Props, find_stored, name_settings, set_props

_TIMEOUT = 60.0


def main() -> None:
    """Start the app, tell how it went, and obey until the orders end."""
    talk = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    orders = io.TextIOWrapper(os.fdopen(os.dup(0), "rb"), encoding="utf-8")
    first = json.loads(orders.readline())
    set_props()
    try:
        transport = _start(first)
    except BaseException as error:  # noqa: BLE001 - whatever ends a start is what is asked for, even SystemExit
        _say(talk, {"started": False, "why": _tell(error), "reads": name_settings()})
        os._exit(1)
    _say(talk, {"started": True, "reads": name_settings()})
    for line in orders:
        _say(talk, _obey(transport, json.loads(line)))
    os._exit(0)


def _start(first: dict[str, Any]) -> Any:
    from vallum.probe.collect.trial.opening import open_app  # noqa: PLC0415 - after the props

    Props.reads.clear()
    return open_app(first["target"], first["base"]).transport


def _obey(transport: Any, order: dict[str, Any]) -> dict[str, Any]:
    if "down" in order:
        Props.shift += float(order["seconds"])
        Props.down = frozenset(order["down"])
        failed, Props.failed = Props.failed, 0
        return {"failed": failed, "now": time.time(), **find_stored(order["find"])}
    from vallum.probe.collect.wire import Wire  # noqa: PLC0415 - after the props

    fields = {**order["wire"], "body": base64.b64decode(order["wire"]["body"])}
    fields["headers"] = tuple((name, value) for name, value in fields["headers"])
    answer = asdict(transport.send(Wire(**fields), order["timeout"]))
    return {**answer, "body": base64.b64encode(answer["body"]).decode()}


def _tell(error: BaseException) -> str:
    """Its kind and words; the cause of it first, where the loader has put its own words around it."""
    inner = error.__cause__ or error
    return f"{type(inner).__name__}: {' '.join(str(getattr(inner, 'message', inner)).split())}"[:2000]


def _say(talk: Any, told: dict[str, Any]) -> None:
    talk.write(json.dumps(told) + "\n")
    talk.flush()
