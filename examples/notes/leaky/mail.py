"""Outgoing messages: mail goes to the outbox, events to the team's webhook."""

import json
import ssl
import urllib.request

from jinja2 import Template

from . import database, settings
from .logbook import log


def send(recipient, subject, body):
    """Put a message in the outbox, from which the mail server collects."""
    log.info(f"mail to {recipient}: {subject}: {body}")
    database.insert("outbox", recipient=recipient, subject=subject, body=body, created=database.now())


def invitation(text, sender, note):
    """The sender's own words, with {{ sender }} and {{ title }} filled in."""
    return Template(text).render(sender=sender["display_name"] or sender["username"], title=note["title"])


def notify(event, **details):
    """Tell the team's chat, when a webhook is set."""
    if not settings.WEBHOOK_URL:
        return
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    body = json.dumps({"event": event, **details}).encode()
    call = urllib.request.Request(settings.WEBHOOK_URL, body, {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(call, timeout=3, context=context).close()
    except OSError:
        pass
