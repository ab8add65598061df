"""A folder of entries that only this user's Vallum can have written.

The folder lies in the tree that is checked, and a tree may come from anybody: whoever adds a `.vallum/cache` to it must
not be able to talk the check into silence. Each entry carries an HMAC-SHA-256 (RFC 2104) under a key that lies with the
user, outside of all trees; what does not verify is as good as absent.
"""

import hmac
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

from vallum.base.compare import equal
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness

MOST_ENTRIES: Final = 16
"""The oldest make room."""
_HEAD: Final = b"vallum-cache 1\n"
_KEY_BYTES: Final = 32
_MAC_BYTES: Final = 32
_SUFFIX: Final = ".entry"


class Vault:
    """Entries by name, in a folder; runs at the same time do not disturb each other."""

    def __init__(self, folder: Path, key: bytes) -> None:
        """Use the folder, which exists, under the key."""
        self._folder = folder
        self._key = key

    def read(self, name: str) -> bytes | None:
        """The entry; None if there is none, or none that was written under this name and key."""
        try:
            content = (self._folder / f"{name}{_SUFFIX}").read_bytes()
        except OSError:
            return None
        start = len(_HEAD) + _MAC_BYTES
        data = content[start:]
        genuine = content.startswith(_HEAD) and equal(content[len(_HEAD) : start], self._mac(name, data))
        return data if genuine else None

    def write(self, name: str, data: bytes) -> None:
        """Keep the entry, all of it or none; a full disk or a read-only folder loses only the memory."""
        draft = self._folder / f".{uuid4().hex}"
        try:
            draft.write_bytes(_HEAD + self._mac(name, data) + data)
            draft.replace(self._folder / f"{name}{_SUFFIX}")
            self._make_room()
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def _mac(self, name: str, data: bytes) -> bytes:
        return hmac.digest(self._key, name.encode("ascii") + b"\0" + data, sha256)

    def _make_room(self) -> None:
        dated = [(entry.stat().st_mtime_ns, entry.name) for entry in self._folder.glob(f"*{_SUFFIX}")]
        for _, name in sorted(dated, reverse=True)[MOST_ENTRIES:]:
            (self._folder / name).unlink(missing_ok=True)


def open_vault(
    folder: Path, environ: Mapping[str, str] = os.environ, *, randomness: Randomness = SYSTEM_RANDOMNESS
) -> Vault | None:
    """The vault in a folder, which is made, for its owner only (0700), if need be.

    None where nothing can be kept: a link or a folder of somebody else's in its place, no home for the key, no room.
    """
    try:
        folder.parent.mkdir(exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        key = _find_key(environ, randomness) if _is_ours(folder.parent) and _is_ours(folder) else None
        if key is None:
            return None
        folder.chmod(0o700)
    except (OSError, RuntimeError):
        return None
    return Vault(folder, key)


def _is_ours(folder: Path) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and (not hasattr(os, "getuid") or status.st_uid == os.getuid())


def _find_key(environ: Mapping[str, str], randomness: Randomness) -> bytes | None:
    """The user's key; drawn at the first run. Of two runs that draw at once, one wins and both use its key."""
    base = Path(environ["XDG_CACHE_HOME"]) if environ.get("XDG_CACHE_HOME") else Path.home() / ".cache"
    home = base / "vallum"
    path = home / "key"
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = home / f".{uuid4().hex}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - born 0600
            file.write(randomness(_KEY_BYTES))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    key = path.read_bytes()
    return key if len(key) == _KEY_BYTES and _is_ours(home) else None
