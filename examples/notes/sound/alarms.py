"""Alarms: when something happens too often, the team is told, without holding up a request."""

from collections import deque
from collections.abc import Mapping
from typing import Final

from vallum.guard.logging.alerts import Alert, Alerts, Webhook, render_alert

from . import logbook, mail
from .settings import SETTINGS

RAISED: Final[deque[Mapping[str, object]]] = deque(maxlen=50)
"""The last alarms, for the administrators' page."""


def tell_team(alert: Alert) -> None:
    """Remember the alarm, and post it where `NOTES_ALERT_URL` says. What fails here is logged as undelivered."""
    RAISED.appendleft(render_alert(alert))
    if SETTINGS.alert_url:
        Webhook(SETTINGS.alert_url.reveal(), mail.post_json)(alert)


ALERTS: Final = Alerts(tell_team, then=logbook.keep_event)
