"""Resets of a forgotten password: where one is asked for, and the link that comes by mail used as a browser does."""

import math
import re
from collections.abc import Generator
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.probe.check import Wanted
from vallum.probe.exchange import Exchange, Headers, Letter, Shot, Text
from vallum.probe.newcomers import (
    Newcomer,
    body_names,
    follow_link,
    form_of,
    is_password,
    links_in,
    names_address,
    read_mail,
    secret_in,
    send_form,
)
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Surface

ASK: Final = "ask for a reset"
USE: Final = "use a reset link"
_FORGOT: Final = re.compile(r"(?i)forgot|forget|reset|recover|lost[-_]?pass")
_SECRETS: Final = ("token", "code", "key", "secret", "proof", "otp")
_ALPHABETS: Final = ((r"\d+", 10), (r"[0-9a-f-]+", 16), (r"[0-9a-z]+|[0-9A-Z]+", 36), (r"[0-9A-Za-z]+", 62))
_WIDEST: Final = 64


def reset_request(surface: Surface) -> Operation | None:
    """Where a reset is asked for: an address or a name, and no password."""
    if not surface.writes:
        return None
    for operation in surface.operations:
        if operation.is_safe or operation.holes or not _FORGOT.search(operation.template):
            continue
        fields = operation.within(In.FORM, In.JSON)
        if any(_names_account(p.name) for p in fields) and not any(is_password(p) for p in fields):
            return operation
    return None


def reset_use(surface: Surface) -> Operation | None:
    """Where the new password goes, with the secret of the mail: for apps whose link leads to no form."""
    for operation in surface.operations:
        names = [name.lower() for name in body_names(operation)]
        told = any(word in name for name in names for word in _SECRETS)
        sets = any(is_password(p) for p in operation.within(In.FORM, In.JSON))
        if not operation.is_safe and not operation.holes and sets and told and _FORGOT.search(operation.template):
            return operation
    return None


def ask_reset(
    surface: Surface, newcomer: Newcomer, session: str, *, headers: Headers = ()
) -> Generator[Wanted, Exchange, tuple[Exchange, tuple[Letter, ...]] | None]:
    """Ask for a reset as nobody, in a browser of its own, and read the mail. None where no reset was found."""
    door = reset_request(surface)
    if door is None:
        return None
    fields = door.within(In.FORM, In.JSON)
    hits = {p.key: newcomer.email if names_address(p.name) else newcomer.name for p in fields if _names_account(p.name)}
    shot = surface.aim(door, "", hits=hits, label=ASK)
    if shot is None:
        return None
    asked = yield replace(shot, session=session, trial=newcomer.trial, headers=headers)
    letters = yield from read_mail(surface, asked, newcomer.email, newcomer.trial)
    return asked, letters


def link_of(letters: tuple[Letter, ...]) -> str:
    """The first link of the mails; empty when there is none."""
    return next(iter(links_in(letters)), "")


def use_link(
    surface: Surface, newcomer: Newcomer, link: str, password: Secret[str], label: str, session: str
) -> Generator[Wanted, Exchange, Exchange | None]:
    """Open the link and send its form with a new password; the answer. None where there is no form to send."""
    opened = yield from follow_link(surface, link, newcomer.trial, session=session)
    form = form_of(opened, "passw")
    if form is not None:
        values: dict[str, Text] = {f.name: password for f in form.fields if is_password(f) or f.kind == "password"}
        return (yield from send_form(opened, form, values, label=label))
    shot = _api_shot(surface, link, password)
    if shot is None:
        return opened if opened.answer.status >= 400 else None
    return (yield replace(shot, trial=newcomer.trial, session=session, label=label))


def _api_shot(surface: Surface, link: str, password: Secret[str]) -> Shot | None:
    door = reset_use(surface)
    if door is None:
        return None
    hits: dict[tuple[str, str], Text] = {}
    for parameter in door.within(In.FORM, In.JSON):
        if is_password(parameter):
            hits[parameter.key] = password
        elif any(word in parameter.name.lower() for word in _SECRETS):
            hits[parameter.key] = secret_in(link)
    return surface.aim(door, "", hits=hits)


def bits_of(secret: str) -> float:
    """How many random bits a secret has at most, as its characters tell."""
    size = next((size for pattern, size in _ALPHABETS if re.fullmatch(pattern, secret)), _WIDEST)
    return len(secret.replace("-", "") if size == _ALPHABETS[1][1] else secret) * math.log2(size)


def _names_account(name: str) -> bool:
    return names_address(name) or name.lower() in ("username", "user", "login", "identifier")
