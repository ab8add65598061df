"""The actor: who makes this request, taken from the credential and from nothing else (CWE-639, ASVS 8.2.2)."""

from collections.abc import Callable
from typing import Final, NoReturn

from vallum.base.errors import VallumError

_FROM_CREDENTIAL: Final = object()


class Actor:
    """The signed-in user, with the roles of the session and the permissions that the role table gives them.

    Only the guard can build one: the constructor refuses everybody else, and since it is neither a dataclass nor a
    model, no web framework fills it from a body, query or header.
    """

    __slots__ = ("id", "permissions", "roles")

    id: str
    roles: frozenset[str]
    permissions: frozenset[str]

    def __init__(self, proof: object, actor_id: str, roles: frozenset[str], permissions: frozenset[str]) -> None:
        """Refuse unless the guard itself calls."""
        if proof is not _FROM_CREDENTIAL:
            raise VallumError(
                "an Actor comes from a verified credential only.",
                hint="Read it with current().actor, or take it as an argument of type CurrentActor.",
                code="actor-forged",
            )
        _set_id(self, actor_id)
        _set_roles(self, roles)
        _set_permissions(self, permissions)

    def may(self, permission: str) -> bool:
        """Tell whether the role table grants `permission`; an unknown one is granted to nobody."""
        return permission in self.permissions

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: an actor does not gain rights during a request."""
        raise AttributeError(f"an Actor cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        """The same user with the same roles."""
        return isinstance(other, Actor) and (self.id, self.roles) == (other.id, other.roles)

    def __hash__(self) -> int:
        """By identity and roles."""
        return hash((self.id, self.roles))

    def __repr__(self) -> str:
        """The id and roles; neither is a secret."""
        return f"Actor({self.id!r}, roles={sorted(self.roles)})"


# The slots' own setters, since `__setattr__` refuses everybody.
_set_id: Final[Callable[[Actor, str], None]] = Actor.__dict__["id"].__set__
_set_roles: Final[Callable[[Actor, frozenset[str]], None]] = Actor.__dict__["roles"].__set__
_set_permissions: Final[Callable[[Actor, frozenset[str]], None]] = Actor.__dict__["permissions"].__set__


def recognise_actor(actor_id: str, roles: frozenset[str], permissions: frozenset[str]) -> Actor:
    """Build the actor of a verified credential. For the guard's own identity steps, never for handlers."""
    return Actor(_FROM_CREDENTIAL, actor_id, roles, permissions)
