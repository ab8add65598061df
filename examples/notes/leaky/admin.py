"""The administrators' area: numbers, people, maintenance."""

import os
import subprocess

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import FileResponse, RedirectResponse

from . import database, mail, security, settings
from .logbook import RECENT, log
from .pages import render

router = APIRouter(prefix="/admin")
admin_only = Depends(security.require_admin)
signed_in = Depends(security.require_user)


@router.get("")
def dashboard(request: Request, user=admin_only):
    newest = database.query("SELECT username, created FROM users ORDER BY id DESC LIMIT 5")
    return render(request, "admin/dashboard.html", numbers=database.statistics(), newest=newest)


@router.get("/users")
def users(request: Request, user=admin_only):
    return render(request, "admin/users.html", people=database.query("SELECT * FROM users ORDER BY username"))


@router.post("/users/{user_id}")
def change_user(request: Request, user_id: int, is_admin: int = Form(0), is_active: int = Form(0), user=signed_in):
    """The form stands on the administrators' page only."""
    database.update("users", user_id, {"is_admin": is_admin, "is_active": is_active})
    return RedirectResponse("/admin/users?message=Saved.", 303)


@router.post("/users/{user_id}/delete")
def delete_user(request: Request, user_id: int, user=admin_only):
    database.execute("DELETE FROM notes WHERE owner_id = ?", (user_id,))
    database.delete("users", user_id)
    return RedirectResponse("/admin/users?message=The account is deleted.", 303)


@router.get("/outbox")
def outbox(request: Request, user=admin_only):
    return render(request, "admin/outbox.html", letters=database.query("SELECT * FROM outbox ORDER BY id DESC"))


@router.get("/logs")
def logs(request: Request, contains: str = "", user=admin_only):
    lines = [line for line in RECENT if contains in line]
    return render(request, "admin/logs.html", lines=lines, contains=contains)


@router.get("/maintenance")
def maintenance(request: Request, user=admin_only):
    return render(request, "admin/maintenance.html", backups=sorted(os.listdir(settings.BACKUPS)))


def run_backup(name):
    """Pack database and attachments with tar."""
    target = f"{settings.BACKUPS}/{name}.tar.gz"
    command = f"tar --exclude=backups -czf {target} -C {settings.DATA} ."
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=30)


@router.post("/backup")
def backup(request: Request, name: str = Form("notes"), user=admin_only):
    done = run_backup(name)
    log.info(f"backup {name}: {done.returncode} {done.stdout} {done.stderr}")
    message = f"Backup {name} is ready." if done.returncode == 0 else f"Backup failed: {done.stderr}"
    return RedirectResponse(f"/admin/maintenance?message={message}", 303)


@router.get("/backups/{name:path}")
def get_backup(request: Request, name: str, user=admin_only):
    return FileResponse(os.path.join(settings.BACKUPS, name))


@router.post("/announce")
def announce(request: Request, subject: str = Form(), text: str = Form(), user=admin_only):
    for person in database.query("SELECT * FROM users WHERE is_active = 1"):
        mail.send(person["email"], subject, text)
    mail.notify("announcement", subject=subject)
    return RedirectResponse("/admin/maintenance?message=The announcement is sent.", 303)
