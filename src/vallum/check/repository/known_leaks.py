"""The baseline of a history: leaks that were revoked and stay in it, each with an owner, a reason and an end."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from vallum.base.errors import ConfigError

FILE: Final = "vallum-secrets.toml"
_TEXTS: Final = ("fingerprint", "owner", "reason")
_FIELDS: Final = frozenset((*_TEXTS, "where", "expires"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLeak:
    """One `[[known]]` of the file."""

    fingerprint: str
    owner: str
    reason: str
    expires: date

    def is_valid(self, today: date) -> bool:
        """Whether the entry has not ended."""
        return today <= self.expires


def read_known(path: Path) -> Mapping[str, KnownLeak]:
    """The entries by fingerprint; none without such a file. Raises `ConfigError` for one that lacks something."""
    if not path.exists():
        return {}
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", code="known-leaks") from None
    entries = told.get("known", [])
    if set(told) - {"known"} or not isinstance(entries, list):
        raise ConfigError(f"{path} holds more than entries [[known]].", code="known-leaks")
    known = [_read(path, number, entry) for number, entry in enumerate(entries, 1)]
    return {entry.fingerprint: entry for entry in known}


def _read(path: Path, number: int, entry: object) -> KnownLeak:
    if isinstance(entry, dict) and not set(entry) - _FIELDS:
        texts = {name: value for name in _TEXTS if isinstance(value := entry.get(name), str) and value.strip()}
        expires = entry.get("expires")
        if len(texts) == len(_TEXTS) and type(expires) is date:
            return KnownLeak(**texts, expires=expires)
    raise ConfigError(
        f"{path}: entry {number} needs fingerprint, owner, reason and expires, and nothing but `where` besides.",
        hint='For example expires = 2027-01-31 and owner = "ada@example.org".',
        code="known-leaks",
    )
