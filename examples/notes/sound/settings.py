"""Where things are and which keys are used: read once from the environment, and refused as a whole when wrong."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vallum.base.secret import Secret
from vallum.guard import GuardPolicy
from vallum.guard.configuration.settings import (
    AppSettings,
    GuardSetting,
    MaybeFromEnvironment,
    PathSetting,
    TextSetting,
    UrlSetting,
)
from vallum.guard.crypto.random import encryption_key

from .sources import KeysInProduction, NeededInProduction, read_keys

APP_NAME: Final = "Notes"
HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
TEMPLATES: Final = HERE / "templates"
KEY_BYTES: Final = 32
SHORTEST_PASSWORD: Final = 15
UNSET: Final = Path()


class NotesSettings(AppSettings):
    """Each value comes from its variable; a secret also from the file that the variable with `_FILE` names."""

    guard = GuardSetting()
    database = PathSetting("NOTES_DB", development=UNSET)
    mail_folder = PathSetting("NOTES_MAIL_FOLDER", default=UNSET)
    webhook = UrlSetting("NOTES_WEBHOOK_URL", default="")
    company_issuer = UrlSetting("NOTES_COMPANY_ISSUER", default="")
    company_profile = UrlSetting("NOTES_COMPANY_PROFILE_URL", default="")
    company_client = TextSetting("NOTES_COMPANY_CLIENT_ID", default="notes")
    company_secret = MaybeFromEnvironment("NOTES_COMPANY_CLIENT_SECRET")
    alert_url = MaybeFromEnvironment("NOTES_ALERT_URL", min_length=12)
    ann = MaybeFromEnvironment("NOTES_ANN_PASSWORD", min_length=SHORTEST_PASSWORD)
    ben = MaybeFromEnvironment("NOTES_BEN_PASSWORD", min_length=SHORTEST_PASSWORD)
    root = MaybeFromEnvironment("NOTES_ADMIN_PASSWORD", min_length=SHORTEST_PASSWORD)
    sync_key = MaybeFromEnvironment("NOTES_SYNC_KEY")
    data_keys = KeysInProduction("NOTES_DATA_KEYS", size=KEY_BYTES)
    token_key = KeysInProduction("NOTES_TOKEN_KEY")
    trail_secret = NeededInProduction("NOTES_TRAIL_SECRET")


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The OpenID provider whose accounts may sign in, and what this app is to it."""

    issuer: str
    client: str
    secret: Secret[str]
    profile: str
    """Where the provider tells about a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs from one place to another."""

    guard: GuardPolicy
    database: Path
    data_keys: tuple[Secret[bytes], ...]
    """For private notes, newest first."""
    token_key: Secret[bytes] | None
    """The private key that signs the API's tokens, as PEM; None draws one that lasts as long as the process."""
    trail_secret: Secret[str]
    """Signs the checkpoints of the audit trail."""
    sync_key: Secret[str] | None
    passwords: Mapping[str, Secret[str]] = field(default_factory=dict)
    """Of the demo accounts: those that the environment gives a password for."""
    webhook: str = ""
    alert_url: Secret[str] | None = None
    company: Company | None = None
    """None: nobody signs in with a company account."""
    mail_folder: Path = UNSET

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
    """Read everything. Raises `StartupError` with every problem at once, each with its fix."""
    read = NotesSettings(environment=environ)
    database = draw_database() if read.database == UNSET else read.database
    settings = Settings(
        guard=read.guard,
        database=database,
        data_keys=read_keys(read.data_keys) or (keep_key(database.with_name("notes.key")),),
        token_key=next(iter(read_keys(read.token_key)), None),
        trail_secret=read.trail_secret or Secret(keep_key(database.with_name("trail.key")).reveal().hex()),
        sync_key=read.sync_key,
        passwords={name: value for name in ("ann", "ben", "root") if (value := read.read(name)) is not None},
        webhook=read.webhook,
        alert_url=read.alert_url,
        company=read_company(read),
        mail_folder=read.mail_folder,
    )
    for folder in (settings.uploads, settings.backups):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings


def read_company(read: NotesSettings) -> Company | None:
    """The provider, where all that is needed for it is set."""
    if not (read.company_issuer and read.company_profile and read.company_secret):
        return None
    return Company(
        issuer=read.company_issuer,
        client=read.company_client,
        secret=read.company_secret,
        profile=read.company_profile,
    )


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
