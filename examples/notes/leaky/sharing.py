"""Share a note with a person or by a public link."""

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from . import database, mail, preview, security
from .notes import missing, readable
from .pages import render

router = APIRouter()
signed_in = Depends(security.require_user)
GREETING = "{{ sender }} shares “{{ title }}” with you."


@router.get("/shared")
def shared_list(request: Request, user=signed_in):
    return render(request, "notes/shared.html", notes=database.shared_notes(user["id"]))


@router.post("/notes/{note_id}/share")
def share_note(
    request: Request,
    note_id: int,
    username: str = Form(),
    greeting: str = Form(GREETING),
    can_edit: bool = Form(False),
    user=signed_in,
):
    note, friend = database.get_note(note_id), database.user_named(username)
    if note is None:
        return missing(request)
    if friend is None:
        return HTMLResponse(f'<p>There is no user {username}. <a href="/notes/{note_id}">Back</a></p>', 404)
    message = mail.invitation(greeting, user, note)
    database.insert("shares", note_id=note_id, user_id=friend["id"], can_edit=int(can_edit), message=message)
    mail.send(friend["email"], f"A note from {user['username']}", message)
    mail.notify("note shared", note=note["title"], by=user["username"])
    return RedirectResponse(f"/notes/{note_id}?message=Shared with {username}.", 303)


@router.get("/notes/{note_id}/link")
@router.post("/notes/{note_id}/link")
def publish_note(request: Request, note_id: int, user=signed_in):
    """Give the note a public link, or take it away."""
    note = database.get_note(note_id)
    if note is None:
        return missing(request)
    token = None if note["link_token"] else security.link_token()
    database.update("notes", note_id, {"link_token": token})
    return RedirectResponse(f"/notes/{note_id}", 303)


@router.get("/s/{token}")
def public_note(request: Request, token: str):
    note = readable(database.note_by_link(token))
    if note is None:
        return missing(request)
    return render(request, "notes/public.html", note=note)


@router.get("/widgets/{note_id}")
def widget(note_id: int, title: str = "My note"):
    """A small box with a published note, for other people's pages."""
    note = readable(database.get_note(note_id))
    if note is None or not note["link_token"]:
        return HTMLResponse("<p>This note is not published.</p>", 404)
    return HTMLResponse(f"<aside><h4>{title}</h4>{preview.render(note['body'])}</aside>")
