"""The table of paths: access for what cannot be decorated, such as mounts, API documentation and plain ASGI apps."""

from collections.abc import Mapping
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.authorization.access import Access

_BELOW: Final = "/*"
_DOUBTFUL: Final = ("//", "/./", "/../", "\\", "\0")


class PathTable:
    """Access by exact path ("/docs") or by everything below one ("/static/*"); the longest match wins."""

    def __init__(self, paths: Mapping[str, Access]) -> None:
        """Check the keys. Raises `ConfigError` for one that would open more than it says."""
        for key, access in paths.items():
            if not key.startswith("/") or "*" in key.removesuffix(_BELOW) or any(part in key for part in _DOUBTFUL):
                raise ConfigError(
                    f"paths: {key!r} is neither a path nor a path with /* at its end.",
                    hint='Write "/docs" or "/static/*".',
                    code="paths-unclear",
                )
            if key == _BELOW and access.open:
                raise ConfigError(
                    'paths: "/*" would open every route that declares nothing.',
                    hint='Name the public paths; "/*" may be SIGNED_IN or permission(...).',
                    code="paths-open",
                )
        self._exact = {key: access for key, access in paths.items() if not key.endswith(_BELOW)}
        below = [(key[:-1], access) for key, access in paths.items() if key.endswith(_BELOW)]
        self._below = sorted(below, key=lambda entry: -len(entry[0]))

    def find(self, path: str) -> Access | None:
        """The access that is declared for `path`; None also for a path that another program might read differently."""
        exact = self._exact.get(path)
        if exact is not None or not self._below:
            return exact
        if any(part in path for part in _DOUBTFUL) or path.endswith(("/.", "/..")):
            return None
        return next((access for prefix, access in self._below if path.startswith(prefix) or path == prefix[:-1]), None)
