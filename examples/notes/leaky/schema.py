"""The tables, and the demo accounts with which the app starts."""

import os
from contextlib import closing

from . import database, settings
from .security import hash_password

TABLES = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL, email TEXT NOT NULL, password TEXT NOT NULL,
    display_name TEXT NOT NULL DEFAULT '', bio TEXT NOT NULL DEFAULT '', website TEXT NOT NULL DEFAULT '',
    accent TEXT NOT NULL DEFAULT '#2f6f5e', is_admin INTEGER NOT NULL DEFAULT 0,
    is_active INTEGER NOT NULL DEFAULT 1, email_verified INTEGER NOT NULL DEFAULT 1, created TEXT NOT NULL,
    company_tokens TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL DEFAULT '',
    private INTEGER NOT NULL DEFAULT 0, pinned INTEGER NOT NULL DEFAULT 0, link_token TEXT,
    created TEXT NOT NULL, updated TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS shares (
    id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL, user_id INTEGER NOT NULL,
    can_edit INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS attachments (
    id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, type TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, user_id INTEGER NOT NULL, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reset_tokens (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, token TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, created TEXT NOT NULL);
"""

DEMO_NOTES = {
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


def prepare():
    """Create what is missing; safe to call at each start."""
    with closing(database.connect()) as connection, connection:
        connection.executescript(TABLES)
    for username, password in settings.DEMO_PASSWORDS.items():
        seed_user(username, password)
    if not database.one("SELECT id FROM shares"):
        share_first_note()


def seed_user(username, password):
    known = database.user_named(username)
    if known is None:
        create_user(username, password)
    else:
        database.update("users", known["id"], {"password": hash_password(password)})


def create_user(username, password):
    user_id = database.insert(
        "users",
        username=username,
        email=f"{username}@notes.example",
        password=hash_password(password),
        display_name=username.title(),
        is_admin=int(username == "root"),
        created=database.now(),
    )
    for title, body in DEMO_NOTES[username]:
        moment = database.now()
        database.insert("notes", owner_id=user_id, title=title, body=body, created=moment, updated=moment)


def share_first_note():
    """Ann's shopping list is shared with Ben and carries a file."""
    ann, ben = database.user_named("ann"), database.user_named("ben")
    note = database.one("SELECT id FROM notes WHERE owner_id = ? ORDER BY id", (ann["id"],))
    database.insert("shares", note_id=note["id"], user_id=ben["id"], message="Could you bring the apples?")
    folder = os.path.join(settings.UPLOADS, str(note["id"]))
    os.makedirs(folder, exist_ok=True)
    text = "Apple cake: four apples, 200 g flour, 150 g butter.\n"
    with open(os.path.join(folder, "recipe.txt"), "w") as file:
        file.write(text)
    database.insert("attachments", note_id=note["id"], name="recipe.txt", size=len(text), type="text/plain")
