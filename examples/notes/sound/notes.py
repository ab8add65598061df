"""Write, read, find, pin and delete notes."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from vallum.guard import public, signed_in
from vallum.guard.authorization.ownership import load_or_404
from vallum.guard.frameworks.fastapi import CurrentActor
from vallum.guard.input.expressions import ExpressionRefusedError, Formula

from . import attachments, forms, logbook, notebook, people
from .pages import go, render
from .records import Note

router = APIRouter()
BAD_RULE: Final = "The filter does not work. Try: words > 100 and pinned == 1"


@router.get("/")
@public
def home(request: Request) -> Response:
    return go("/notes") if people.visitor() else render(request, "home.html")


@router.get("/notes")
@signed_in
def notes_list(request: Request, actor: CurrentActor, asked: Annotated[forms.Listing, Query()]) -> Response:
    me = people.me()
    search = notebook.Search(term=asked.q, sort=asked.sort or me.sort, direction=asked.direction or me.direction)
    notes, message = notebook.list_notes(actor.id, search), ""
    try:
        notes = [note for note in notes if keeps(note, asked.rule)] if asked.rule else notes
    except ExpressionRefusedError:
        message = BAD_RULE
    if asked.q and not message:
        message = f"{len(notes)} notes contain {asked.q}."
    values = {"notes": notes[: me.page_size], "q": asked.q, "sort": search.sort, "rule": asked.rule}
    return render(request, "notes/list.html", values, message=message)


def keeps(note: Note, rule: str) -> bool:
    """Tell whether a filter such as `words > 100 and pinned == 1` keeps the note."""
    facts = {"words": len(note.body.split()), "pinned": int(note.pinned), "private": int(note.private)}
    return Formula(rule).evaluate(facts) is True


@router.get("/notes/new")
@signed_in
def new_note(request: Request) -> Response:
    return render(request, "notes/edit.html", {"note": None})


@router.post("/notes")
@signed_in
def create_note(actor: CurrentActor, form: Annotated[forms.Writing, Form()]) -> Response:
    note_id = notebook.add(int(actor.id), form.title, form.body, private=form.private)
    return go(f"/notes/{note_id}")


@router.post("/notes/preview")
@signed_in
def preview_note(request: Request, form: Annotated[forms.Draft, Form()]) -> Response:
    return render(request, "notes/preview.html", {"body": form.body})


@router.get("/notes/{note_id}")
@signed_in
def show_note(request: Request, note_id: forms.RowId, actor: CurrentActor) -> Response:
    note = load_or_404(notebook.find_readable, note_id, actor)
    mine = str(note.owner_id) == actor.id
    editable = notebook.find_editable(note_id, actor.id) is not None
    values = {"note": note, "mine": mine, "editable": editable, "files": notebook.files_of(note)}
    return render(request, "notes/show.html", values)


@router.get("/notes/{note_id}/print")
@signed_in
def print_note(request: Request, note_id: forms.RowId, actor: CurrentActor) -> Response:
    return render(request, "notes/print.html", {"note": load_or_404(notebook.find_readable, note_id, actor)})


@router.get("/notes/{note_id}/edit")
@signed_in
def edit_note(request: Request, note_id: forms.RowId, actor: CurrentActor) -> Response:
    return render(request, "notes/edit.html", {"note": load_or_404(notebook.find_editable, note_id, actor)})


@router.post("/notes/{note_id}")
@signed_in
def save_note(note_id: forms.RowId, actor: CurrentActor, form: Annotated[forms.Writing, Form()]) -> Response:
    note = load_or_404(notebook.find_editable, note_id, actor)
    notebook.save(note.id, form.title, form.body, private=form.private)
    return go(f"/notes/{note.id}")


@router.get("/notes/{note_id}/delete")
@signed_in
def confirm_delete(request: Request, note_id: forms.RowId, actor: CurrentActor) -> Response:
    return render(request, "notes/delete.html", {"note": notebook.OWN.get(note_id, actor)})


@router.post("/notes/{note_id}/delete")
@signed_in
def delete_note(note_id: forms.RowId, actor: CurrentActor) -> Response:
    attachments.remove_all(notebook.OWN.get(note_id, actor))
    notebook.OWN.delete(note_id, actor)
    logbook.note("note-deleted", note=str(note_id))
    return go("/notes", "note-deleted")


@router.post("/notes/{note_id}/pin")
@signed_in
def pin_note(note_id: forms.RowId, actor: CurrentActor) -> Response:
    notebook.pin(notebook.OWN.get(note_id, actor))
    return go("/notes")
