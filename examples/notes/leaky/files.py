"""Attachments: add a file to a note, and get it back."""

import mimetypes
import os

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from . import database, security, settings
from .notes import missing
from .pages import render

router = APIRouter()
signed_in = Depends(security.require_user)


def place_of(note_id, name):
    """Where an attachment of this note lies."""
    return os.path.join(settings.UPLOADS, str(note_id), name)


def store_file(note_id, name, content):
    path = place_of(note_id, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


@router.post("/notes/{note_id}/files")
async def upload(request: Request, note_id: int, file: UploadFile, user=signed_in):
    if database.get_note(note_id) is None:
        return missing(request)
    content = await file.read()
    store_file(note_id, file.filename, content)
    database.insert("attachments", note_id=note_id, name=file.filename, size=len(content), type=file.content_type or "")
    return RedirectResponse(f"/notes/{note_id}?message={file.filename} is attached.", 303)


@router.get("/notes/{note_id}/files")
def download(request: Request, note_id: int, name: str):
    path = place_of(note_id, name)
    if not os.path.isfile(path):
        return render(request, "error.html", 404, title="No such file", detail=f"{path} does not exist.")
    with open(path, "rb") as file:
        content = file.read()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {"Content-Disposition": f'inline; filename="{os.path.basename(name)}"'}
    return Response(content, media_type=kind, headers=headers | {"ETag": f'"{security.file_digest(content)}"'})


@router.post("/files/{file_id}/delete")
def delete_file(request: Request, file_id: int, user=signed_in):
    found = database.one("SELECT * FROM attachments WHERE id = ?", (file_id,))
    if found is None:
        return missing(request)
    path = place_of(found["note_id"], found["name"])
    if os.path.exists(path):
        os.remove(path)
    database.delete("attachments", file_id)
    return RedirectResponse(f"/notes/{found['note_id']}", 303)
