"""Objects of an owner: reached through the owner only; "not yours" looks like "not there" (CWE-639)."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from vallum.base.errors import VallumError
from vallum.guard.actor import Actor
from vallum.guard.errors.public import NotFoundError

KEEPS: Final = ("object-ownership",)

Key = TypeVar("Key")
Item = TypeVar("Item")


def load_or_404(loader: Callable[[Key, str], Item | None], key: Key, actor: Actor) -> Item:
    """The object under `key` if it is the actor's, from `loader(key, actor_id)`, whose query names the owner.

    Raises `NotFoundError` (404) alike for an object that is not there and for one that is not hers.
    """
    return _demand(loader(key, _id_of(actor)), actor)


async def load_later(loader: Callable[[Key, str], Awaitable[Item | None]], key: Key, actor: Actor) -> Item:
    """`load_or_404` for a loader that must be awaited."""
    return _demand(await loader(key, _id_of(actor)), actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedObjects(Generic[Key, Item]):
    """A repository that cannot be asked without an actor.

    `find(key, owner_id)` and `find_all(owner_id)` put the owner into their query; `owner_of` is the second lock: what
    a query returned by mistake goes to nobody. `remove(key, owner_id)` tells whether it removed something.
    """

    find: Callable[[Key, str], Item | None]
    find_all: Callable[[str], Iterable[Item]]
    owner_of: Callable[[Item], str]
    remove: Callable[[Key, str], bool] | None = None

    def get(self, key: Key, actor: Actor) -> Item:
        """The actor's object under `key`. Raises `NotFoundError`."""
        item = self.find(key, _id_of(actor))
        return _demand(item if item is not None and self.owner_of(item) == actor.id else None, actor)

    def list(self, actor: Actor) -> list[Item]:
        """All objects of the actor."""
        return [item for item in self.find_all(_id_of(actor)) if self.owner_of(item) == actor.id]

    def delete(self, key: Key, actor: Actor) -> None:
        """Remove the actor's object under `key`. Raises `NotFoundError` if nothing of hers was there."""
        if self.remove is None:
            raise VallumError("these objects cannot be removed.", hint="Pass remove=.", code="no-remove")
        if not self.remove(key, _id_of(actor)):
            raise NotFoundError(f"{actor.id} removed nothing")


def _id_of(actor: Actor) -> str:
    if not isinstance(actor, Actor):
        raise VallumError(
            f"ownership is checked for an Actor, not for {type(actor).__name__}.",
            hint="Pass current_actor(); an id from the request proves nothing.",
            code="actor-missing",
        )
    return actor.id


def _demand(item: Item | None, actor: Actor) -> Item:
    if item is None:
        raise NotFoundError(f"not there or not of {actor.id}")
    return item
