"""The probe's end of a trial: starts its process, and carries requests to it as to any other app."""

import base64
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from vallum.probe.collect.engine import StuckError
from vallum.probe.collect.trial.values import fill_values
from vallum.probe.collect.wire import Wire
from vallum.probe.exchange import Answer, Letter, LogLine

_COMMAND: Final = "from vallum.probe.collect.trial.stage import main; main()"
_START_SECONDS: Final = 60.0
_GRACE: Final = 5.0
_TEXT_KEPT: Final = 20_000


class Trial:
    """One start of the app. `started` tells how it went; a transport from then on."""

    in_process = True

    def __init__(self, target: str, base: str, environment: Mapping[str, str | None]) -> None:
        """Start the app that `target` names with these variables changed."""
        self.base = base
        self._folder = tempfile.TemporaryDirectory(prefix="vallum-trial-")
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process that writes into it
        self._buffer = b""
        self._process = subprocess.Popen(  # noqa: S603 - our own module by this interpreter, no shell
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=self._environment(environment),
        )
        self.started = self._start(target)

    def send(self, wire: Wire, timeout: float) -> Answer:
        """Send one request. Raises `StuckError` when the process does not answer."""
        fields = {**asdict(wire), "body": base64.b64encode(wire.body).decode()}
        told = self._order({"wire": fields, "timeout": timeout}, timeout + _GRACE)
        if told is None:
            raise StuckError(f"{wire.method} {wire.target} does not return.", hint="A handler blocks without end.")
        pairs = tuple((str(name), str(value)) for name, value in told.pop("headers"))
        heard = {
            "log": tuple(LogLine(**line) for line in told.pop("log")),
            "letters": tuple(Letter(**letter) for letter in told.pop("letters")),
        }
        return Answer(**{**told, **heard, "body": base64.b64decode(told["body"]), "headers": pairs})

    def stir(self, seconds: float, down: tuple[str, ...], find: tuple[str, ...] = ()) -> Mapping[str, Any]:
        """Move the clock on, take stores away or give them back, look for texts in the databases; what came of it.

        `failed` is how often a store that was away was asked for till now, `now` the trial's time, `found` the texts
        that a database holds, `databases` how many were looked through.
        """
        told = self._order({"seconds": seconds, "down": down, "find": find}, _GRACE)
        return told or {"failed": 0, "now": time.time(), "found": [], "databases": 0}

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()
        self._folder.cleanup()

    def _environment(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        own = {**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
        filled = fill_values(changes, self._folder.name)
        return {name: value for name, value in {**own, **filled}.items() if value is not None}

    def _start(self, target: str) -> Answer:
        began = time.monotonic()
        told = self._order({"target": target, "base": self.base}, _START_SECONDS)
        if told is None or not told["started"]:
            self._process.kill() if told is None and self._process.poll() is None else None
            status = self._process.wait(_GRACE)
            told = told or {"why": f"the process ended with status {status}", "reads": [], "started": False}
        body = json.dumps({"reads": told["reads"], "text": self._text(), "exit": self._process.poll()}).encode()
        seconds = time.monotonic() - began
        fault = "" if told["started"] else str(told["why"])
        return Answer(status=200 if told["started"] else 0, body=body, length=len(body), seconds=seconds, fault=fault)

    def _text(self) -> str:
        self._errors.seek(0)
        return self._errors.read(_TEXT_KEPT).decode("utf-8", "replace")

    def _order(self, order: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """What the process answers to an order; None when it ends or takes too long."""
        if self._process.stdin is None:
            return None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return None
        line = self._line(time.monotonic() + seconds)
        return dict(json.loads(line)) if line else None

    def _line(self, end: float) -> bytes:
        if self._process.stdout is None:
            return b""
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                return b""
            piece = os.read(pipe, 1 << 16)
            if not piece:
                return b""
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line
