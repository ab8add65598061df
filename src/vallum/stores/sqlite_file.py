"""Opens a SQLite file that several worker processes share and may all create at the same moment."""

import sqlite3
import time
from pathlib import Path
from typing import Final

_PAUSE_SECONDS: Final = 0.01


def open_shared(place: Path, schema: str, wait_seconds: float) -> sqlite3.Connection:
    """Connect to the file at `place` in WAL mode, with `schema` in it, readable by its owner only.

    Waits up to `wait_seconds` for the other processes, here and in every later statement. Raises
    `sqlite3.OperationalError` when the file stays locked.
    """
    place.touch(mode=0o600)
    connection = sqlite3.connect(place, timeout=wait_seconds, isolation_level=None, check_same_thread=False)
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {schema}")
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself while another process turns a new file to WAL.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return connection
