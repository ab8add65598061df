"""The administrators' area: numbers, people, maintenance."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import JSONResponse, Response

from vallum.guard import NotFoundError, PublicError, Refusal, limited, requires
from vallum.guard.data.queries import Query as Sql
from vallum.guard.frameworks.fastapi import CurrentActor
from vallum.guard.input.programs import ArgumentRefusedError
from vallum.guard.logging.vocabulary import AccountDeleted, AdminActed, RolesChanged, note_event

from . import alarms, attachments, backups, database, factors, forms, limits, mail, notebook, people, trail
from .logbook import RECENT
from .pages import go, render
from .records import Person
from .security import MANAGE

router = APIRouter(prefix="/admin")
BAD_NAME: Final = "A backup's name has small letters, digits and hyphens."
NUMBERS: Final = {
    "users": Sql("SELECT COUNT(*) FROM users"),
    "notes": Sql("SELECT COUNT(*) FROM notes"),
    "shares": Sql("SELECT COUNT(*) FROM shares"),
    "attachments": Sql("SELECT COUNT(*) FROM attachments"),
}


class OwnAccountError(PublicError):
    """Nobody takes the last rights from herself by mistake."""

    refusal = Refusal(400, "own-account", "Another administrator must do this to your account.")


def statistics() -> dict[str, int]:
    """What the first page counts."""
    return {name: database.count(query) for name, query in NUMBERS.items()}


@router.get("")
@requires(MANAGE)
def dashboard(request: Request) -> Response:
    return render(request, "admin/dashboard.html", {"numbers": statistics(), "newest": people.newest()})


@router.get("/users")
@requires(MANAGE)
def users(request: Request) -> Response:
    return render(request, "admin/users.html", {"people": people.everybody()})


@router.post("/users/{user_id}")
@requires(MANAGE)
def change_user(user_id: forms.RowId, actor: CurrentActor, form: Annotated[forms.Rights, Form()]) -> Response:
    check_other(user_id, actor.id)
    before = people.get_account(user_id)
    if before is None or not people.set_rights(user_id, admin=form.is_admin, active=form.is_active):
        raise NotFoundError
    after = "admin" if form.is_admin else "writer"
    note_event(RolesChanged(account=str(user_id), before=before.roles[-1], after=after if form.is_active else "none"))
    return go("/admin/users", "saved")


@router.get("/users/{user_id}/delete")
@requires(MANAGE)
def confirm_delete(request: Request, user_id: forms.RowId) -> Response:
    return render(request, "admin/delete.html", {"person": find(user_id)})


@router.post("/users/{user_id}/delete")
@requires(MANAGE)
def delete_user(user_id: forms.RowId, actor: CurrentActor) -> Response:
    check_other(user_id, actor.id)
    for note in notebook.list_all(str(user_id)):
        attachments.remove_all(note)
    factors.forget(user_id)
    if not people.delete(user_id):
        raise NotFoundError
    note_event(AccountDeleted(account=str(user_id)))
    return go("/admin/users", "account-deleted")


def check_other(user_id: int, actor_id: str) -> None:
    """Refuse what an administrator would do to her own account."""
    if str(user_id) == actor_id:
        raise OwnAccountError


def find(user_id: int) -> Person:
    """The account with this number. Raises `NotFoundError`."""
    found = next((person for person in people.everybody() if person.id == user_id), None)
    if found is None:
        raise NotFoundError
    return found


@router.get("/outbox")
@requires(MANAGE)
def outbox(request: Request) -> Response:
    return render(request, "admin/outbox.html", {"letters": list(reversed(mail.OUTBOX))})


@router.get("/logs")
@requires(MANAGE)
def logs(request: Request, contains: Annotated[str, Query(max_length=200)] = "") -> Response:
    lines = [line for line in RECENT if contains in line]
    return render(request, "admin/logs.html", {"lines": lines, "contains": contains, "alarms": list(alarms.RAISED)})


@router.get("/trail")
@requires(MANAGE)
def show_trail(request: Request) -> Response:
    return render(request, "admin/trail.html", {"entries": trail.newest(), "report": trail.check()})


@router.post("/trail/checkpoint")
@requires(MANAGE)
def seal_trail() -> Response:
    """A signed checkpoint, to be kept elsewhere: `vallum trail verify` finds what was changed before it."""
    headers = {"Content-Disposition": 'attachment; filename="checkpoint.json"'}
    return JSONResponse(trail.seal(), headers=headers)


@router.post("/users/{user_id}/unlock")
@requires(MANAGE)
async def unlock_user(user_id: forms.RowId) -> Response:
    """Let somebody who mistyped too often try again."""
    await limits.LOGIN.reset(find(user_id).username)
    note_event(AdminActed(action="unlock", subject=str(user_id)))
    return go("/admin/users", "saved")


@router.get("/maintenance")
@requires(MANAGE)
def maintenance(request: Request) -> Response:
    return render(request, "admin/maintenance.html", {"backups": backups.names()})


@router.post("/backup")
@requires(MANAGE)
@limited("10/hour")
def backup(request: Request, form: Annotated[forms.BackupName, Form()]) -> Response:
    try:
        backups.make(form.name)
    except ArgumentRefusedError:
        values = {"backups": backups.names()}
        return render(request, "admin/maintenance.html", values, status=400, message=BAD_NAME)
    note_event(AdminActed(action="backup", subject=form.name))
    return go("/admin/maintenance", "backup")


@router.get("/backups/{name}")
@requires(MANAGE)
def get_backup(name: str) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="backup.tar.gz"'}
    return Response(backups.read(name), media_type="application/gzip", headers=headers)


@router.post("/announce")
@requires(MANAGE)
@limited("5/hour")
def announce(form: Annotated[forms.Announcement, Form()]) -> Response:
    for person in people.everybody():
        if person.is_active:
            mail.send(person.email, form.subject, form.text)
    mail.notify("announcement", subject=form.subject)
    return go("/admin/maintenance", "announced")
