"""Attachments on disk: known kinds only, told by their bytes, under names that the server draws."""

import codecs
import re
from typing import BinaryIO, Final

from vallum.base.errors import RefusedError
from vallum.guard import NotFoundError
from vallum.guard.data.queries import Query
from vallum.guard.files.file_types import JPEG, PDF, PNG, FileType
from vallum.guard.files.uploads import MOST_BYTES, UploadPolicy, UploadStore

from . import database, notebook
from .records import Attachment, Note
from .settings import SETTINGS

CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LARGEST: Final = MOST_BYTES


def is_text(head: bytes) -> bool:
    """Tell whether a file begins as UTF-8 text without control characters; it may be cut within a character."""
    try:
        return not CONTROL.search(codecs.getincrementaldecoder("utf-8")().decode(head))
    except UnicodeDecodeError:
        return False


TEXT: Final = FileType(media_type="text/plain; charset=utf-8", extensions=("txt",), matches=is_text)
STORE: Final = UploadStore(SETTINGS.uploads, UploadPolicy(types=(PNG, JPEG, PDF, TEXT)))

ADD: Final = Query(
    "INSERT INTO attachments (note_id, name, stored, kind, size) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
FIND: Final = Query(
    "SELECT attachments.id, note_id, name, stored, kind, size FROM attachments JOIN notes ON notes.id = note_id"
    " WHERE attachments.id = ? AND owner_id = ?"
)
REMOVE: Final = Query("DELETE FROM attachments WHERE id = ?")


class NameTakenError(RefusedError):
    """The note has a file of this name."""

    code = "file-name-taken"


def store(note: Note, name: str, source: BinaryIO) -> None:
    """Keep a file. Raises `UploadRefusedError` and `NameTakenError`, and leaves nothing behind then."""
    kept = STORE.receive(source, name=name)
    if not database.change(ADD, (note.id, name, kept.name, kept.media_type, kept.size)):
        STORE.remove(kept.name)
        raise NameTakenError("the note has a file of this name.")


def read(note: Note, name: str) -> tuple[Attachment, bytes]:
    """An attachment of the note, and its content. Raises `NotFoundError`."""
    attachment = notebook.find_file(note, name)
    if attachment is None:
        raise NotFoundError
    with STORE.open(attachment.stored) as file:
        return attachment, file.read()


def headers_of(attachment: Attachment) -> dict[str, str]:
    """The headers that have browsers save the file in place of showing it."""
    return STORE.headers(attachment.stored, attachment.name)


def find(file_id: int, owner_id: str) -> Attachment | None:
    """An attachment, for the owner of its note."""
    return database.find_one(FIND, (file_id, owner_id), Attachment)


def remove(attachment: Attachment) -> None:
    """Remove the file and its row."""
    if database.change(REMOVE, (attachment.id,)):
        STORE.remove(attachment.stored)


def remove_all(note: Note) -> None:
    """Remove the files of a note."""
    for attachment in notebook.files_of(note):
        remove(attachment)
