"""Accounts: the queries, and what ends with an account's rights: its sessions and tokens."""

from typing import Final

from vallum.guard import PublicError, current
from vallum.guard.data.queries import Query
from vallum.guard.errors.refusal import UNAUTHENTICATED
from vallum.stores.sqlite import SqliteSessions

from . import database, identities, trail
from .records import Account, Person
from .settings import SETTINGS

SESSIONS: Final = SETTINGS.guard.store or SqliteSessions(SETTINGS.data / "sessions.sqlite3")
UNCONFIRMED_HOURS: Final = 24


class SignInNeededError(PublicError):
    """Nobody is signed in, or not any more."""

    refusal = UNAUTHENTICATED


GET: Final = Query("SELECT * FROM people WHERE id = ? AND is_active")
FIND_NAMED: Final = Query("SELECT * FROM people WHERE username = ?")
LIST: Final = Query("SELECT * FROM people ORDER BY username")
BEGIN_WITH: Final = Query(
    "SELECT * FROM people WHERE substr(username, 1, ?) = ? COLLATE NOCASE AND is_active ORDER BY username LIMIT 20"
)
NEWEST: Final = Query("SELECT * FROM people ORDER BY id DESC LIMIT 5")
FIND_ACCOUNT: Final = Query("SELECT id, password, is_admin, is_active, email_verified FROM users WHERE username = ?")
GET_ACCOUNT: Final = Query("SELECT id, password, is_admin, is_active, email_verified FROM users WHERE id = ?")
FIND_BY_EMAIL: Final = Query(
    "SELECT id, password, is_admin, is_active, email_verified FROM users WHERE email = ? AND is_active"
)
ADD: Final = Query(
    "INSERT INTO users (username, email, password, display_name, created) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
FORGET_UNCONFIRMED: Final = Query("DELETE FROM users WHERE NOT email_verified AND created < ?")
CONFIRM: Final = Query("UPDATE OR IGNORE users SET email_verified = 1, email = ? WHERE id = ?")
SEED: Final = Query(
    "INSERT INTO users (username, email, password, display_name, is_admin, email_verified, created)"
    " VALUES (?, ?, ?, ?, ?, 1, ?) ON CONFLICT (username) DO UPDATE SET password = excluded.password"
)
SET_HASH: Final = Query("UPDATE users SET password = ? WHERE id = ?")
REPLACE_HASH: Final = Query("UPDATE users SET password = ? WHERE id = ? AND password = ?")
SAVE_PROFILE: Final = Query("UPDATE users SET display_name = ?, website = ?, bio = ?, accent = ? WHERE id = ?")
SAVE_SETTINGS: Final = Query("UPDATE users SET page_size = ?, sort = ?, direction = ?, theme = ? WHERE id = ?")
SAVE_RIGHTS: Final = Query("UPDATE users SET is_admin = ?, is_active = ? WHERE id = ?")
DELETE: Final = Query("DELETE FROM users WHERE id = ?")
END_TOKENS: Final = Query("DELETE FROM refresh_tokens WHERE user_id = ?")


def get(user_id: int) -> Person | None:
    """The person with this number, if the account is active."""
    return database.find_one(GET, (user_id,), Person)


def visitor() -> Person | None:
    """Who is visiting; None for a stranger."""
    actor = current().actor
    return get(int(actor.id)) if actor else None


def me() -> Person:
    """Who is signed in. Raises `SignInNeededError` for an account that was closed a moment ago."""
    person = visitor()
    if person is None:
        raise SignInNeededError
    return person


def find_named(username: str) -> Person | None:
    """The person with this user name."""
    return database.find_one(FIND_NAMED, (username,), Person)


def find_account(username: str) -> Account | None:
    """What a login needs, by user name."""
    return database.find_one(FIND_ACCOUNT, (username,), Account)


def get_account(user_id: int) -> Account | None:
    """What a login needs, by number."""
    return database.find_one(GET_ACCOUNT, (user_id,), Account)


def find_by_email(email: str) -> Account | None:
    """The active account with this address."""
    return database.find_one(FIND_BY_EMAIL, (email,), Account)


def everybody() -> list[Person]:
    """All accounts with a proven address."""
    return database.find_all(LIST, (), Person)


def newest() -> list[Person]:
    """The five newest accounts."""
    return database.find_all(NEWEST, (), Person)


def begin_with(text: str) -> list[Person]:
    """People whose user name begins with `text`, for the share box."""
    return database.find_all(BEGIN_WITH, (len(text), text), Person)


def add(username: str, email: str, password: str, display_name: str) -> int | None:
    """Open an account that waits for the proof of its address; None if name or address is taken."""
    database.change(FORGET_UNCONFIRMED, (database.after(hours=-UNCONFIRMED_HOURS),))
    with database.connect() as connection:
        row = ADD.execute(connection, (username, email, password, display_name, database.now())).fetchone()
        if row is None:
            return None
        trail.record(connection, "account-opened", subject_of(row["id"]))
        return int(row["id"])


def confirm(user_id: int, email: str) -> bool:
    """Note that the address belongs to the account; False if another account has it by now."""
    with database.connect() as connection:
        changed = CONFIRM.execute(connection, (email, user_id)).rowcount == 1
        if changed:
            trail.record(connection, "address-confirmed", subject_of(user_id))
    return changed


def seed(username: str, password: str, *, admin: bool) -> None:
    """Open a demo account, or set its password anew."""
    email = f"{username}@notes.example"
    database.change(SEED, (username, email, password, username.title(), admin, database.now()))


def save_profile(person: Person, *, display_name: str, website: str, bio: str, accent: str) -> None:
    """Change what others see."""
    database.change(SAVE_PROFILE, (display_name, website, bio, accent, person.id))


def save_settings(person: Person, *, page_size: int, sort: str, direction: str, theme: str) -> None:
    """Change how lists look."""
    database.change(SAVE_SETTINGS, (page_size, sort, direction, theme, person.id))


def replace_hash(account: Account, password: str) -> None:
    """Store a stronger hash of the same password, unless it was changed meanwhile."""
    database.change(REPLACE_HASH, (password, account.id, account.password))


def set_password(user_id: int, password: str, *, keep: bytes | None = None) -> None:
    """Store a new password and end every session and token but the session under the digest `keep`."""
    with database.connect() as connection:
        SET_HASH.execute(connection, (password, user_id))
        trail.record(connection, "password-changed", subject_of(user_id))
    end_access(user_id, keep=keep)


def end_access(user_id: int, *, keep: bytes | None = None) -> None:
    """End the sessions and tokens of an account, at once and for every worker."""
    SESSIONS.delete_actor(str(user_id), but=keep)
    database.change(END_TOKENS, (user_id,))


def set_rights(user_id: int, *, admin: bool, active: bool) -> bool:
    """Give or take rights; they hold from the next login. False if there is no such account."""
    with database.connect() as connection:
        changed = SAVE_RIGHTS.execute(connection, (admin, active, user_id)).rowcount == 1
        if changed:
            trail.record(connection, "rights-changed", subject_of(user_id), admin=admin, active=active)
    end_access(user_id)
    return changed


def delete(user_id: int) -> bool:
    """Delete an account with all that is its own. False if there is none."""
    end_access(user_id)
    identities.forget(user_id)
    with database.connect() as connection:
        deleted = DELETE.execute(connection, (user_id,)).rowcount == 1
        if deleted:
            trail.record(connection, "account-deleted", subject_of(user_id))
    return deleted


def subject_of(user_id: int) -> str:
    """How the audit trail calls an account."""
    return f"user:{user_id}"
