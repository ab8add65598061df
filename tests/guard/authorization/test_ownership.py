"""Objects are reached through their owner; not there and not yours are one answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vallum.base.errors import VallumError
from vallum.guard import Guard, NotFoundError, current_actor, public, sign_in, signed_in
from vallum.guard.actor import recognise_actor
from vallum.guard.authorization.ownership import OwnedObjects, load_later, load_or_404

ADA = recognise_actor("ada", frozenset(), frozenset())
NOTES = {1: ("ada", "milk"), 2: ("bob", "bread")}


def find(key: int, owner: str) -> tuple[str, str] | None:
    note = NOTES.get(key)
    return note if note is not None and note[0] == owner else None


def test_the_owner_gets_it_and_nobody_else() -> None:
    assert load_or_404(find, 1, ADA) == ("ada", "milk")
    for key in (2, 3):
        with pytest.raises(NotFoundError):
            load_or_404(find, key, ADA)


def test_later() -> None:
    async def find_later(key: int, owner: str) -> tuple[str, str] | None:
        return find(key, owner)

    assert asyncio.run(load_later(find_later, 1, ADA)) == ("ada", "milk")
    with pytest.raises(NotFoundError):
        asyncio.run(load_later(find_later, 2, ADA))


@pytest.mark.parametrize("actor", ["ada", None, {"id": "ada"}])
def test_an_id_is_no_actor(actor: Any) -> None:
    with pytest.raises(VallumError, match="checked for an Actor"):
        load_or_404(find, 1, actor)


def test_a_query_that_forgets_the_owner_leaks_nothing() -> None:
    forgetful = OwnedObjects(
        find=lambda key, owner: NOTES.get(key), find_all=lambda owner: NOTES.values(), owner_of=lambda note: note[0]
    )
    assert forgetful.get(1, ADA) == ("ada", "milk")
    assert forgetful.list(ADA) == [("ada", "milk")]
    with pytest.raises(NotFoundError):
        forgetful.get(2, ADA)
    with pytest.raises(VallumError, match="cannot be removed"):
        forgetful.delete(1, ADA)


def test_removing() -> None:
    held = dict(NOTES)

    def remove(key: int, owner: str) -> bool:
        return held.pop(key, None) is not None if held.get(key, ("",))[0] == owner else False

    notes = OwnedObjects(find=find, find_all=lambda owner: [], owner_of=lambda note: note[0], remove=remove)
    notes.delete(1, ADA)
    for key in (1, 2):
        with pytest.raises(NotFoundError):
            notes.delete(key, ADA)
    assert held == {2: ("bob", "bread")}


def test_the_two_answers_are_the_same(policy: Callable[..., Any], browse: Callable[..., Any]) -> None:
    @public
    async def enter(_: Request) -> JSONResponse:
        sign_in("ada")
        return JSONResponse({})

    @signed_in
    async def note(request: Request) -> JSONResponse:
        return JSONResponse(load_or_404(find, request.path_params["key"], current_actor()))

    app = Starlette(routes=[Route("/enter", enter, methods=["POST"]), Route("/notes/{key:int}", note)])
    Guard(app, policy=policy())
    browser = browse(app)
    browser("POST", "/enter")
    assert browser("GET", "/notes/1").json() == ["ada", "milk"]
    theirs, missing = browser("GET", "/notes/2"), browser("GET", "/notes/3")
    assert theirs.status_code == missing.status_code == 404
    without_id = [answer.text.replace(answer.headers["x-request-id"], "") for answer in (theirs, missing)]
    assert without_id[0] == without_id[1]
    assert list(theirs.headers) == list(missing.headers)
