"""Write, read, find, pin and delete notes."""

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from . import database, preview, security
from .logbook import log
from .pages import render, render_plain
from .sessions import read_preferences

router = APIRouter()
signed_in = Depends(security.require_user)


def readable(note):
    """The note with its text unlocked."""
    if note and note["private"]:
        note["body"] = security.unlock_text(note["body"])
    return note


def facts(note):
    """What a filter such as `words > 100 and pinned` can speak of."""
    return {**note, "words": len(note["body"].split())}


def keep(notes, rule):
    """Only the notes for which the filter rule holds."""
    return [note for note in notes if eval(rule, {}, facts(note))]


def missing(request):
    return render(request, "error.html", 404, title="No such note", detail="It may have been deleted.")


@router.get("/")
def home(request: Request):
    if request.state.user:
        return RedirectResponse("/notes", 303)
    return render(request, "home.html")


@router.get("/notes")
def notes_list(request: Request, q: str = "", sort: str = "", direction: str = "", rule: str = "", user=signed_in):
    preferences = read_preferences(request)
    found = database.list_notes(user["id"], q, sort or preferences["sort"], direction or preferences["direction"])
    notes = [readable(note) for note in found]
    message = ""
    if rule:
        try:
            notes = keep(notes, rule)
        except Exception as error:
            message = f"The filter does not work: {error}"
    if q:
        message = message or f"{len(notes)} notes contain <b>{q}</b>."
    notes = notes[: int(preferences["page_size"])]
    return render(request, "notes/list.html", notes=notes, q=q, sort=sort, rule=rule, message=message)


@router.get("/notes/new")
def new_note(request: Request, user=signed_in):
    return render(request, "notes/edit.html", note=None)


@router.post("/notes")
def create_note(
    request: Request, title: str = Form(), body: str = Form(""), private: bool = Form(False), user=signed_in
):
    note_id = add_note(user["id"], title, body, private)
    return RedirectResponse(f"/notes/{note_id}", 303)


def add_note(owner_id, title, body, private=False):
    """Store a note and give its number."""
    moment = database.now()
    return database.insert(
        "notes",
        owner_id=owner_id,
        title=title,
        body=security.lock_text(body) if private else body,
        private=int(private),
        created=moment,
        updated=moment,
    )


@router.post("/notes/preview")
def preview_note(body: str = Form("")):
    return HTMLResponse(f'<article class="preview">{preview.render(body)}</article>')


@router.get("/notes/{note_id}")
def show_note(request: Request, note_id: int, user=signed_in):
    note = readable(database.get_note(note_id))
    if note is None:
        return missing(request)
    mine = note["owner_id"] == user["id"]
    files = database.attachments(note_id)
    return render(request, "notes/show.html", note=note, mine=mine, files=files)


@router.get("/notes/{note_id}/print")
def print_note(request: Request, note_id: int, user=signed_in):
    note = readable(database.get_note(note_id))
    if note is None:
        return missing(request)
    return HTMLResponse(render_plain("notes/print.html", note=note))


@router.get("/notes/{note_id}/edit")
def edit_note(request: Request, note_id: int, user=signed_in):
    note = readable(database.get_note(note_id))
    return render(request, "notes/edit.html", note=note) if note else missing(request)


@router.post("/notes/{note_id}")
def save_note(
    request: Request,
    note_id: int,
    title: str = Form(),
    body: str = Form(""),
    private: bool = Form(False),
    user=signed_in,
):
    if database.get_note(note_id) is None:
        return missing(request)
    text = security.lock_text(body) if private else body
    fields = {"title": title, "body": text, "private": int(private), "updated": database.now()}
    database.update("notes", note_id, fields)
    return RedirectResponse(f"/notes/{note_id}", 303)


@router.post("/notes/{note_id}/delete")
def delete_note(request: Request, note_id: int, user=signed_in):
    log.warning(f"{user['username']} deletes note {note_id}")
    database.delete("notes", note_id)
    return RedirectResponse("/notes?message=The note is deleted.", 303)


@router.get("/notes/{note_id}/pin")
@router.post("/notes/{note_id}/pin")
def pin_note(request: Request, note_id: int, user=signed_in):
    note = database.get_note(note_id)
    if note is None:
        return missing(request)
    database.update("notes", note_id, {"pinned": 1 - note["pinned"]})
    return RedirectResponse("/notes", 303)
