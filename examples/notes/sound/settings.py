"""Where things are and which keys are used: read once from the environment, and refused as a whole when wrong."""

import atexit
import os
import shutil
import tempfile
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard import GuardPolicy, read_environment
from vallum.guard.crypto.random import encryption_key

APP_NAME: Final = "Notes"
HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
TEMPLATES: Final = HERE / "templates"
USERS: Final = {"ann": "NOTES_ANN_PASSWORD", "ben": "NOTES_BEN_PASSWORD", "root": "NOTES_ADMIN_PASSWORD"}
"""The demo accounts, and the variable that holds the password of each."""
KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs from one place to another."""

    guard: GuardPolicy
    database: Path
    data_keys: tuple[Secret[bytes], ...]
    """For private notes, newest first."""
    token_key: Secret[str] | None
    """The private key that signs the API's tokens, as PEM; None draws one that lasts as long as the process."""
    sync_key: Secret[str] | None
    passwords: Mapping[str, Secret[str]] = field(default_factory=dict)
    webhook: str = ""
    mail_folder: str = ""

    @property
    def data(self) -> Path:
        """The folder of the database, the uploads and the backups."""
        return self.database.parent

    @property
    def uploads(self) -> Path:
        """Where attachments lie, each under a name that the server drew."""
        return self.data / "uploads"

    @property
    def backups(self) -> Path:
        """Where backups lie."""
        return self.data / "backups"

    @property
    def origin(self) -> str:
        """How links in mail begin: from the configuration, never from a request."""
        return self.guard.origins[0] if self.guard.origins else "http://localhost:8000"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read everything. Raises `ConfigError`; in production, for every variable that is missing at once."""
    guard = read_environment(environ)
    required = ("NOTES_DB", "NOTES_DATA_KEYS", "NOTES_TOKEN_KEY") if guard.is_production else ()
    if missing := [name for name in required if not environ.get(name)]:
        raise ConfigError(f"these variables must be set in production: {', '.join(missing)}.", hint="See README.md.")
    database = Path(environ["NOTES_DB"]).absolute() if environ.get("NOTES_DB") else draw_database()
    settings = Settings(
        guard=guard,
        database=database,
        data_keys=read_keys(environ.get("NOTES_DATA_KEYS", "")) or (keep_key(database.with_name("notes.key")),),
        token_key=read_secret(environ, "NOTES_TOKEN_KEY"),
        sync_key=read_secret(environ, "NOTES_SYNC_KEY"),
        passwords={name: Secret(environ[variable]) for name, variable in USERS.items() if environ.get(variable)},
        webhook=environ.get("NOTES_WEBHOOK_URL", ""),
        mail_folder=environ.get("NOTES_MAIL_FOLDER", ""),
    )
    for folder in (settings.uploads, settings.backups):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings


def read_secret(environ: Mapping[str, str], name: str) -> Secret[str] | None:
    """The secret in a variable, or None where it is not set."""
    value = environ.get(name)
    return Secret(value) if value else None


def read_keys(text: str) -> tuple[Secret[bytes], ...]:
    """Keys in base64, newest first, with spaces between them. Raises `ConfigError`."""
    try:
        keys = tuple(Secret(b64decode(part, validate=True)) for part in text.split())
    except NotBase64Error:
        keys = (Secret(b""),)
    if any(len(key) != KEY_BYTES for key in keys):
        raise ConfigError("NOTES_DATA_KEYS must hold keys of 32 bytes in base64.", hint="openssl rand -base64 32")
    return keys


def keep_key(path: Path) -> Secret[bytes]:
    """On a developer's machine: the key in a file beside the database, drawn at the first start."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        with open(path, "wb", opener=lambda name, flags: os.open(name, flags | os.O_EXCL, 0o600)) as file:
            file.write(encryption_key().reveal())
    return Secret(path.read_bytes())


def draw_database() -> Path:
    """A database in a new folder that goes when the process ends."""
    folder = tempfile.mkdtemp(prefix="notes-sound-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / "notes.sqlite3"


SETTINGS: Final = read_settings(os.environ)
