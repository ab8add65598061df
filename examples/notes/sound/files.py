"""Attachments: add a file to a note, and get it back."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response

from vallum.guard import accepts_body, limited, signed_in
from vallum.guard.authorization.ownership import load_or_404
from vallum.guard.frameworks.fastapi import CurrentActor

from . import attachments, forms, notebook
from .pages import go

router = APIRouter()
FRAME = 64 * 1024
"""What a multipart form holds besides the file."""


@router.post("/notes/{note_id}/files")
@signed_in
@limited("60/minute")
@accepts_body(attachments.LARGEST + FRAME)
def upload(note_id: forms.RowId, actor: CurrentActor, form: Annotated[forms.Upload, Form()]) -> Response:
    note = notebook.OWN.get(note_id, actor)
    attachments.store(note, form.file.filename or "", form.file.file)
    return go(f"/notes/{note.id}", "attached")


@router.get("/notes/{note_id}/files")
@signed_in
def download(note_id: forms.RowId, actor: CurrentActor, name: Annotated[str, Query(max_length=200)]) -> Response:
    note = load_or_404(notebook.find_readable, note_id, actor)
    attachment, content = attachments.read(note, name)
    return Response(content, headers=attachments.headers_of(attachment))


@router.post("/files/{file_id}/delete")
@signed_in
def delete_file(file_id: forms.RowId, actor: CurrentActor) -> Response:
    attachment = load_or_404(attachments.find, file_id, actor)
    attachments.remove(attachment)
    return go(f"/notes/{attachment.note_id}")
