"""The sessions of a person: from where, with what browser, since when; and the end of one or of all others."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Form as Fields
from fastapi.responses import Response

from vallum.guard import NotFoundError, current, signed_in
from vallum.guard.frameworks.fastapi import CurrentActor
from vallum.guard.sessions.overview import SessionOverview

from . import people
from .forms import Form, Token
from .pages import go, render

router = APIRouter()
OVERVIEW: Final = SessionOverview(people.SESSIONS)


class Device(Form):
    """POST /sessions/revoke."""

    handle: Token


def tell_time(seconds: float) -> str:
    """A moment as the page shows it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


@router.get("/sessions")
@signed_in
def list_sessions(request: Request, actor: CurrentActor) -> Response:
    values = {"sessions": OVERVIEW.list(actor.id, current=current().record), "tell_time": tell_time}
    return render(request, "accounts/sessions.html", values)


@router.post("/sessions/revoke")
@signed_in
def end_session(actor: CurrentActor, form: Annotated[Device, Fields()]) -> Response:
    if not OVERVIEW.end(actor.id, form.handle):
        raise NotFoundError
    return go("/sessions")


@router.post("/sessions/revoke-others")
@signed_in
def end_others(actor: CurrentActor) -> Response:
    record = current().record
    if record is not None:
        OVERVIEW.end_others(actor.id, record)
    return go("/sessions")
