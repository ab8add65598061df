"""Second factors as a user enrols and shows them: the secret of an authenticator app, and the codes made from it."""

import base64
import binascii
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from vallum.base.secret import Secret
from vallum.crypto.otp.totp import Totp
from vallum.probe.check import Wanted
from vallum.probe.exchange import Exchange, Headers, SignIn, Stir, Text
from vallum.probe.newcomers import Newcomer, fields_of, proof_shot, send_form
from vallum.probe.operation import In, Operation
from vallum.probe.read.html import Form
from vallum.probe.surface import Surface
from vallum.probe.tokens import read_text

STEP: Final = 30.0
BEGIN: Final = "begin the enrolment"
CONFIRM: Final = "confirm the enrolment"
CODE: Final = "second factor"
_FACTOR: Final = re.compile(r"(?i)mfa|2fa|totp|(?:^|[/_-])otp|two[-_]?(?:factor|step)|factor|authenticator")
_OTHER: Final = re.compile(r"(?i)remove|delete|disable|recover|backup|passkey|webauthn|mail|sms|lost|login|sign[-_]?in")
_ENTRY: Final = re.compile(r"(?i)login|log-in|sign[-_]?in|auth|session|token|verify|challenge|mfa|2fa|totp|otp|factor")
_CODES: Final = ("code", "otp", "totp", "passcode", "pin", "one_time", "onetime")
_ADDRESS: Final = re.compile(r"otpauth://totp/[^\s\"'<>]*?secret=([A-Z2-7]{16,})", re.IGNORECASE)
_SHOWN: Final = re.compile(r"\b(?:[A-Z2-7]{4}[ -]){3,}[A-Z2-7]{2,4}\b|\b[A-Z2-7]{16,}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A secret that was offered, and the answer that offered it."""

    secret: Secret[bytes]
    text: str
    """The secret in base32."""
    offered: Exchange

    def code(self, now: float, steps: int = 0) -> str:
        """The code of the moment, or so many steps of 30 seconds from it."""
        return Totp().make_code(self.secret, now + steps * STEP)


def factor_doors(surface: Surface) -> Iterator[Operation]:
    """Where a second factor is added: pages first, what only reads before what changes."""
    found = [
        op
        for op in surface.operations
        if not op.holes and _FACTOR.search(op.template) and not _OTHER.search(op.template) and not _code_of(op)
    ]
    yield from sorted(found, key=lambda op: (op.method != "GET", op.method != "POST", len(op.template)))


def takes_factors(surface: Surface) -> bool:
    """Whether anything of the app speaks of a second factor, or takes a code at the login."""
    return any(_FACTOR.search(op.template) or (op.is_login and _code_of(op)) for op in surface.operations)


def begin(surface: Surface, newcomer: Newcomer, session: str) -> Generator[Wanted, Exchange, Enrolment | None]:
    """Ask for a new secret as the newcomer, signed in under `session`. None where none is shown."""
    account = surface.users[0]
    for door in factor_doors(surface):
        if not surface.writes and not door.is_safe:
            continue
        hits: dict[tuple[str, str], Text] = {
            p.key: newcomer.password for p in door.within(In.FORM, In.JSON) if "passw" in p.name.lower()
        }
        shot = surface.aim(door, account.name, hits=hits, label=BEGIN)
        if shot is None:
            continue
        page = shot.page or account.proof.target
        offered = yield replace(shot, session=session, trial=newcomer.trial, page=page)
        enrolment = read_offer(offered)
        if enrolment is not None:
            return enrolment
    return None


def read_offer(exchange: Exchange) -> Enrolment | None:
    """The secret that an answer shows: in an otpauth address, or as base32."""
    text = exchange.answer.text.replace("&amp;", "&")
    found = _ADDRESS.search(text)
    shown = found[1] if found else next(iter(_SHOWN.findall(_plain(exchange))), "")
    plain = re.sub(r"[ -]", "", shown).upper()
    if not plain or not exchange.answer.succeeded:
        return None
    try:
        secret = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except binascii.Error:  # letters that are no base32 of whole bytes
        return None
    return Enrolment(secret=Secret(secret), text=plain, offered=exchange)


def confirm(
    surface: Surface, newcomer: Newcomer, session: str, enrolment: Enrolment, code: str
) -> Generator[Wanted, Exchange, Exchange | None]:
    """Send the first code of a new secret. None where there is no place for it."""
    offered = enrolment.offered
    form = code_form(offered)
    if form is not None:
        return (yield from send_form(offered, form, _codes(form, code), label=CONFIRM))
    for door in surface.operations:
        if door.is_safe or door.holes or not _FACTOR.search(door.template) or _OTHER.search(door.template):
            continue
        if _code_of(door):
            shot = surface.aim(door, surface.users[0].name, hits=_hits(door, code, offered), label=CONFIRM)
            if shot:
                return (yield replace(shot, session=session, trial=newcomer.trial))
    return None


def show_password(
    surface: Surface, newcomer: Newcomer, session: str
) -> Generator[Wanted, Exchange, tuple[Exchange, Exchange]]:
    """Log in by password alone in a session of its own: the answer with its page, and the proof."""
    account = surface.users[0]
    fields = fields_of(account, newcomer.name, newcomer.password)
    asked = yield SignIn(identity=account.name, session=session, replace=fields, trial=newcomer.trial)
    shown = yield proof_shot(account, session, newcomer.trial)
    if asked.answer.redirects and not code_form(asked):
        location = asked.answer.header("location")
        target = location.removeprefix(asked.base)
        if target.startswith("/"):
            asked = yield replace(asked.shot, method="GET", target=target, body=None, label="second step")
    return asked, shown


def show_code(
    surface: Surface, asked: Exchange, code: str, label: str = CODE
) -> Generator[Wanted, Exchange, Exchange | None]:
    """Send a code where the login asks for one. None where no place for it is known."""
    form = code_form(asked)
    if form is not None:
        return (yield from send_form(asked, form, _codes(form, code), label=label))
    doors = [op for op in surface.operations if not op.is_safe and not op.holes and _code_of(op)]
    doors = [op for op in doors if _ENTRY.search(op.template) and "enrol" not in op.template]
    for door in sorted(doors, key=lambda op: ("login" not in op.template, "confirm" in op.template, op.template)):
        shot = surface.aim(door, "", hits=_hits(door, code, asked), label=label)
        if shot:
            origin = asked.shot
            return (yield replace(shot, identity=origin.identity, session=origin.session, trial=origin.trial))
    return None


def bearer_of(sent: Exchange | None) -> Headers:
    """The header with the token that the second step gave, where it gave one and no cookie."""
    token = read_text(sent) if sent is not None and sent.answer.is_json else ""
    return (("Authorization", f"Bearer {token}"),) if token else ()


def code_form(exchange: Exchange) -> Form | None:
    """The form of a page that asks for a code."""
    for form in exchange.answer.page.forms:
        if form.method == "POST" and any(names_code(field.name) for field in form.fields):
            return form
    return None


def names_code(name: str) -> bool:
    """Whether a field holds a code."""
    return any(word in name.lower() for word in _CODES) and "recovery" not in name.lower()


def tell_time(newcomer: Newcomer, now: float, seconds: float = 0.0) -> Generator[Wanted, Exchange, float]:
    """The trial's time, after so many seconds more; `now` where the app is not in a trial."""
    if not newcomer.trial:
        return now
    moved = yield Stir(trial=newcomer.trial, seconds=seconds)
    return float(moved.answer.header("x-now") or now)


def _code_of(operation: Operation) -> str:
    return next((p.name for p in operation.within(In.FORM, In.JSON) if names_code(p.name)), "")


def _codes(form: Form, code: str) -> dict[str, Text]:
    return {field.name: code for field in form.fields if names_code(field.name)}


def _hits(door: Operation, code: str, asked: Exchange) -> dict[tuple[str, str], Text]:
    """The code, and whatever the answer before has given under the name of a field, or the session it came with."""
    told: Any = asked.answer.json()
    given = {k: v for k, v in told.items() if isinstance(v, str)} if isinstance(told, dict) else {}
    hits: dict[tuple[str, str], Text] = {}
    for parameter in door.within(In.FORM, In.JSON):
        if names_code(parameter.name):
            hits[parameter.key] = code
        elif parameter.name in given:
            hits[parameter.key] = given[parameter.name]
        elif parameter.name == "kind":
            hits[parameter.key] = "totp"
    return hits


def _plain(exchange: Exchange) -> str:
    answer = exchange.answer
    return answer.page.text if answer.is_html else answer.text
