"""The JSON API of the front end and of the sync worker."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from vallum.guard import NotFoundError, current, limited, public, requires, sign_out, signed_in
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authorization.ownership import load_or_404
from vallum.guard.frameworks.fastapi import CurrentActor, StrictJsonRoute
from vallum.guard.tokens.access_tokens import Claims

from . import attachments, factors, forms, notebook, passwords, people, synckeys, tokens
from .admin import statistics
from .records import Note, Person
from .security import MANAGE

router = APIRouter(prefix="/api", route_class=StrictJsonRoute)
Json = dict[str, Any]


def show_note(note: Note) -> Json:
    """What the API tells of a note."""
    names = ("id", "title", "body", "private", "pinned", "created", "updated")
    return {name: getattr(note, name) for name in names}


def show_person(person: Person) -> Json:
    """What the API tells a person of her own account."""
    names = ("id", "username", "email", "display_name", "bio", "website", "accent", "created")
    return {name: getattr(person, name) for name in names}


def show_account(person: Person) -> Json:
    """What the API tells administrators of an account."""
    names = ("id", "username", "email", "is_admin", "is_active", "created")
    return {name: getattr(person, name) for name in names}


@router.get("/health")
@public
def health() -> Json:
    return {"status": "ok"}


@router.post("/token")
@public
async def token(credentials: forms.Credentials) -> Json:
    """An account with a second factor gets no token for its password alone."""
    account = await passwords.log_in(credentials.username, credentials.password)
    if factors.is_due(account.id):
        raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR)
    return tokens.open_family(account.id)


@router.post("/token/refresh")
@public
@limited("60/minute", by="address")
def refresh(given: forms.RefreshToken) -> Json:
    """The refresh token is the credential; it is used up, and the answer holds the next."""
    return tokens.refresh_pair(given.refresh_token)


@router.post("/logout")
@signed_in
def logout() -> Json:
    """Ends the login that the token comes from, or the session."""
    claims = current().claims
    if isinstance(claims, Claims):
        tokens.end_family(claims)
    else:
        sign_out()
    return {"status": "ok"}


@router.get("/me")
@signed_in
def me() -> Json:
    return show_person(people.me())


@router.patch("/me")
@signed_in
def change_me(changes: forms.ProfileIn) -> Json:
    person = people.me()
    names = ("display_name", "website", "bio", "accent")
    given = changes.model_dump(exclude_none=True)
    people.save_profile(person, **{name: given.get(name, getattr(person, name)) for name in names})
    return show_person(people.me())


@router.get("/notes")
@signed_in
def list_notes(actor: CurrentActor, asked: Annotated[forms.Listing, Query()]) -> list[Json]:
    search = notebook.Search(term=asked.q, sort=asked.sort or "updated", direction=asked.direction or "desc")
    return [show_note(note) for note in notebook.list_notes(actor.id, search)]


@router.post("/notes", status_code=201)
@signed_in
def create_note(actor: CurrentActor, note: forms.NoteIn) -> Json:
    note_id = notebook.add(int(actor.id), note.title, note.body, private=note.private)
    return show_note(notebook.OWN.get(note_id, actor))


@router.get("/notes/{note_id}")
@signed_in
def get_note(note_id: forms.RowId, actor: CurrentActor) -> Json:
    return show_note(load_or_404(notebook.find_readable, note_id, actor))


@router.put("/notes/{note_id}")
@signed_in
def change_note(note_id: forms.RowId, actor: CurrentActor, note: forms.NoteIn) -> Json:
    found = notebook.OWN.get(note_id, actor)
    notebook.save(found.id, note.title, note.body, private=note.private)
    return show_note(notebook.OWN.get(note_id, actor))


@router.delete("/notes/{note_id}", status_code=204)
@signed_in
def delete_note(note_id: forms.RowId, actor: CurrentActor) -> None:
    attachments.remove_all(notebook.OWN.get(note_id, actor))
    notebook.OWN.delete(note_id, actor)


@router.get("/users")
@signed_in
@limited("60/minute")
def find_people(actor: CurrentActor, q: Annotated[str, Query(min_length=1, max_length=30)]) -> list[Json]:
    """For the share box: names that everybody may see, and no address."""
    found = [person for person in people.begin_with(q) if str(person.id) != actor.id]
    return [{"username": person.username, "display_name": person.name} for person in found]


@router.get("/admin/users")
@requires(MANAGE)
def all_users() -> list[Json]:
    return [show_account(person) for person in people.everybody()]


@router.get("/admin/stats")
@requires(MANAGE)
def stats() -> Json:
    return statistics()


@router.post("/internal/notes", dependencies=[Depends(synckeys.require_key)])
@public
@limited("60/minute", by="address")
def sync_notes(items: list[forms.SyncNote]) -> Json:
    """Notes that people wrote off line, each for its owner; the whole list or nothing."""
    if any(people.get(item.owner_id) is None for item in items):
        raise NotFoundError
    return {"ids": [notebook.add(item.owner_id, item.title, item.body, private=item.private) for item in items]}
