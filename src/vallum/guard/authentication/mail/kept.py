"""Mailers that send nothing: one keeps the mails in memory, for tests; one writes them to a folder, for development."""

import threading
from pathlib import Path
from typing import Final

from vallum.guard.authentication.mail.message import Mail

_SENDER: Final = "development@localhost.invalid"


class MemoryMailer:
    """Keeps what would have been sent in `sent`, oldest first."""

    def __init__(self) -> None:
        """Start empty."""
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        """Keep `mail`. Raises `MailError` for a mail that could not be sent."""
        mail.build(_SENDER)
        self.sent.append(mail)


class FolderMailer:
    """Writes each mail to a file of its own, readable by its owner only: the links in it open accounts."""

    def __init__(self, folder: str | Path) -> None:
        """Write to `folder`, which is made if it is not there."""
        self._folder = Path(folder)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()

    def send(self, mail: Mail) -> None:
        """Write `mail` to the next file, such as `0007.eml`. Raises `MailError` for a mail that could not be sent."""
        content = mail.build(_SENDER).as_bytes()
        with self._lock:
            path = self._folder / f"{len(list(self._folder.glob('*.eml'))) + 1:04}.eml"
            path.touch(mode=0o600, exist_ok=False)
            path.write_bytes(content)
