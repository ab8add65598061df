"""The role table: roles to permissions, in one place on the server; the unknown grants nothing (ASVS 8.1.1)."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final

from vallum.base.errors import ConfigError

KEEPS: Final = ("rbac",)


Grant = tuple[frozenset[str], frozenset[str]]
_REMEMBERED: Final = 1024


class RoleTable:
    """Which permissions each role grants, fixed when the guard is built."""

    def __init__(self, roles: Mapping[str, Iterable[str]]) -> None:
        """Copy the table. Raises `ConfigError` for a permission list that is a bare string, or a wildcard."""
        self._granted: dict[str, frozenset[str]] = {}
        for role, permissions in roles.items():
            names = frozenset([permissions] if isinstance(permissions, str) else permissions)
            if isinstance(permissions, str) or any("*" in name or not name for name in names):
                raise ConfigError(
                    f"roles: {role!r} needs a collection of exact permission names.",
                    hint='For example roles={"editor": {"notes:read", "notes:write"}}.',
                    code="roles-unclear",
                )
            self._granted[role] = names

        self.look_up: Callable[[tuple[str, ...]], Grant] = lru_cache(maxsize=_REMEMBERED)(self._look_up)
        """The roles of a session as a set, with everything that they grant together."""

    def permissions_of(self, roles: Iterable[str]) -> frozenset[str]:
        """Everything that `roles` grant together; an unknown role grants nothing."""
        return frozenset[str]().union(*(self._granted.get(role, frozenset()) for role in roles))

    def _look_up(self, roles: tuple[str, ...]) -> Grant:
        return frozenset(roles), self.permissions_of(roles)
