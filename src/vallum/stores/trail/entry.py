"""One entry of the audit trail, and the hash that chains it to the entry before (SHA-256 over canonical JSON)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

Fact: TypeAlias = "bool | int | str | Sequence[Fact] | Mapping[str, Fact] | None"
"""What a detail may hold. No floats: their text differs between programs, and the hash with it."""
GENESIS: Final = "0" * 64
"""The hash before the first entry."""
COLUMNS: Final = ("seq", "at", "event", "actor", "subject", "request_id", "detail", "previous", "hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What happened: `event` by `actor` to `subject`, in the request `request_id`. No secrets: they stay for ever."""

    event: str
    actor: str
    subject: str = ""
    request_id: str = ""
    detail: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as stored; the order of its members is that of `COLUMNS`."""

    seq: int
    at: str
    event: str
    actor: str
    subject: str
    request_id: str
    detail: str
    previous: str
    hash: str

    def digest(self) -> str:
        """The hash that this row should have."""
        return chain_hash({name: getattr(self, name) for name in COLUMNS[:-1]})


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces and ASCII only: one text for one value. Raises `TypeError` for floats."""
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_thaw)


def chain_hash(members: Mapping[str, object]) -> str:
    """SHA-256 over the canonical JSON of a row without its hash; `previous` among them makes the chain."""
    return hashlib.sha256(canonical(members).encode("ascii")).hexdigest()


def _thaw(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"an entry of the trail holds {type(value).__name__}; write text, whole numbers, lists or mappings")


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("an entry of the trail holds a float; write it as text, which has one form only")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_floats(key)
            _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_floats(item)
