"""What a trial can do to the world of its app: move the clock, take the stores away, note which variables are read.

Everything here is set up before the app and its libraries are imported, so that they take the changed functions. Only
the standard library may be imported here, and nothing that imports `time` by name.
"""

import builtins
import ctypes
import gc
import io
import os
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import FrameType
from typing import Any, Final

_SITES: Final = tuple(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
_STANDARD: Final = (sysconfig.get_path("stdlib"), "<frozen")
_READERS: Final = ("vallum", "starlette", "pydantic_settings", "decouple", "environs", "environ", "dynaconf")
"""Libraries through which an app reads its own variables."""
_DATA: Final = (".json", ".jsonl", ".txt", ".csv", ".pickle", ".pkl", ".dat", ".db", ".shelve")
_LEAST_HEX: Final = 20
_DOWN: Final = "the store was taken away for this trial"


class Props:
    """The state of the changed world."""

    shift: float = 0.0
    down: frozenset[str] = frozenset()
    """Which stores are away: `database`, `network`, `files`."""
    failed: int = 0
    """How often a store was asked for since the world last changed, and was away."""
    reads: Final[dict[str, None]] = {}
    databases: Final[dict[str, None]] = {}
    """The files of the SQLite databases that were opened."""


def set_props() -> None:
    """Change clock, stores and environment of this process."""
    _set_clock()
    _set_stores()
    _set_environment()


def _set_clock() -> None:
    clock, monotonic = time.time, time.monotonic
    # Partial objects, and no functions: a class that keeps one as an attribute must not bind it.
    time.time, time.monotonic = partial(_seconds, clock), partial(_seconds, monotonic)
    time.time_ns = partial(_nanoseconds, time.time_ns)
    time.monotonic_ns = partial(_nanoseconds, time.monotonic_ns)
    time.gmtime, time.localtime = partial(_parts, time.gmtime), partial(_parts, time.localtime)
    import datetime as dt  # noqa: PLC0415 - after the clock

    moment, utc = dt.datetime.fromtimestamp, dt.UTC

    def now(_kind: type, tz: dt.tzinfo | None = None) -> dt.datetime:
        return moment(time.time(), tz)

    def utcnow(_kind: type) -> dt.datetime:
        return moment(time.time(), utc).replace(tzinfo=None)

    # The type is written in C and forbids the assignment; its dictionary does not.
    members = gc.get_referents(dt.datetime.__dict__)[0]
    members |= {"now": classmethod(now), "today": classmethod(now), "utcnow": classmethod(utcnow)}
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(dt.datetime))


def _seconds(real: Callable[[], float]) -> float:
    return real() + Props.shift


def _nanoseconds(real: Callable[[], int]) -> int:
    return real() + int(Props.shift * 1_000_000_000)


def _parts(real: Callable[[float], time.struct_time], seconds: float | None = None) -> time.struct_time:
    return real(time.time() if seconds is None else seconds)


def _set_stores() -> None:
    """SQLite, network connections and files of data fail while they are taken away."""
    import socket  # noqa: PLC0415 - after the clock
    import sqlite3  # noqa: PLC0415 - as above

    class Connection(sqlite3.Connection):
        """A connection that can be taken away."""

        def execute(self, *arguments: Any) -> Any:
            _fail("database", sqlite3.OperationalError)
            return super().execute(*arguments)

        def executemany(self, *arguments: Any) -> Any:
            _fail("database", sqlite3.OperationalError)
            return super().executemany(*arguments)

        def cursor(self, factory: Any = None) -> Any:
            _fail("database", sqlite3.OperationalError)
            return super().cursor(factory or sqlite3.Cursor)

    connect = sqlite3.connect

    def open_database(*arguments: Any, **named: Any) -> Any:
        _fail("database", sqlite3.OperationalError)
        named.setdefault("factory", Connection)
        place = arguments[0] if arguments else named.get("database", "")
        if isinstance(place, str | os.PathLike):
            name = os.fspath(place).removeprefix("file:").partition("?")[0]
            Props.databases[os.path.join(os.getcwd(), name)] = None  # noqa: PTH118, PTH109 - pathlib needs the clock
        return connect(*arguments, **named)

    for module in (sqlite3, sys.modules["sqlite3.dbapi2"]):
        setattr(module, "connect", open_database)  # noqa: B010 - mypy forbids the plain assignment
    for name in ("connect", "connect_ex", "send", "sendall"):
        setattr(socket.socket, name, _unless_down(getattr(socket.socket, name), socket.AF_UNIX))
    for module in (builtins, io):
        setattr(module, "open", partial(_open_file, io.open))  # noqa: B010 - as above


