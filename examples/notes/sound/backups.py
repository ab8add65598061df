"""Backups: a consistent copy of the database and the attachments, packed by tar without a shell."""

import sqlite3
from contextlib import closing
from functools import cache
from threading import Lock
from typing import Final

from vallum.guard import NotFoundError
from vallum.guard.files.paths import SafeFolder
from vallum.guard.input.programs import Program, Slot

from . import database
from .logbook import LOG
from .settings import SETTINGS

FOLDER: Final = SafeFolder(SETTINGS.backups)
BUSY: Final = Lock()


@cache
def packer() -> Program:
    """The program: everything is fixed but the name of the archive, which is small letters, digits and hyphens."""
    target = Slot("target", r"backups/[a-z0-9][a-z0-9-]{0,39}\.tar\.gz")
    return Program(
        "tar", "--create", "--gzip", "--file", target,
        "--directory", "snapshot", "notes.sqlite3", "--directory", "..", "uploads",
        folder=SETTINGS.data,
    )  # fmt: skip


def make(name: str) -> None:
    """Pack a backup. Raises `ArgumentRefusedError` (400) for a name that is not allowed."""
    packer().build_command(target=f"backups/{name}.tar.gz")
    snapshot = SETTINGS.data / "snapshot"
    with BUSY:
        snapshot.mkdir(mode=0o700, exist_ok=True)
        copy = snapshot / "notes.sqlite3"
        with database.connect() as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        packer().run(target=f"backups/{name}.tar.gz")
        copy.unlink()
    LOG.info("backup packed", extra={"backup": name, "number": len(names())})


def names() -> list[str]:
    """The backups there are."""
    return sorted(path.name for path in SETTINGS.backups.iterdir())


def read(name: str) -> bytes:
    """One archive. Raises `NotFoundError`, and `PathRefusedError` for a name that leads elsewhere."""
    try:
        with FOLDER.open(name) as file:
            return file.read()
    except FileNotFoundError:
        raise NotFoundError from None
