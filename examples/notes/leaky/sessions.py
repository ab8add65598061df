"""The session cookie, and the preferences cookie."""

import base64
import pickle

from . import database
from .security import new_session_id

COOKIE = "session"
PREFERENCES = "prefs"
DEFAULTS = {"page_size": 50, "sort": "updated", "direction": "desc", "theme": "auto"}


def session_of(request):
    """The visitor's session id: the one sent, or a new one."""
    return request.cookies.get(COOKIE) or new_session_id()


def user_of(session_id):
    """Who is signed in under this session id, or None."""
    return database.one(
        "SELECT users.* FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?", (session_id,)
    )


def sign_in(request, response, user):
    """Attach the user to the visitor's session."""
    session_id = request.state.session_id
    database.execute(
        "INSERT OR REPLACE INTO sessions (id, user_id, created) VALUES (?, ?, ?)",
        (session_id, user["id"], database.now()),
    )
    response.set_cookie(COOKIE, session_id, max_age=365 * 24 * 3600, samesite=None)


def sign_out(response):
    response.delete_cookie(COOKIE)


def read_preferences(request):
    """How the visitor wants lists to look."""
    stored = request.cookies.get(PREFERENCES)
    if not stored:
        return dict(DEFAULTS)
    try:
        return DEFAULTS | pickle.loads(base64.b64decode(stored))
    except Exception:
        pass
    return dict(DEFAULTS)


def write_preferences(response, preferences):
    response.set_cookie(PREFERENCES, base64.b64encode(pickle.dumps(preferences)).decode(), max_age=365 * 24 * 3600)
