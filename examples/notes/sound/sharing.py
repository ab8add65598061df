"""Share a note with a person or by a public link."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from vallum.guard import NotFoundError, PublicError, Refusal, public, signed_in
from vallum.guard.frameworks.fastapi import CurrentActor

from . import forms, mail, notebook, people
from .pages import go, render

router = APIRouter()


class NoSuchPersonError(PublicError):
    """A note is shared with somebody else who is here."""

    refusal = Refusal(404, "no-such-person", "There is no other user of this name.")


@router.get("/shared")
@signed_in
def shared_list(request: Request) -> Response:
    return render(request, "notes/shared.html", {"notes": notebook.shared_with(people.me())})


@router.post("/notes/{note_id}/share")
@signed_in
def share_note(note_id: forms.RowId, actor: CurrentActor, form: Annotated[forms.Sharing, Form()]) -> Response:
    note, me, friend = notebook.OWN.get(note_id, actor), people.me(), people.find_named(form.username)
    if friend is None or friend.id == me.id:
        raise NoSuchPersonError
    message = mail.write_invitation(form.greeting, me, note)
    notebook.share(note.id, friend.id, message=message, can_edit=form.can_edit)
    mail.send(friend.email, f"A note from {me.username}", message)
    mail.notify("note shared", note=note.title, by=me.username)
    return go(f"/notes/{note.id}", "shared")


@router.post("/notes/{note_id}/link")
@signed_in
def publish_note(note_id: forms.RowId, actor: CurrentActor) -> Response:
    """Give the note a public link, or take it away."""
    note = notebook.OWN.get(note_id, actor)
    notebook.publish(note)
    return go(f"/notes/{note.id}")


@router.get("/s/{token}")
@public
def public_note(request: Request, token: str) -> Response:
    note = notebook.find_published(token)
    if note is None:
        raise NotFoundError
    return render(request, "notes/public.html", {"note": note})


@router.get("/widgets/{note_id}")
@public
def widget(
    request: Request, note_id: forms.RowId, title: Annotated[str, Query(max_length=120)] = "My note"
) -> Response:
    """A small box with a published note, for other people's pages."""
    note = notebook.get_published(note_id)
    if note is None:
        raise NotFoundError
    return render(request, "notes/widget.html", {"note": note, "title": title})
