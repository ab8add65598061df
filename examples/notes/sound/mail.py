"""Outgoing messages: mail goes to the outbox, events to the team's webhook."""

import json
import ssl
from collections import deque
from dataclasses import dataclass
from email.message import EmailMessage
from http.client import HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from vallum.base.randomness import token
from vallum.guard.files.paths import SafeFolder
from vallum.guard.logging.events import Level
from vallum.guard.logging.redaction import redact

from . import database, logbook
from .records import Note, Person
from .settings import SETTINGS, UNSET

SENDER: Final = "notes@notes.example"
WEBHOOK_SECONDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail that was handed over."""

    recipient: str
    subject: str
    body: str
    created: str

    @property
    def shown(self) -> str:
        """The text without one-time links: those are for the recipient alone."""
        return redact(self.body)


OUTBOX: Final[deque[Letter]] = deque(maxlen=200)
"""The last letters, in memory: links that open an account are in no table and in no backup."""


def send(recipient: str, subject: str, body: str) -> None:
    """Hand a message over: to the folder from which the mail server collects, where there is one."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, recipient, subject
    message.set_content(body)
    OUTBOX.append(Letter(recipient=recipient, subject=subject, body=body, created=database.now()))
    if SETTINGS.mail_folder != UNSET:
        with SafeFolder(SETTINGS.mail_folder).create(f"{token()}.eml") as file:
            file.write(message.as_bytes())
    logbook.note("mail-sent", subject=subject)


def write_invitation(greeting: str, sender: Person, note: Note) -> str:
    """The sender's own words, with {{ sender }} and {{ title }} filled in: text is replaced, no template is run."""
    return greeting.replace("{{ sender }}", sender.name).replace("{{ title }}", note.title)


def notify(event: str, **details: str) -> None:
    """Tell the team's chat, when a webhook is set. It may be down: then the log says so, and nothing else happens."""
    if not SETTINGS.webhook:
        return
    try:
        post_json(SETTINGS.webhook, json.dumps({"event": event, **details}).encode())
    except (OSError, HTTPException) as error:
        logbook.note("webhook-failed", Level.ERROR, error=type(error).__name__)


def post_json(url: str, body: bytes) -> None:
    """POST over TLS to an address from the configuration. Raises `OSError` and `HTTPException`."""
    target = urlsplit(url)
    context = ssl.create_default_context()
    connection = HTTPSConnection(target.hostname or "", target.port, timeout=WEBHOOK_SECONDS, context=context)
    try:
        connection.request("POST", target.path or "/", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise HTTPException(f"status {answer.status}")
    finally:
        connection.close()
