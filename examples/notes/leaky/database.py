"""SQLite: the connection, small query functions, and the queries on notes and people."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

from . import settings
from .logbook import log


def connect():
    connection = sqlite3.connect(settings.DATABASE, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def now():
    return datetime.now(UTC).isoformat(timespec="seconds")


def query(sql, parameters=()):
    """All rows as dictionaries."""
    log.debug(f"sql {sql}")
    with closing(connect()) as connection:
        return [dict(row) for row in connection.execute(sql, parameters)]


def one(sql, parameters=()):
    """The first row, or None."""
    found = query(sql, parameters)
    return found[0] if found else None


def execute(sql, parameters=()):
    """Run one statement, commit, and give the new row's id."""
    log.debug(f"sql {sql} {parameters}")
    with closing(connect()) as connection, connection:
        return connection.execute(sql, parameters).lastrowid


def insert(table, **fields):
    names = ", ".join(fields)
    marks = ", ".join("?" for _ in fields)
    return execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(fields.values()))


def update(table, row_id, fields):
    changes = ", ".join(f"{name} = ?" for name in fields)
    execute(f"UPDATE {table} SET {changes} WHERE id = ?", (*fields.values(), row_id))


def delete(table, row_id):
    execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))


# -- notes ----------------------------------------------------------------------------------------


def matching(term):
    """The condition that finds `term` in title or text."""
    return f"(title LIKE '%{term}%' OR body LIKE '%{term}%')"


def list_notes(owner_id, term="", sort="updated", direction="desc"):
    """The notes of one owner that contain `term`, in the order asked for."""
    conditions = ["owner_id = ?"]
    if term:
        conditions.append(matching(term))
    where = " AND ".join(conditions)
    order = f"{sort or 'updated'} {direction or 'desc'}"
    return query(f"SELECT * FROM notes WHERE {where} ORDER BY pinned DESC, {order}", (owner_id,))


def get_note(note_id):
    return one(
        "SELECT notes.*, users.username AS owner FROM notes JOIN users ON users.id = owner_id WHERE notes.id = ?",
        (note_id,),
    )


def shared_notes(user_id):
    """The notes that others share with this user, newest first."""
    return query(
        "SELECT notes.*, users.username AS owner, shares.message, shares.can_edit FROM shares "
        "JOIN notes ON notes.id = shares.note_id JOIN users ON users.id = notes.owner_id "
        "WHERE shares.user_id = ? ORDER BY shares.id DESC",
        (user_id,),
    )


def note_by_link(token):
    return one(
        "SELECT notes.*, users.username AS owner FROM notes JOIN users ON users.id = owner_id WHERE link_token = ?",
        (token,),
    )


def attachments(note_id):
    return query("SELECT * FROM attachments WHERE note_id = ? ORDER BY name", (note_id,))


# -- people ---------------------------------------------------------------------------------------


def get_user(user_id):
    return one("SELECT * FROM users WHERE id = ?", (user_id,))


def user_named(username):
    return one("SELECT * FROM users WHERE username = ?", (username,))


def find_people(text):
    """People whose name or address begins with `text`, for the share box."""
    sql = "SELECT id, username, email, display_name FROM users WHERE username LIKE '%s%%' OR email LIKE '%s%%'"
    return query(sql % (text, text))


def statistics():
    """What the admin's first page counts."""
    return {
        table: one(f"SELECT COUNT(*) AS number FROM {table}")["number"]
        for table in ("users", "notes", "shares", "attachments", "sessions")
    }
