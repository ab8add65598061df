"""Take all notes home as JSON or YAML, and bring them back."""

import json

import yaml
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from . import database, security
from .notes import add_note, readable
from .pages import render

router = APIRouter()
signed_in = Depends(security.require_user)
FIELDS = ("title", "body", "pinned", "created", "updated")


def read_notes(text, name):
    """The notes in an exported file."""
    if name.endswith(".json") or text.lstrip().startswith("["):
        return json.loads(text)
    return yaml.load(text, Loader=yaml.Loader)


@router.get("/export")
def export_notes(request: Request, format: str = "json", user=signed_in):
    notes = [readable(note) for note in database.list_notes(user["id"])]
    entries = [{field: note[field] for field in FIELDS} for note in notes]
    if format == "yaml":
        text = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False)
        return Response(text, media_type="application/yaml", headers=attachment("notes.yaml"))
    return Response(json.dumps(entries, indent=2), media_type="application/json", headers=attachment("notes.json"))


def attachment(name):
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@router.get("/import")
def import_form(request: Request, user=signed_in):
    return render(request, "notes/import.html")


@router.post("/import")
async def import_notes(request: Request, user=signed_in):
    async with request.form() as form:
        upload = form.get("file")
        name = getattr(upload, "filename", "") or ""
        text = (await upload.read()).decode() if name else form.get("text", "")
    try:
        entries = read_notes(text, name)
        for entry in entries:
            add_note(user["id"], entry["title"], entry.get("body", ""))
    except Exception as error:
        return render(request, "notes/import.html", 400, message=f"Import failed: {error!r}")
    return RedirectResponse(f"/notes?message={len(entries)} notes came in.", 303)
