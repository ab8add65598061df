"""Talk to a started process within limits of time and output, and leave nothing of it behind."""

import asyncio
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Final, cast

from vallum.base.errors import ConfigError, VallumError

_CHUNK: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramLimits:
    """Seconds until a program is killed, and bytes that it may write (output and errors together)."""

    seconds: float = 30.0
    output_bytes: int = 1024 * 1024

    def __post_init__(self) -> None:
        """Raise `ConfigError` for limits that are not positive."""
        if self.seconds <= 0 or self.output_bytes < 1:
            raise ConfigError("the limits of a program must be positive.")


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program left: exit status (negative: killed by that signal), output and errors."""

    status: int
    output: bytes
    errors: bytes

    @property
    def text(self) -> str:
        """The output as UTF-8 text; what is not UTF-8 becomes U+FFFD."""
        return self.output.decode("utf-8", "replace")


class ProgramFailedError(VallumError):
    """A program ended with a status that was not expected. `finished` holds what it wrote, for the log."""

    code = "program-failed"

    def __init__(self, name: str, finished: Finished) -> None:
        """Name the program and status; the arguments and output stay out of the message."""
        super().__init__(f"the program {name} ended with status {finished.status}.")
        self.finished = finished


class ProgramLimitError(VallumError):
    """A program ran too long or wrote too much, and was killed."""

    code = "program-limit"


def start_options(environment: Mapping[str, str], folder: str | None) -> dict[str, Any]:
    """How every process is started: clean environment, pipes, own session, no inherited files."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return {**pipes, "env": environment, "cwd": folder, "close_fds": True, "start_new_session": True}


def communicate(process: subprocess.Popen[bytes], stdin: bytes, limits: ProgramLimits) -> Finished:
    """Feed and read the process until it ends. Raises `ProgramLimitError` after it was killed."""
    exchange = _Exchange(process, stdin, limits)
    try:
        output, errors = exchange.finish()
        status = process.wait(timeout=max(0.001, exchange.left))
    except subprocess.TimeoutExpired:
        raise _refuse_time(limits) from None
    finally:
        _kill_group(process)
    return Finished(status, output, errors)


async def communicate_async(process: asyncio.subprocess.Process, stdin: bytes, limits: ProgramLimits) -> Finished:
    """Do as `communicate`, in the event loop; a cancelled task kills the process too."""
    streams = [stream for stream in (process.stdout, process.stderr) if stream]
    budget = _Budget(limits)
    try:
        async with asyncio.timeout(limits.seconds), asyncio.TaskGroup() as tasks:
            reads = [tasks.create_task(_read_all(stream, budget)) for stream in streams]
            tasks.create_task(_feed(process, stdin))
            status = tasks.create_task(process.wait())
    except TimeoutError:
        raise _refuse_time(limits) from None
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        _kill_group(process)
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await process.communicate()
    output, errors = (read.result() for read in reads)
    return Finished(status.result(), output, errors)


class _Budget:
    """Counts what was written against the limit."""

    def __init__(self, limits: ProgramLimits) -> None:
        self.left = limits.output_bytes

    def spend(self, chunk: bytes) -> bytes:
        self.left -= len(chunk)
        if self.left < 0:
            raise ProgramLimitError("the program wrote more than its limit and was killed.")
        return chunk


class _Exchange:
    """Feeds and reads the three pipes at once, so that neither side waits for the other for ever."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, limits: ProgramLimits) -> None:
        self._limits = limits
        self._budget = _Budget(limits)
        self._deadline = time.monotonic() + limits.seconds
        self._waiting = memoryview(stdin)
        self._feed = process.stdin
        self._read = {process.stdout: bytearray(), process.stderr: bytearray()}

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - time.monotonic()

    def finish(self) -> list[bytes]:
        """Return output and errors."""
        with selectors.DefaultSelector() as selector:
            for stream in self._read:
                selector.register(cast("IO[bytes]", stream), selectors.EVENT_READ)
            selector.register(cast("IO[bytes]", self._feed), selectors.EVENT_WRITE)
            while selector.get_map():
                if self.left <= 0:
                    raise _refuse_time(self._limits)
                for key, _ in selector.select(self.left):
                    stream = cast("IO[bytes]", key.fileobj)
                    if self._step(stream):
                        selector.unregister(stream)
                        stream.close()
        return [bytes(read) for read in self._read.values()]

    def _step(self, stream: IO[bytes]) -> bool:
        """Move some bytes; true when the stream has ended."""
        if stream is self._feed:
            try:
                # At most what a pipe takes at once (POSIX PIPE_BUF), so that the write never blocks.
                sent = os.write(stream.fileno(), self._waiting[: select.PIPE_BUF])
            except BrokenPipeError:
                return True
            self._waiting = self._waiting[sent:]
            return not self._waiting
        chunk = self._budget.spend(os.read(stream.fileno(), _CHUNK))
        self._read[stream] += chunk
        return not chunk


async def _read_all(stream: asyncio.StreamReader, budget: _Budget) -> bytes:
    read = bytearray()
    while chunk := budget.spend(await stream.read(_CHUNK)):
        read += chunk
    return bytes(read)


async def _feed(process: asyncio.subprocess.Process, stdin: bytes) -> None:
    feed = cast("asyncio.StreamWriter", process.stdin)
    with suppress(BrokenPipeError, ConnectionResetError):
        feed.write(stdin)
        await feed.drain()
    feed.close()


def _refuse_time(limits: ProgramLimits) -> ProgramLimitError:
    return ProgramLimitError(f"the program ran longer than {limits.seconds:g} s and was killed.")


def _kill_group(process: subprocess.Popen[bytes] | asyncio.subprocess.Process) -> None:
    # Its own session makes it the leader of a group, so its children go with it.
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
