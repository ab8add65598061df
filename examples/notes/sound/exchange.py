"""Take all notes home as JSON or YAML, and bring them back."""

import json
from dataclasses import asdict
from typing import Annotated, Final, Literal

import yaml
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from vallum.guard import limited, signed_in
from vallum.guard.frameworks.fastapi import CurrentActor
from vallum.guard.input.loaders import InputRefusedError, LoadLimits, load_json, load_yaml

from . import forms, notebook
from .pages import go, render
from .records import Note

router = APIRouter()
LIMITS: Final = LoadLimits(size=1024 * 1024, depth=4, values=20_000)
MOST: Final = 500
BAD_FILE: Final = "The import failed: this is not a list of notes with title and body."


@router.get("/export")
@signed_in
@limited("30/minute")
def export_notes(actor: CurrentActor, format: Literal["json", "yaml"] = "json") -> Response:  # noqa: A002 - in every link
    entries = [asdict(export_note(note)) for note in notebook.OWN.list(actor)]
    headers = {"Content-Disposition": f'attachment; filename="notes.{format}"'}
    if format == "yaml":
        text = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False)
        return Response(text, media_type="application/yaml", headers=headers)
    return Response(json.dumps(entries, indent=2), media_type="application/json", headers=headers)


def export_note(note: Note) -> forms.ExportedNote:
    """The part of a note that another place can use."""
    return forms.ExportedNote(note.title, note.body, note.pinned, note.created, note.updated)


@router.get("/import")
@signed_in
def import_form(request: Request) -> Response:
    return render(request, "notes/import.html")


@router.post("/import")
@signed_in
@limited("30/minute")
def import_notes(request: Request, actor: CurrentActor, form: Annotated[forms.Bringing, Form()]) -> Response:
    try:
        entries = read_entries(form)
    except InputRefusedError:
        return render(request, "notes/import.html", status=400, message=BAD_FILE)
    for entry in entries[:MOST]:
        notebook.add(int(actor.id), entry.title, entry.body)
    return go("/notes", "imported")


def read_entries(form: forms.Bringing) -> list[forms.ExportedNote]:
    """The notes in the file, or in the text. Raises `InputRefusedError`."""
    name = form.file.filename or "" if form.file else ""
    data = form.file.file.read(LIMITS.size + 1) if form.file and name else form.text.encode()
    load = load_json if name.endswith(".json") or data.lstrip().startswith(b"[") else load_yaml
    return load(data, list[forms.ExportedNote], limits=LIMITS)
