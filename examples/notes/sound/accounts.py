"""Register, log in and out, reset a password, profile and settings."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, BackgroundTasks, Form, Request
from fastapi.responses import Response

from vallum.guard import NotFoundError, current, limited, public, renew_session, sign_in, sign_out, signed_in
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure, note_failure
from vallum.guard.authentication.mfa.step_up import RecentLogin, note_factor
from vallum.guard.logging.vocabulary import PasswordChanged, PasswordChangeFailed, note_event
from vallum.guard.output.redirects import Redirects

from . import factors, forms, letters, limits, notebook, passwords, people, proofs
from .pages import go, render

router = APIRouter()
AFTER_LOGIN: Final = Redirects(fallback="/notes")
SENT: Final = "If an account uses this address, a link is on its way."
BAD_LINK: Final = "This link is not valid any more."
WRONG_PASSWORD: Final = "The current password is not right."  # noqa: S105 - a sentence for people
RECENT_LOGIN: Final = RecentLogin()
"""Whoever changes a factor has logged in a moment ago."""
ACCENTS: Final = ("moss", "sea", "plum", "brick", "amber", "slate")


@router.get("/register")
@public
def register_form(request: Request) -> Response:
    return render(request, "accounts/register.html", {"form": None})


@router.post("/register")
@public
@limited("20/hour", by="address")
async def register(request: Request, form: Annotated[forms.Registration, Form()], tasks: BackgroundTasks) -> Response:
    """Answers alike whether name and address are free or taken; the mail tells."""
    if passwords.is_weak(form.password, form.username):
        return render(request, "accounts/register.html", {"form": form}, status=400, message=passwords.TOO_WEAK)
    await limits.LETTERS.take(form.email)
    hashed = await passwords.HASHER.hash_async(form.password)
    tasks.add_task(open_account, form, hashed)
    return go("/login", "registered")


def open_account(form: forms.Registration, hashed: str) -> None:
    """Open the account if name and address are free, and write to the address."""
    user_id = people.add(form.username, form.email, hashed, form.display_name)
    if user_id is not None:
        letters.ask_confirmation(user_id, form.email)
    elif people.find_by_email(form.email):
        letters.tell_known(form.email)
    else:
        letters.tell_taken(form.email)


@router.get("/confirm")
@public
def confirm_form(request: Request, token: str = "") -> Response:
    return keep_address(render(request, "accounts/confirm.html", {"token": token}))


@router.post("/confirm")
@public
@limited("30/hour", by="address")
def confirm(request: Request, form: Annotated[forms.Confirmation, Form()]) -> Response:
    proof = proofs.use(proofs.CONFIRM, form.token)
    if proof is None or not people.confirm(proof.user_id, proof.email):
        return render(request, "accounts/confirm.html", {"token": ""}, status=400, message=BAD_LINK)
    return go("/login", "confirmed")


@router.get("/login")
@public
def login_form(request: Request, next: str = "/notes") -> Response:  # noqa: A002 - the name is in every link to here
    if people.visitor():
        return go(AFTER_LOGIN.resolve(next))
    return render(request, "accounts/login.html", {"next": AFTER_LOGIN.resolve(next)})


@router.post("/login")
@public
async def login(request: Request, form: Annotated[forms.Login, Form()]) -> Response:
    try:
        account = await passwords.log_in(form.username, form.password)
    except LoginFailedError as failure:
        sentence = note_failure(LoginFailure(failure.cause), typed_name=form.username)
        values = {"next": AFTER_LOGIN.resolve(form.next)}
        return render(request, "accounts/login.html", values, status=401, message=sentence)
    half = factors.halve(account)
    if half is not None:
        values = {"half": half.reveal(), "next": AFTER_LOGIN.resolve(form.next)}
        return render(request, "accounts/code.html", values)
    sign_in(str(account.id), roles=account.roles)
    return go(AFTER_LOGIN.resolve(form.next))


@router.post("/login/code")
@public
def login_code(request: Request, form: Annotated[forms.LoginCode, Form()]) -> Response:
    """The second step: the half login of the password, and a code of the app."""
    try:
        record = factors.SECOND.complete(form.half, factors.TOTP_KIND, form.code)
    except LoginFailedError as failure:
        sentence = note_failure(LoginFailure(failure.cause), typed_name=form.half)
        values = {"half": form.half, "next": AFTER_LOGIN.resolve(form.next)}
        return render(request, "accounts/code.html", values, status=401, message=sentence)
    sign_in(record.id, roles=record.roles)
    note_factor()
    return go(AFTER_LOGIN.resolve(form.next))


@router.post("/logout")
@signed_in
def logout() -> Response:
    sign_out()
    return go("/login")


@router.get("/forgot")
@public
def forgot_form(request: Request) -> Response:
    return render(request, "accounts/forgot.html")


@router.post("/forgot")
@public
@limited("20/hour", by="address")
def forgot(request: Request, form: Annotated[forms.Forgotten, Form()], tasks: BackgroundTasks) -> Response:
    """Answers alike for every address; whether there is an account is looked up after the answer."""
    limits.LETTERS.take_now(form.email)
    tasks.add_task(letters.send_reset, form.email)
    return render(request, "accounts/forgot.html", message=SENT)


@router.get("/reset")
@public
def reset_form(request: Request, token: str = "") -> Response:
    return keep_address(render(request, "accounts/reset.html", {"token": token}))


def keep_address(response: Response) -> Response:
    """The address of this page holds a one-time link: no other page may learn it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@router.post("/reset")
