"""Register, log in and out, reset a password, profile and settings."""

import re

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse

from . import database, mail, security, sessions, settings
from .logbook import log
from .pages import render

router = APIRouter()
USERNAME = re.compile(r"^[A-Za-z0-9_.-]{2,30}$")
SORTS = ["updated", "created", "title"]


def account_problem(username, email, password):
    """Why an account cannot be opened, or None."""
    if username.lower() in settings.FORBIDDEN_NAMES or not USERNAME.match(username):
        return "Please choose another user name."
    if "@" not in email:
        return "Please give your e-mail address."
    if len(password) < 4:
        return "A password has at least four characters."
    if database.user_named(username):
        return f"The name {username} is already taken."
    if database.one("SELECT id FROM users WHERE email = ?", (email,)):
        return f"There is already an account for {email}."
    return None


@router.get("/register")
def register_form(request: Request):
    return render(request, "accounts/register.html")


@router.post("/register")
async def register(request: Request):
    form = dict(await request.form())
    log.info(f"register {form}")
    username, email, password = form.get("username", ""), form.get("email", ""), form.get("password", "")
    if problem := account_problem(username, email, password):
        return render(request, "accounts/register.html", 400, message=problem, form=form)
    user_id = database.insert(
        "users",
        username=username,
        email=email,
        password=security.hash_password(password),
        display_name=form.get("display_name") or username,
        created=database.now(),
    )
    response = RedirectResponse("/notes?message=Welcome to Notes.", 303)
    sessions.sign_in(request, response, {"id": user_id})
    return response


@router.get("/login")
def login_form(request: Request, next: str = "/notes"):
    if request.state.user:
        return RedirectResponse(next, 303)
    return render(request, "accounts/login.html", next=next)


@router.post("/login")
def login(request: Request, username: str = Form(""), password: str = Form(""), next: str = Form("/notes")):
    log.info(f"login username={username} password={password}")
    user = database.user_named(username)
    if user is None:
        return render(request, "accounts/login.html", 404, message="User not found.", next=next)
    if not security.check_password(password, user["password"]):
        return render(request, "accounts/login.html", 401, message="Wrong password.", next=next)
    if not user["is_active"]:
        return render(request, "accounts/login.html", 403, message="This account is disabled.", next=next)
    response = RedirectResponse(next, 303)
    sessions.sign_in(request, response, user)
    return response


@router.get("/logout")
@router.post("/logout")
def logout(request: Request):
    response = RedirectResponse("/login", 303)
    sessions.sign_out(response)
    return response


@router.get("/forgot")
def forgot_form(request: Request):
    return render(request, "accounts/forgot.html")


@router.post("/forgot")
def forgot(request: Request, email: str = Form("")):
    user = database.one("SELECT * FROM users WHERE email = ?", (email,))
    if user is None:
        return render(request, "accounts/forgot.html", 404, message=f"No account uses {email}.")
    token = security.reset_code()
    database.insert("reset_tokens", user_id=user["id"], token=token, created=database.now())
    link = f"{request.url.scheme}://{request.headers['host']}/reset?token={token}"
    mail.send(email, "Your new password", f"Choose a new password: {link}")
    return render(request, "accounts/forgot.html", message="We have sent you a link.")


@router.get("/reset")
def reset_form(request: Request, token: str = ""):
    return render(request, "accounts/reset.html", token=token)


@router.post("/reset")
def reset(request: Request, token: str = Form(""), password: str = Form("")):
    proof = database.one("SELECT * FROM reset_tokens WHERE token = ?", (token,))
    if proof is None:
        return render(request, "accounts/reset.html", 400, message="This link is not valid.", token=token)
    database.update("users", proof["user_id"], {"password": security.hash_password(password)})
    database.delete("reset_tokens", proof["id"])
    return RedirectResponse("/login?message=Your password is changed.", 303)


@router.get("/profile")
def profile(request: Request, user=Depends(security.require_user)):
    return render(request, "accounts/profile.html", person=user)


@router.post("/profile")
async def save_profile(request: Request, user=Depends(security.require_user)):
    form = await request.form()
    database.update("users", user["id"], dict(form))
    return RedirectResponse("/profile?message=Saved.", 303)


@router.post("/profile/password")
def change_password(request: Request, password: str = Form(), user=Depends(security.require_user)):
    log.info("password of %s changed to %s", user["username"], password)
    database.update("users", user["id"], {"password": security.hash_password(password)})
    return RedirectResponse("/profile?message=Your password is changed.", 303)


@router.get("/settings")
def settings_form(request: Request, user=Depends(security.require_user)):
    return render(request, "accounts/settings.html", sorts=SORTS)


@router.post("/settings")
async def save_settings(request: Request, user=Depends(security.require_user)):
    form = dict(await request.form())
    response = RedirectResponse("/settings?message=Saved.", 303)
    preferences = sessions.read_preferences(request) | form
    sessions.write_preferences(response, preferences)
    return response


@router.get("/people/{username}")
def person(request: Request, username: str):
    found = database.user_named(username)
    if found is None:
        return render(request, "error.html", 404, title="Nobody here", detail=f"There is no {username}.")
    return render(request, "accounts/person.html", person=found)
