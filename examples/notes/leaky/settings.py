"""Where things are and how the app behaves."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

APP_NAME = "Notes"
VERSION = "2.3.1"
ENVIRONMENT = os.environ.get("NOTES_ENV", "development")
DEBUG = True

SECRET_KEY = "n0tes-s1gning-key-winter-2019"
JWT_SECRET = os.environ.get("NOTES_JWT_SECRET", "notes-jwt-secret")
SYNC_API_KEY = os.environ.get("NOTES_SYNC_KEY") or "sync-worker-5d41402abc4b"
SMTP_PASSWORD = "Mailbox!Winter2019"
COMPANY_ISSUER = os.environ.get("NOTES_COMPANY_ISSUER", "")
COMPANY_CLIENT_ID = os.environ.get("NOTES_COMPANY_CLIENT_ID", "notes")
COMPANY_CLIENT_SECRET = os.environ.get("NOTES_COMPANY_CLIENT_SECRET", "c0mpany-notes-8aZ41")
WEBHOOK_URL = os.environ.get("NOTES_WEBHOOK_URL", "")

TOKEN_LIFETIME = 30 * 24 * 3600
PAGE_SIZE = 50
FORBIDDEN_NAMES = {"admin", "administrator", "support", "notes"}

DEMO_PASSWORDS = {
    "ann": os.environ.get("NOTES_ANN_PASSWORD", "ann123"),
    "ben": os.environ.get("NOTES_BEN_PASSWORD", "ben123"),
    "root": os.environ.get("NOTES_ADMIN_PASSWORD", "admin"),
}

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"


def choose_database() -> str:
    """The file in NOTES_DB, or a new one that goes when the process ends."""
    if named := os.environ.get("NOTES_DB"):
        return named
    folder = tempfile.mkdtemp(prefix="notes-leaky-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return os.path.join(folder, "notes.sqlite3")


DATABASE = choose_database()
DATA = os.path.dirname(os.path.abspath(DATABASE))
UPLOADS = os.path.join(DATA, "uploads")
BACKUPS = os.path.join(DATA, "backups")
REVOKED = os.path.join(DATA, "revoked.json")

for folder in (DATA, UPLOADS, BACKUPS):
    os.makedirs(folder, exist_ok=True)
