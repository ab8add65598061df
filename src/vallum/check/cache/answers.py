"""The examinations of earlier runs, by everything that they depend on."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from vallum.check.cache.identity import own_digest
from vallum.check.cache.packing import pack_examination, unpack_examination
from vallum.check.cache.vault import Vault, open_vault
from vallum.findings.examination import Examination


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Remembers what the check of the very same files, by the same settings and the same Vallum, came to."""

    vault: Vault = field(repr=False)

    def recall(self, name: str) -> Examination | None:
        """The examination under this name; None if it is not known."""
        data = self.vault.read(name)
        if data is None:
            return None
        try:
            return unpack_examination(data)
        except ValueError:
            return None

    def keep(self, name: str, examination: Examination) -> None:
        """Remember an examination."""
        self.vault.write(name, pack_examination(examination))


def open_answers(folder: Path | None) -> Answers | None:
    """The answers kept in a folder; None where nothing is to be kept, or can be."""
    vault = open_vault(folder) if folder is not None and own_digest() else None
    return None if vault is None else Answers(vault=vault)


def name_question(files: Mapping[str, bytes], about: Iterable[Any]) -> str:
    """The name of a question: the content of each file, whatever else the answer depends on, and who answers."""
    told = sha256(json.dumps([own_digest(), *about]).encode("ascii"))
    for path, content in files.items():
        told.update(json.dumps([path, len(content)]).encode("ascii"))
        told.update(content)
    return told.hexdigest()
