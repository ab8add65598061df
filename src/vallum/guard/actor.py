"""The actor: who makes this request, taken from the credential and from nothing else (CWE-639, ASVS 8.2.2)."""

from collections.abc import Iterable
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

    def __init__(self, *, proof: object, actor_id: str, roles: Iterable[str], permissions: Iterable[str]) -> None:
        """Refuse unless the guard itself calls."""
        if proof is not _FROM_CREDENTIAL:
            raise VallumError(
                "an Actor comes from a verified credential only.",
                hint="Read it with current().actor, or take it as an argument of type CurrentActor.",
                code="actor-forged",
            )
        set_once = object.__setattr__
        set_once(self, "id", actor_id)
        set_once(self, "roles", frozenset(roles))
        set_once(self, "permissions", frozenset(permissions))

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


def recognise_actor(actor_id: str, roles: Iterable[str], permissions: Iterable[str]) -> Actor:
    """Build the actor of a verified credential. For the guard's own identity steps, never for handlers."""
    return Actor(proof=_FROM_CREDENTIAL, actor_id=actor_id, roles=roles, permissions=permissions)
