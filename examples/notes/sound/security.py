"""The roles, and what each may do."""

from typing import Final

MANAGE: Final = "site:manage"
ROLES: Final = {"writer": frozenset({"notes:write"}), "admin": frozenset({"notes:write", MANAGE})}
