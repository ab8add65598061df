"""Notes in the database: each is reached through who may have it, and the text of private ones is locked."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from vallum.guard.authorization.ownership import OwnedObjects
from vallum.guard.crypto.random import token
from vallum.guard.data.queries import Identifiers, Query, Statement

from . import database, trail
from .records import Attachment, Invitation, Note, Person
from .vault import VAULT

SORTS: Final = Identifiers("updated", "created", "title")
DIRECTIONS: Final = Identifiers(desc="DESC", asc="ASC")

LIST: Final = Query(
    "SELECT * FROM owned_notes WHERE owner_id = :owner"
    " AND (instr(lower(title), lower(:term)) OR instr(lower(body), lower(:term)))"
    " ORDER BY pinned DESC, {sort} {direction}",
    sort=SORTS,
    direction=DIRECTIONS,
)
FIND_OWN: Final = Query("SELECT * FROM owned_notes WHERE id = ? AND owner_id = ?")
FIND_READABLE: Final = Query(
    "SELECT * FROM owned_notes WHERE id = :note AND (owner_id = :reader"
    " OR EXISTS (SELECT 1 FROM shares WHERE note_id = owned_notes.id AND user_id = :reader))"
)
FIND_EDITABLE: Final = Query(
    "SELECT * FROM owned_notes WHERE id = :note AND (owner_id = :reader"
    " OR EXISTS (SELECT 1 FROM shares WHERE note_id = owned_notes.id AND user_id = :reader AND can_edit))"
)
FIND_PUBLISHED: Final = Query("SELECT * FROM owned_notes WHERE link_token = ?")
GET_PUBLISHED: Final = Query("SELECT * FROM owned_notes WHERE id = ? AND link_token IS NOT NULL")
ADD: Final = Query("INSERT INTO notes (owner_id, title, created, updated) VALUES (?, ?, ?, ?) RETURNING id")
SAVE: Final = Query("UPDATE notes SET title = ?, body = ?, locked = ?, updated = ? WHERE id = ?")
PIN: Final = Query("UPDATE notes SET pinned = 1 - pinned WHERE id = ? AND owner_id = ?")
PUBLISH: Final = Query(
    "UPDATE notes SET link_token = CASE WHEN link_token IS NULL THEN ? END WHERE id = ? AND owner_id = ?"
)
DELETE: Final = Query("DELETE FROM notes WHERE id = ? AND owner_id = ?")
SHARE: Final = Query(
    "INSERT INTO shares (note_id, user_id, can_edit, message) VALUES (?, ?, ?, ?) ON CONFLICT (note_id, user_id)"
    " DO UPDATE SET can_edit = excluded.can_edit, message = excluded.message"
)
SHARED: Final = Query(
    "SELECT notes.id, notes.title, users.username AS owner, shares.message, shares.can_edit FROM shares"
    " JOIN notes ON notes.id = note_id JOIN users ON users.id = owner_id WHERE user_id = ? ORDER BY shares.id DESC"
)
FILES: Final = Query("SELECT id, note_id, name, stored, kind, size FROM attachments WHERE note_id = ? ORDER BY name")
FIND_FILE: Final = Query("SELECT id, note_id, name, stored, kind, size FROM attachments WHERE note_id = ? AND name = ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a list shows, and in which order. A sort or direction that is not listed is refused with 400."""

    term: str = ""
    sort: str = "updated"
    direction: str = "desc"


def list_notes(owner_id: str, search: Search) -> list[Note]:
    """The notes of one owner that contain the term, in the order asked for."""
    query = LIST.choose(sort=search.sort, direction=search.direction)
    with database.connect() as connection:
        rows = query.execute(connection, {"owner": owner_id, "term": search.term}).fetchall()
    return [read_note(row) for row in rows]


def list_all(owner_id: str) -> list[Note]:
    """All notes of one owner."""
    return list_notes(owner_id, Search())


def find(query: Statement, parameters: tuple[object, ...] | dict[str, object]) -> Note | None:
    """The first note that a query finds."""
    with database.connect() as connection:
        row = query.execute(connection, parameters).fetchone()
    return read_note(row) if row else None


def read_note(row: sqlite3.Row) -> Note:
    """A row as a note, with its text unlocked."""
    values = dict(row)
    locked = values.pop("locked")
    if locked is not None:
        values["body"] = VAULT.unlock(locked, values["id"])
    return Note(**values, private=locked is not None)


def find_own(note_id: int, owner_id: str) -> Note | None:
    """A note, for its owner."""
    return find(FIND_OWN, (note_id, owner_id))


def find_readable(note_id: int, reader_id: str) -> Note | None:
    """A note, for its owner and whoever it is shared with."""
    return find(FIND_READABLE, {"note": note_id, "reader": reader_id})


def find_editable(note_id: int, reader_id: str) -> Note | None:
    """A note, for its owner and whoever may change it."""
    return find(FIND_EDITABLE, {"note": note_id, "reader": reader_id})


def find_published(link_token: str) -> Note | None:
    """A note, for whoever has its public link."""
    return find(FIND_PUBLISHED, (link_token,))


def get_published(note_id: int) -> Note | None:
    """A note that its owner has published."""
    return find(GET_PUBLISHED, (note_id,))


def remove(note_id: int, owner_id: str) -> bool:
    """Delete an owner's note."""
    return database.change(DELETE, (note_id, owner_id)) == 1


OWN: Final[OwnedObjects[int, Note]] = OwnedObjects(
    find=find_own, find_all=list_all, owner_of=lambda note: str(note.owner_id), remove=remove
)
"""Notes for their owner alone."""


def add(owner_id: int, title: str, body: str, *, private: bool = False) -> int:
    """Store a note and give its number."""
    moment = database.now()
    with database.connect() as connection:
        note_id: int = ADD.execute(connection, (owner_id, title, moment, moment)).fetchone()["id"]
        write_text(connection, note_id, title, body, private=private)
    return note_id


def save(note_id: int, title: str, body: str, *, private: bool) -> None:
    """Change a note."""
    with database.connect() as connection:
        write_text(connection, note_id, title, body, private=private)


def write_text(connection: sqlite3.Connection, note_id: int, title: str, body: str, *, private: bool) -> None:
    """Write title and text; the text of a private note only locked."""
    locked = VAULT.lock(body, note_id) if private else None
    SAVE.execute(connection, (title, "" if private else body, locked, database.now(), note_id))


def pin(note: Note) -> None:
    """Pin the note, or unpin it."""
    database.change(PIN, (note.id, note.owner_id))


def publish(note: Note) -> None:
    """Give the note a public link, or take it back; in one statement, so that two requests cannot give two."""
    with database.connect() as connection:
        PUBLISH.execute(connection, (token(), note.id, note.owner_id))
        trail.record(connection, "link-changed", f"note:{note.id}", published=note.link_token is None)


def share(note_id: int, user_id: int, *, message: str, can_edit: bool) -> None:
    """Let a person read the note, and change it if she may."""
    with database.connect() as connection:
        SHARE.execute(connection, (note_id, user_id, can_edit, message))
        trail.record(connection, "note-shared", f"note:{note_id}", user=user_id, can_edit=can_edit)


def shared_with(person: Person) -> list[Invitation]:
    """What others share with this person, newest first."""
    return database.find_all(SHARED, (person.id,), Invitation)


def files_of(note: Note) -> list[Attachment]:
    """The attachments of a note."""
    return database.find_all(FILES, (note.id,), Attachment)


def find_file(note: Note, name: str) -> Attachment | None:
    """The attachment with this name."""
    return database.find_one(FIND_FILE, (note.id, name), Attachment)