@public
@limited("30/hour", by="address")
async def reset(request: Request, form: Annotated[forms.Reset, Form()]) -> Response:
    """The link counts once; every session and token of the account ends."""
    if passwords.is_weak(form.password, ""):
        values = {"token": form.token}
        return render(request, "accounts/reset.html", values, status=400, message=passwords.TOO_WEAK)
    hashed = await passwords.HASHER.hash_async(form.password)
    proof = proofs.use(proofs.RESET, form.token)
    if proof is None:
        return render(request, "accounts/reset.html", {"token": ""}, status=400, message=BAD_LINK)
    people.set_password(proof.user_id, hashed)
    await asyncio.to_thread(limits.LOCKOUT.clear, str(proof.user_id))
    note_event(PasswordChanged(account=str(proof.user_id)))
    letters.tell_changed(proof.email)
    return go("/login", "password")


@router.get("/profile")
@signed_in
def profile(request: Request) -> Response:
    return render(request, "accounts/profile.html", {"person": people.me(), "accents": ACCENTS})


@router.post("/profile")
@signed_in
async def save_profile(request: Request, form: Annotated[forms.Profile, Form()], tasks: BackgroundTasks) -> Response:
    """Another address needs the password now, and the link that is sent to it."""
    me = people.me()
    moves = form.email is not None and form.email != me.email
    if moves and not await confirm_password(me.id, form.current):
        values = {"person": me, "accents": ACCENTS}
        return render(request, "accounts/profile.html", values, status=400, message=WRONG_PASSWORD)
    people.save_profile(me, display_name=form.display_name, website=form.website, bio=form.bio, accent=form.accent)
    if form.email is None or not moves:
        return go("/profile", "saved")
    await limits.LETTERS.take(form.email)
    tasks.add_task(letters.move_address, me, form.email)
    return go("/profile", "proof")


@router.post("/profile/password")
@signed_in
async def change_password(request: Request, form: Annotated[forms.NewPassword, Form()]) -> Response:
    """Needs the current password; ends every other session and every token."""
    me = people.me()
    factors.demand_fresh(me.id)
    right = await confirm_password(me.id, form.current)
    if not right or passwords.is_weak(form.password, me.username):
        values = {"person": me, "accents": ACCENTS}
        sentence = passwords.TOO_WEAK if right else WRONG_PASSWORD
        return render(request, "accounts/profile.html", values, status=400, message=sentence)
    record = current().record
    people.set_password(me.id, await passwords.HASHER.hash_async(form.password), keep=record.digest if record else None)
    renew_session()
    note_event(PasswordChanged(account=str(me.id)))
    letters.tell_changed(me.email)
    return go("/profile", "password")


@router.get("/profile/factor")
@signed_in
def factor_form(request: Request) -> Response:
    return render(request, "accounts/factor.html", {"active": factors.is_due(people.me().id)})


@router.post("/profile/factor")
@signed_in
@RECENT_LOGIN
def begin_factor(request: Request) -> Response:
    """A secret for the app, shown once; it is no factor before its first code."""
    offer = factors.TOTP.begin(factors.record_of(people.me().id), current().record)
    return render(request, "accounts/factor.html", {"offer": offer})


@router.post("/profile/factor/confirm")
@signed_in
@RECENT_LOGIN
def confirm_factor(form: Annotated[forms.FactorCode, Form()]) -> Response:
    factors.TOTP.confirm(factors.record_of(people.me().id), current().record, form.factor, form.code)
    note_factor()
    return go("/profile/factor", "factor")


@router.post("/profile/factor/proof")
@signed_in
def prove_factor(form: Annotated[forms.Code, Form()]) -> Response:
    """The second factor once more, before what asks for a fresh one."""
    factors.SECOND.confirm(factors.record_of(people.me().id), factors.TOTP_KIND, form.code)
    note_factor()
    return go("/profile", "proven")


async def confirm_password(user_id: int, password: str) -> bool:
    """Tell whether this is the current password; whoever guesses is slowed down and stands in the log."""
    await limits.CHANGES.take(str(user_id))
    right = await passwords.confirms(user_id, password)
    if not right:
        note_event(PasswordChangeFailed(account=str(user_id), cause="wrong-password"))
    return right


@router.get("/settings")
@signed_in
def settings_form(request: Request) -> Response:
    values = {"sorts": tuple(notebook.SORTS), "directions": tuple(notebook.DIRECTIONS)}
    return render(request, "accounts/settings.html", values)


@router.post("/settings")
@signed_in
def save_settings(form: Annotated[forms.Preferences, Form()]) -> Response:
    people.save_settings(
        people.me(), page_size=form.page_size, sort=form.sort, direction=form.direction, theme=form.theme
    )
    return go("/settings", "saved")


@router.get("/people/{username}")
@public
def person(request: Request, username: str) -> Response:
    found = people.find_named(username)
    if found is None:
        raise NotFoundError
    return render(request, "accounts/person.html", {"person": found})
