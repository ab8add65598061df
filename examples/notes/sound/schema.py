"""The tables, and the demo people: each only where the environment gives a password for it."""

import io
from typing import Final

from vallum.guard.data.queries import Query

from . import attachments, database, notebook, passwords, people, synckeys, trail
from .logbook import LOG
from .settings import SETTINGS

TABLES: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE COLLATE NOCASE, email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL, display_name TEXT NOT NULL DEFAULT '', bio TEXT NOT NULL DEFAULT '',
    website TEXT NOT NULL DEFAULT '', accent TEXT NOT NULL DEFAULT 'moss', is_admin BOOLEAN NOT NULL DEFAULT 0,
    is_active BOOLEAN NOT NULL DEFAULT 1, email_verified BOOLEAN NOT NULL DEFAULT 0, page_size INTEGER NOT NULL
    DEFAULT 50, sort TEXT NOT NULL DEFAULT 'updated', direction TEXT NOT NULL DEFAULT 'desc',
    theme TEXT NOT NULL DEFAULT 'auto', created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, title TEXT NOT NULL,
    body TEXT NOT NULL DEFAULT '', locked BLOB, pinned BOOLEAN NOT NULL DEFAULT 0, link_token TEXT UNIQUE,
    created TEXT NOT NULL, updated TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS shares (
    id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, can_edit BOOLEAN NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '', UNIQUE (note_id, user_id));
CREATE TABLE IF NOT EXISTS attachments (
    id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE, name TEXT NOT NULL,
    stored TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, size INTEGER NOT NULL, UNIQUE (note_id, name));
CREATE TABLE IF NOT EXISTS proofs (
    digest BLOB PRIMARY KEY, purpose TEXT NOT NULL, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    email TEXT NOT NULL, expires TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    digest BLOB PRIMARY KEY, family TEXT NOT NULL, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    used BOOLEAN NOT NULL DEFAULT 0, expires TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS api_keys (
    digest BLOB PRIMARY KEY, owner TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, expires TEXT NOT NULL);
CREATE VIEW IF NOT EXISTS people AS
    SELECT id, username, email, display_name, bio, website, accent, is_admin, is_active, page_size, sort, direction,
    theme, created FROM users WHERE email_verified;
CREATE VIEW IF NOT EXISTS owned_notes AS
    SELECT notes.*, users.username AS owner FROM notes JOIN users ON users.id = owner_id;
"""

DEMO_NOTES: Final = {
    "ann": [
        ("Shopping list", "# This week\n\n- bread\n- **olive oil**\n- two kilos of apples\n\n= 2 * 1.95 + 6.40"),
        ("Diary", "The flat in Harbour Street is ours. Keep it quiet until *Friday*."),
    ],
    "ben": [
        ("Talk outline", "# Walls that hold\n\n1. why frontiers fail\n2. what a ditch is for\n\nSlides by `Thursday`."),
        ("Bank", "Ask about the loan: reference 7731, Mrs Okafor."),
    ],
    "root": [("Maintenance window", "Backup every Sunday, restore test on the first of the month.")],
}
RECIPE: Final = "Apple cake: four apples, 200 g flour, 150 g butter.\n"

COUNT_SHARES: Final = Query("SELECT COUNT(*) FROM shares")


def prepare() -> None:
    """Create what is missing; safe to call at each start."""
    with database.connect() as connection:
        connection.executescript(TABLES)
        trail.TRAIL.create(connection)
    for username, password in SETTINGS.passwords.items():
        people.seed(username, passwords.HASHER.hash(password), admin=username == "root")
    for username in SETTINGS.passwords:
        seed_notes(username)
    trail.seal()  # what the last run has left, so that nobody cuts it off
    if SETTINGS.sync_key:
        synckeys.keep(SETTINGS.sync_key)
    if {"ann", "ben"} <= SETTINGS.passwords.keys() and not database.count(COUNT_SHARES):
        share_first_note()
    LOG.info("database ready", extra={"demo_accounts": len(SETTINGS.passwords)})


def seed_notes(username: str) -> None:
    """The notes of a demo account that has none."""
    person = people.find_named(username)
    if person and not notebook.list_all(str(person.id)):
        for title, body in DEMO_NOTES[username]:
            notebook.add(person.id, title, body)


def share_first_note() -> None:
    """Ann's shopping list is shared with Ben and carries a file."""
    ann, ben = people.find_named("ann"), people.find_named("ben")
    if ann is None or ben is None:
        return
    note = min(notebook.list_all(str(ann.id)), key=lambda one: one.id)
    notebook.share(note.id, ben.id, message="Could you bring the apples?", can_edit=False)
    attachments.store(note, "recipe.txt", io.BytesIO(RECIPE.encode()))
