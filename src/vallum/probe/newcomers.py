"""Accounts that the probe opens itself: registered, their address proven by the link in the mail, signed in."""

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from vallum.base.secret import Secret
from vallum.probe.check import Wanted
from vallum.probe.exchange import Exchange, FormBody, Letter, Shot, SignIn, Stir, Text
from vallum.probe.identity import FormLogin, JsonLogin
from vallum.probe.operation import In, Operation
from vallum.probe.read.html import Form
from vallum.probe.read.link import resolve_link, split_link
from vallum.probe.starting import open_trial
from vallum.probe.surface import Account, Surface

REGISTER: Final = "registration"
HOUR: Final = 3600.0
_LINK: Final = re.compile(r"https?://[^\s\"'<>)\]\\]+")
_WAITS: Final = 3
"""How often a mail that is written after the answer is waited for, by asking for the front page."""

Step = Generator[Wanted, Exchange, Exchange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody who has registered."""

    name: str
    password: Secret[str]
    made: Exchange
    """The registration."""
    letters: tuple[Letter, ...] = field(default=(), repr=False)
    """What was mailed to her since."""
    trial: str = ""

    @property
    def email(self) -> str:
        """The address that she gave."""
        return address_of(self.name)


def address_of(name: str) -> str:
    """The address that the probe gives to somebody of this name."""
    return f"{name}@example.com"


def open_ground(surface: Surface) -> Generator[Wanted, Exchange, str | None]:
    """Where accounts may be opened: the shared trial, else the app that is probed (`""`); None where nothing starts."""
    if not surface.startable:
        return "" if surface.writes else None
    return (yield from open_trial(surface))


def registration_of(surface: Surface) -> Operation | None:
    """Where an account can be opened with a password; None where nothing may be written, or there is no such door."""
    if not surface.writes:
        return None
    return next((op for op in surface.operations if op.is_registration and not op.holes), None)


def register(
    surface: Surface, name: str, trial: str, *, password: Secret[str] | None = None, email: str = ""
) -> Generator[Wanted, Exchange, Newcomer | None]:
    """Register in a new browser and read the mail; None where there is no registration."""
    door = registration_of(surface)
    chosen = password or Secret(f"Tr4in-Harbor-{name}-Meadow-62")
    hits: dict[tuple[str, str], Text] = {p.key: chosen for p in door.parameters if is_password(p)} if door else {}
    hits |= {p.key: email for p in door.parameters if email and names_address(p.name)} if door else {}
    shot = surface.aim(door, "", hits=hits, mark=name, label=REGISTER) if door else None
    if shot is None:
        return None
    made = yield replace(shot, session=f"new {name}", trial=trial)
    letters = yield from read_mail(surface, made, email or address_of(name), trial)
    return Newcomer(name=name, password=chosen, made=made, letters=letters, trial=trial)


def settle(surface: Surface, name: str, trial: str) -> Generator[Wanted, Exchange, Newcomer | None]:
    """Register, prove the address where a link came, and sign in under the session of her name.

    None where that fails: the app asks for something that the probe does not know.
    """
    newcomer = yield from register(surface, name, trial)
    if newcomer is None or newcomer.made.answer.status >= 400:
        return None
    if (yield from enter(surface, newcomer)):
        return newcomer
    for link in links_in(newcomer.letters):
        opened = yield from follow_link(surface, link, trial, session=f"proof {name}")
        form = form_of(opened)
        if form is not None:
            yield from send_form(opened, form, {})
        if (yield from enter(surface, newcomer)):
            return newcomer
    return None


def enter(
    surface: Surface, newcomer: Newcomer, *, password: Secret[str] | None = None, session: str = "", label: str = ""
) -> Generator[Wanted, Exchange, bool]:
    """Sign in as the newcomer, in the session of her name unless another is named; whether she is in."""
    account = surface.users[0]
    fields = fields_of(account, newcomer.name, password or newcomer.password)
    if not fields:
        return False
    named = session or newcomer.name
    yield SignIn(identity=account.name, session=named, replace=fields, trial=newcomer.trial, label=label)
    shown = yield proof_shot(account, named, newcomer.trial)
    return opened_by(account, shown)


def proof_shot(account: Account, session: str, trial: str, label: str = "proof") -> Shot:
    """The page that only those see who are logged in."""
    return Shot(
        method="GET",
        target=account.proof.target,
        route=account.proof.target,
        identity=account.name,
        session=session,
        trial=trial,
        label=label,
    )


def opened_by(account: Account, exchange: Exchange) -> bool:
    """Whether the proof was given to somebody logged in, whoever it is: its needle may be the first user's name."""
    needle = account.proof.needle
    own = needle.lower() == account.identity.account.lower()
    return exchange.answer.succeeded if own else account.proof.shows_login(exchange.answer)


def fields_of(account: Account, name: str, password: Text) -> dict[str, Text]:
    """The fields of the login form for somebody else; empty where the login takes no name and password."""
    login = account.identity.login
    if not isinstance(login, FormLogin | JsonLogin) or not login.secrets:
        return {}
    user: dict[str, Text] = {key: address_of(name) if "@" in value else name for key, value in login.fields.items()}
    return {**user, **dict.fromkeys(login.secrets, password)}


def read_mail(
    surface: Surface, asked: Exchange, address: str, trial: str
) -> Generator[Wanted, Exchange, tuple[Letter, ...]]:
    """The mails to an address that a request has led to, and those that a development log shows instead of sending."""
    found = letters_of(asked, address)
    for _ in range(_WAITS if surface.in_process and not found else 0):
        later = yield Shot(
            method="GET", target="/", route="/", trial=trial, session="waiting", label="waiting for mail"
        )
        found = letters_of(later, address)
        if found:
            break
    return found


def letters_of(exchange: Exchange, address: str) -> tuple[Letter, ...]:
    """The mails of one answer to an address; else the lines of its log that name the address and hold a link."""
    wanted = address.lower()
    sent = tuple(one for one in exchange.answer.letters if wanted in one.recipient.lower())
    lines = [line.text for line in exchange.answer.log if wanted in line.text.lower() and _LINK.search(line.text)]
    return sent or tuple(Letter(recipient=address, text=text) for text in lines[:1])


def links_in(letters: Iterable[Letter]) -> tuple[str, ...]:
    """The links of the mails that carry a secret: in the query, or as a long part of the path."""
    found = [link.rstrip(".,;\\") for letter in letters for link in _LINK.findall(letter.text)]
    return tuple(dict.fromkeys(link for link in found if secret_in(link)))


def secret_in(link: str) -> str:
    """The one-time secret of a link: the longest value of its query, else a long part of its path; else empty."""
    parts = split_link(link.replace("&amp;", "&"))
    if parts is None:
        return ""
    values = [value for _, _, value in (pair.partition("=") for pair in parts.query.split("&")) if value]
    values += [part for part in parts.path.split("/") if len(part) >= 16 and re.search(r"\d", part)]
    values += [parts.fragment.rpartition("=")[2]] if parts.fragment else []
    return max(values, key=len, default="")


def follow_link(surface: Surface, link: str, trial: str, *, session: str, label: str = "open the link") -> Step:
    """Open a link of a mail in a browser, at this app, whatever host it names."""
    parts = split_link(link.replace("&amp;", "&"))
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}" if parts else "/"
    opened = yield Shot(
        method="GET", target=target, route=surface.route_of(target), session=session, trial=trial, label=label
    )
    return opened


