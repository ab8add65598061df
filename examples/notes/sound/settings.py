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
from vallum.guard.configuration.profile import VARIABLE
from vallum.guard.crypto.random import encryption_key
from vallum.guard.policy import Environment
from vallum.guard.secrets.settings import MaybeFromEnvironment, SecretSettings

APP_NAME: Final = "Notes"
HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
TEMPLATES: Final = HERE / "templates"
KEY_BYTES: Final = 32
SHORTEST_PASSWORD: Final = 15


class AppSecrets(SecretSettings):
    """Each comes from the variable, or from the file that the variable with `_FILE` names; none has a default."""

    ann = MaybeFromEnvironment("NOTES_ANN_PASSWORD", min_length=SHORTEST_PASSWORD)
    ben = MaybeFromEnvironment("NOTES_BEN_PASSWORD", min_length=SHORTEST_PASSWORD)
    root = MaybeFromEnvironment("NOTES_ADMIN_PASSWORD", min_length=SHORTEST_PASSWORD)
    sync_key = MaybeFromEnvironment("NOTES_SYNC_KEY")
    data_keys = MaybeFromEnvironment("NOTES_DATA_KEYS")
    token_key = MaybeFromEnvironment("NOTES_TOKEN_KEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs from one place to another."""

    guard: GuardPolicy
    database: Path
    data_keys: tuple[Secret[bytes], ...]
    """For private notes, newest first."""
    token_key: Secret[bytes] | None
    """The private key that signs the API's tokens, as PEM; None draws one that lasts as long as the process."""
    sync_key: Secret[str] | None
    passwords: Mapping[str, Secret[str]] = field(default_factory=dict)
    """Of the demo accounts: those that the environment gives a password for."""
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
    """Read everything; an environment without a name is production.

    Raises `ConfigError`; in production, for every variable that is missing at once.
    """
    named = environ if environ.get(VARIABLE) else {**environ, VARIABLE: Environment.PRODUCTION.value}
    guard, secrets = read_environment(named), AppSecrets(environment=environ)
    if guard.is_production:
        check_production(environ, secrets)
    database = Path(environ["NOTES_DB"]).absolute() if environ.get("NOTES_DB") else draw_database()
    settings = Settings(
        guard=guard,
        database=database,
        data_keys=read_keys(secrets.data_keys) or (keep_key(database.with_name("notes.key")),),
        token_key=decode(secrets.token_key.reveal(), "NOTES_TOKEN_KEY") if secrets.token_key else None,
        sync_key=secrets.sync_key,
        passwords={name: value for name in ("ann", "ben", "root") if (value := secrets.read(name)) is not None},
        webhook=environ.get("NOTES_WEBHOOK_URL", ""),
        mail_folder=environ.get("NOTES_MAIL_FOLDER", ""),
    )
    for folder in (settings.uploads, settings.backups):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings


def check_production(environ: Mapping[str, str], secrets: AppSecrets) -> None:
    """Raise `ConfigError` that names what users would lose, or what would differ from one worker to the next."""
    given = {
        "NOTES_DB": environ.get("NOTES_DB"),
        "NOTES_DATA_KEYS": secrets.data_keys,
        "NOTES_TOKEN_KEY": secrets.token_key,
    }
    if missing := [name for name, value in given.items() if not value]:
        raise ConfigError(f"these variables must be set in production: {', '.join(missing)}.", hint="See README.md.")


def read_keys(text: Secret[str] | None) -> tuple[Secret[bytes], ...]:
    """Keys in base64, newest first, with commas between them. Raises `ConfigError`."""
    keys = tuple(decode(part, "NOTES_DATA_KEYS") for part in text.reveal().split(",")) if text else ()
    if any(len(key) != KEY_BYTES for key in keys):
        raise ConfigError("NOTES_DATA_KEYS must hold keys of 32 bytes in base64.", hint="openssl rand -base64 32")
    return keys


def decode(text: str, name: str) -> Secret[bytes]:
    """The bytes of a secret in base64. Raises `ConfigError`."""
    try:
        return Secret(b64decode(text, validate=True))
    except NotBase64Error:
        raise ConfigError(f"{name} must be base64 without line breaks.", hint="See README.md.") from None


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
