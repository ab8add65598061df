"""Attachments on disk: known kinds only, told by their bytes, under names that the server draws."""

import re
from typing import BinaryIO, Final
from urllib.parse import quote

from vallum.base.errors import RefusedError
from vallum.guard import NotFoundError
from vallum.guard.crypto.random import token
from vallum.guard.data.queries import Query
from vallum.guard.files.paths import SafeFolder

from . import database, notebook
from .records import Attachment, Note
from .settings import SETTINGS

FOLDER: Final = SafeFolder(SETTINGS.uploads)
LARGEST: Final = 5 * 1024 * 1024
NAME: Final = re.compile(r"\w[\w ()-]{0,80}\.(png|jpg|jpeg|pdf|txt)", re.IGNORECASE)
"""One extension of the list, and no other dot: not `shell.php.png`, not `.htaccess`."""
KINDS: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "pdf": "application/pdf",
    "txt": "text/plain; charset=utf-8",
}
SIGNS: Final = {"png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "pdf": b"%PDF-"}
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

ADD: Final = Query(
    "INSERT INTO attachments (note_id, name, stored, kind, size) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
FIND: Final = Query(
    "SELECT attachments.id, note_id, name, stored, kind, size FROM attachments JOIN notes ON notes.id = note_id"
    " WHERE attachments.id = ? AND owner_id = ?"
)
REMOVE: Final = Query("DELETE FROM attachments WHERE id = ?")


class FileRefusedError(RefusedError):
    """A file of another kind than is taken here, or a name that is taken already."""

    code = "file-refused"


class FileTooLargeError(FileRefusedError):
    """A file of more than 5 MiB."""

    status = 413


def store(note: Note, name: str, source: BinaryIO) -> None:
    """Keep a file. Raises `FileRefusedError`, and leaves nothing behind then."""
    content = source.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise FileTooLargeError("an attachment has at most 5 MiB.")
    found = NAME.fullmatch(name)
    if not found or not fits(found[1].lower(), content):
        raise FileRefusedError("an attachment is a PNG, JPEG, PDF or text file, and called so.")
    extension = found[1].lower()
    stored = f"{token()}.{extension}"
    with FOLDER.create(stored) as file:
        file.write(content)
    if not database.change(ADD, (note.id, name, stored, KINDS[extension], len(content))):
        FOLDER.remove(stored)
        raise FileRefusedError("the note has a file of this name.")


def fits(extension: str, content: bytes) -> bool:
    """Tell whether the bytes are what the extension says; the client's own word for it does not count."""
    if extension in SIGNS:
        return content.startswith(SIGNS[extension])
    try:
        return not CONTROL.search(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def read(note: Note, name: str) -> tuple[Attachment, bytes]:
    """An attachment of the note, and its content. Raises `NotFoundError`."""
    attachment = notebook.find_file(note, name)
    if attachment is None:
        raise NotFoundError
    with FOLDER.open(attachment.stored) as file:
        return attachment, file.read()


def disposition(attachment: Attachment) -> str:
    """The header that has browsers save the file in place of showing it (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"


def find(file_id: int, owner_id: str) -> Attachment | None:
    """An attachment, for the owner of its note."""
    return database.find_one(FIND, (file_id, owner_id), Attachment)


def remove(attachment: Attachment) -> None:
    """Remove the file and its row."""
    if database.change(REMOVE, (attachment.id,)):
        FOLDER.remove(attachment.stored)


def remove_all(note: Note) -> None:
    """Remove the files of a note."""
    for attachment in notebook.files_of(note):
        remove(attachment)