def form_of(exchange: Exchange, *words: str) -> Form | None:
    """The form of a page that changes something, and has a field with one of the words in its name, if any is given.

    What every page has besides, such as a logout or a search, is left out by its action.
    """
    here = exchange.shot.target.partition("?")[0]
    forms = [form for form in exchange.answer.page.forms if form.method == "POST"]
    forms = [form for form in forms if not words or any(w in f.name.lower() for f in form.fields for w in words)]
    own = [form for form in forms if resolve_link(form.action or here, here).partition("?")[0] == here]
    return next(iter([*own, *(form for form in forms if words)]), None)


def send_form(opened: Exchange, form: Form, values: dict[str, Text], *, label: str = "send the form") -> Step:
    """Send a form of a page as it is but for some values, from the same browser."""
    page = opened.shot.target
    fields = [(f.name, values.get(f.name, f.value)) for f in form.fields if f.kind != "submit" or f.name in values]
    shot = replace(
        opened.shot,
        method="POST",
        target=resolve_link(form.action or page, page) or page,
        body=FormBody(tuple(fields)),
        page=page,
        label=label,
    )
    sent = yield replace(shot, route=shot.target.partition("?")[0])
    return sent


def pass_time(trial: str, seconds: float = HOUR) -> Generator[Wanted, Exchange, None]:
    """Let limits of an hour run out, where the clock can be moved."""
    if trial:
        yield Stir(trial=trial, seconds=seconds, label="time passes")


def is_password(parameter: object) -> bool:
    """Whether a parameter holds a password."""
    name, form = str(getattr(parameter, "name", "")), getattr(parameter, "form", "")
    return form == "password" or "passw" in name.lower()


def names_address(name: str) -> bool:
    """Whether a field holds an e-mail address."""
    return "mail" in name.lower()


def body_names(operation: Operation) -> Iterator[str]:
    """The names of what the body carries."""
    return (parameter.name for parameter in operation.within(In.FORM, In.JSON))