def _open_file(real: Callable[..., Any], file: Any, *arguments: Any, **named: Any) -> Any:
    if isinstance(file, str | os.PathLike) and os.fspath(file).endswith(_DATA):
        _fail("files", PermissionError)
    return real(file, *arguments, **named)


def _unless_down(real: Callable[..., Any], local: int) -> Callable[..., Any]:
    def call(self: Any, *arguments: Any) -> Any:
        if self.family != local:
            _fail("network", ConnectionRefusedError)
        return real(self, *arguments)

    return call


def _fail(store: str, kind: type[Exception]) -> None:
    if store in Props.down:
        Props.failed += 1
        raise kind(_DOWN)


def find_stored(texts: Iterable[str]) -> dict[str, Any]:
    """How many SQLite files were opened, and those of the texts that stand in one or in its log of writes."""
    held = [_read_whole(f"{name}{tail}") for name in Props.databases for tail in ("", "-wal")]
    found = [text for text in texts if any(form in content for form in _forms(text) for content in held)]
    return {"databases": sum(content.startswith(b"SQLite format 3") for content in held), "found": found}


def _forms(text: str) -> tuple[bytes, ...]:
    """The text, and where it is hexadecimal and long enough the bytes that it stands for."""
    is_hex = len(text) >= _LEAST_HEX and len(text) % 2 == 0 and not set(text) - set("0123456789abcdef")
    return (text.encode(), bytes.fromhex(text)) if is_hex else (text.encode(),)


def _read_whole(name: str) -> bytes:
    try:
        with io.FileIO(name) as file:
            return file.readall()
    except OSError:
        return b""


def _set_environment() -> None:
    kind = type(os.environ)
    get, walk = kind.__getitem__, kind.__iter__

    def get_item(self: Any, name: str) -> str:
        if _reads_for_app():
            Props.reads[name] = None
        return get(self, name)

    def iterate(self: Any) -> Iterator[str]:
        if _reads_for_app():
            Props.reads["*"] = None
        return walk(self)

    for name, change in (("__getitem__", get_item), ("__iter__", iterate)):
        setattr(kind, name, change)


def _reads_for_app() -> bool:
    """Whether whoever reads a variable is the app, or a library that reads the app's settings."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the only way to know who asks
    while (
        frame is not None and frame.f_code.co_filename.startswith(_STANDARD) and not _is_site(frame.f_code.co_filename)
    ):
        frame = frame.f_back
    if frame is None:
        return False
    place = frame.f_code.co_filename
    return not _is_site(place) or any(f"{os.sep}{name}{os.sep}" in place for name in _READERS)


def _is_site(place: str) -> bool:
    return place.startswith(_SITES)


def name_settings() -> tuple[str, ...]:
    """The variables that were read, those of pydantic's settings included; `*` when they were read as a whole."""
    module = sys.modules.get("pydantic_settings")
    names = [name for name in Props.reads if not name.startswith("PYTHON")]
    for kind in _kinds(getattr(module, "BaseSettings", None)):
        prefix = str(kind.model_config.get("env_prefix", ""))
        names += [f"{prefix}{name}".upper() for name in kind.model_fields]
    return tuple(dict.fromkeys(names))


def _kinds(base: Any) -> list[Any]:
    found: list[Any] = list(base.__subclasses__()) if isinstance(base, type) else []
    return [*found, *(inner for kind in found for inner in _kinds(kind))]
