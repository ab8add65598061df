"""Paths that only developers and attackers ask for: debuggers, metrics, consoles, dot files (CWE-489, CWE-538)."""

import re
from typing import Final

_NAMES: Final = (
    "_debug",
    "__debug__",
    "debug",
    "debugger",
    "_debugbar",
    "_profiler",
    "actuator",
    "adminer",
    "console",
    "graphiql",
    "h2-console",
    "heapdump",
    "info.php",
    "jolokia",
    "metrics",
    "phpinfo",
    "phpmyadmin",
    "pprof",
    "server-info",
    "server-status",
    "silk",
    "threaddump",
)
_DEBUG: Final = re.compile(
    rf"/+(?:{'|'.join(map(re.escape, _NAMES))})(?:\.php)?(?:/|\Z)|(?:.*/)?\.(?!well-known(?:/|\Z))[^/]",
    re.IGNORECASE | re.DOTALL,
).match


def is_debug_path(path: str) -> bool:
    """Tell whether `path` begins with such a name, or has a hidden file or folder in it; `/.well-known` has its use."""
    return _DEBUG(path) is not None
