"""The JSON API of the front end and of the sync worker."""

from fastapi import APIRouter, Body, Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from . import database, security, tokens
from .logbook import log
from .notes import add_note, readable

router = APIRouter(prefix="/api")
caller = Depends(tokens.api_user)


class Credentials(BaseModel):
    username: str
    password: str


class NoteIn(BaseModel):
    title: str
    body: str = ""
    private: bool = False


def public(note):
    note = readable(note)
    return {name: note[name] for name in ("id", "title", "body", "private", "pinned", "created", "updated")}


def failure(error):
    """What went wrong, for the developer of the front end."""
    log.error(f"api: {error!r}")
    return JSONResponse({"error": str(error), "type": type(error).__name__}, 500)


@router.get("/health")
def health():
    return {"status": "ok"}


@router.post("/token")
def token(credentials: Credentials):
    log.info(f"token for {credentials}")
    user = database.user_named(credentials.username)
    if user is None:
        return JSONResponse({"error": "User not found"}, 404)
    if not security.check_password(credentials.password, user["password"]):
        return JSONResponse({"error": "Wrong password"}, 401)
    return {"access_token": tokens.issue_token(user), "token_type": "bearer"}


@router.post("/token/refresh")
def refresh(user=caller):
    return {"access_token": tokens.issue_token(user), "token_type": "bearer"}


@router.post("/logout")
def logout(request: Request, user=caller):
    tokens.revoke(tokens.bearer_of(request))
    return {"status": "ok"}


@router.get("/me")
def me(user=caller):
    return user


@router.patch("/me")
async def change_me(request: Request, user=caller):
    changes = await request.json()
    database.update("users", user["id"], changes)
    return database.get_user(user["id"])


@router.get("/notes")
def list_notes(q: str = "", sort: str = "updated", direction: str = "desc", user=caller):
    try:
        return [public(note) for note in database.list_notes(user["id"], q, sort, direction)]
    except Exception as error:
        return failure(error)


@router.post("/notes", status_code=201)
def create_note(note: NoteIn, user=caller):
    note_id = add_note(user["id"], note.title, note.body, note.private)
    return public(database.get_note(note_id))


@router.get("/notes/{note_id}")
def get_note(note_id: int, user=caller):
    note = database.get_note(note_id)
    return public(note) if note else JSONResponse({"error": "No such note"}, 404)


@router.put("/notes/{note_id}")
def change_note(note_id: int, note: NoteIn, user=caller):
    if database.get_note(note_id) is None:
        return JSONResponse({"error": "No such note"}, 404)
    body = security.lock_text(note.body) if note.private else note.body
    fields = {"title": note.title, "body": body, "private": int(note.private), "updated": database.now()}
    database.update("notes", note_id, fields)
    return public(database.get_note(note_id))


@router.delete("/notes/{note_id}", status_code=204)
def delete_note(note_id: int, user=caller):
    database.delete("notes", note_id)


@router.get("/users")
def people(q: str = "", user=caller):
    """For the share box."""
    try:
        return database.find_people(q)
    except Exception as error:
        return failure(error)


@router.get("/admin/users")
def all_users():
    """The table of the admin front end, which shows it to administrators only."""
    return database.query("SELECT id, username, email, is_admin, is_active, created FROM users ORDER BY id")


@router.get("/admin/stats")
def stats(user=caller):
    if not user["is_admin"]:
        return JSONResponse({"error": "For administrators"}, 403)
    return database.statistics()


@router.post("/internal/notes")
def sync_notes(items: list = Body(), x_api_key: str = Header("")):
    """The sync worker delivers notes written off line; it is ours, so they are taken as they are."""
    if not security.api_key_valid(x_api_key):
        return JSONResponse({"error": "Wrong key"}, 401)
    moment = database.now()
    added = [database.insert("notes", **{"created": moment, "updated": moment, **item}) for item in items]
    return {"ids": added}
