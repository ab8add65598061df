"""Finds the app that `module:app` names, and tells ASGI from WSGI."""

import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from vallum.base.errors import UsageError, VallumError

_CALL: Final = re.compile(r"\(\s*\)\Z")
_WORDS_ARE_SAFE: Final = (ImportError, SyntaxError, NameError, AttributeError, SystemExit, VallumError)
_USUAL: Final = ("app", "application", "create_app", "make_app", "get_app", "asgi", "wsgi")


def load_app(target: str, folder: Path | None = None) -> Any:
    """Import the app that `module:app` names; a factory without required arguments is called.

    `folder` (the working directory when None) is put on the import path. Raises `UsageError` with one line that says
    what is there instead.
    """
    module_name, colon, name = target.partition(":")
    if not module_name or not colon or not name:
        raise UsageError(f'"{target}" names no app.', hint="Try: module:app", code="probe-target")
    where = str((folder or Path.cwd()).resolve())
    if where not in sys.path:
        sys.path.insert(0, where)
    module = _import(module_name)
    found = _find(module, _CALL.sub("", name))
    return _build(found, target)


def find_style(app: Any) -> str:
    """`asgi` or `wsgi`. Raises `UsageError` for an object that is neither."""
    if hasattr(app, "wsgi_app"):
        return "wsgi"
    call = app if inspect.isroutine(app) or inspect.isclass(app) else getattr(app, "__call__", None)  # noqa: B004
    if call is None:
        raise UsageError(f"{type(app).__name__} is no app: it cannot be called.", code="probe-app")
    if inspect.iscoroutinefunction(call):
        return "asgi"
    required = _required(call)
    if required in (2, 3):
        return "asgi" if required == 3 else "wsgi"
    raise UsageError(
        f"{type(app).__name__} is neither an ASGI app (scope, receive, send) nor a WSGI app (environ, start_response).",
        code="probe-app",
    )


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise UsageError(
                f'there is no module "{name}".', hint="Run in the folder that holds it.", code="probe-module"
            ) from error
        raise UsageError(
            f'{name} imports "{missing}", which is not installed.', hint="Install what the app needs.", code="probe-app"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        hint = f'See it whole: python -c "import {name}"'
        raise UsageError(f"{name} cannot be imported: {_tell(error)}.", hint=hint, code="probe-import") from error


def _tell(error: BaseException) -> str:
    """What an import died of: its place, and its words only where these cannot hold a value such as a password."""
    kind = type(error).__name__
    if isinstance(error, _WORDS_ARE_SAFE):
        return f"{kind}: {' '.join(str(error).split())[:300]}".rstrip(".")
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{kind} in {Path(frame.filename).name}:{frame.lineno}"


def _find(module: ModuleType, name: str) -> Any:
    value: Any = module
    for part in name.split("."):
        value = getattr(value, part, None)
        if value is None:
            raise _missing(module, name)
    return value


def _missing(module: ModuleType, name: str) -> UsageError:
    own = [key for key, value in vars(module).items() if not key.startswith("_") and _may_be_app(module, value)]
    named = [key for key in _USUAL if key in own]
    has = named or own[:6]
    near = (get_close_matches(name, own, n=1) or has or [""])[0]
    told = f" It has: {', '.join(has)}." if has else " It has no app."
    return UsageError(
        f'{module.__name__} has no "{name}".{told}',
        hint=f"Try: {module.__name__}:{near}" if near else "",
        code="probe-attribute",
    )


def _may_be_app(module: ModuleType, value: object) -> bool:
    if not callable(value) or inspect.isclass(value):
        return False
    return not inspect.isfunction(value) or value.__module__ == module.__name__


def _build(found: Any, target: str) -> Any:
    if not inspect.isroutine(found) or inspect.iscoroutinefunction(found) or _required(found) >= 2:
        return found
    if _required(found):
        needs = ", ".join(_required_names(found))
        raise UsageError(f"{target} is a factory that needs {needs}.", hint="Give a factory without arguments.")
    try:
        return found()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        told = " ".join(str(error).split())[:300]
        raise UsageError(f"{target}() fails: {type(error).__name__}: {told}", code="probe-factory") from error


def _required(call: Callable[..., Any]) -> int:
    return len(_required_names(call))


def _required_names(call: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional and p.default is inspect.Parameter.empty]
