"""Refresh tokens in use: the login that gives one, the door that takes it, and the three ways in which it travels."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from vallum.base.secret import Secret
from vallum.probe.check import Wanted
from vallum.probe.exchange import Exchange, JsonBody, Shot, SignIn
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Surface
from vallum.probe.tokens import REFRESH_NAMES, issue_shot, read_text

_DOOR: Final = re.compile(r"(?i)refresh|renew")
_GRANT: Final = "grant_type"
READ_ONLY: Final = "a renewal writes, and this run may only read"
BODY, COOKIE, HEADER = "in the body", "in a cookie", "in the Authorization header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What a login or a renewal gave."""

    exchange: Exchange
    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    """Empty when it gave one token only, or keeps its refresh token as it is."""
    cookie: str = ""
    """The cookie that carries the refresh token; empty for the body."""


def find_door(surface: Surface) -> Operation | None:
    """Where tokens are renewed; None when no such operation is known."""
    doors = [op for op in surface.operations if not op.is_safe and not op.holes and _renews(op)]
    return min(doors, key=lambda op: (op.method != "POST", len(op.template)), default=None)


def begin_family(surface: Surface, trial: str = "", label: str = "login") -> Generator[Wanted, Exchange, Pair | None]:
    """Log in and take the tokens; None where the login gives none."""
    for held in surface.tokens[:1]:
        if held.source:
            return read_pair((yield issue_shot(held, trial, label)))
    for account in surface.users[:1]:
        return read_pair((yield SignIn(identity=account.name, session="family", trial=trial, label=label)))
    return None


def read_pair(exchange: Exchange) -> Pair | None:
    """The tokens in an answer; None when it holds none."""
    if not 0 < exchange.answer.status < 400:
        return None
    access, refresh = read_text(exchange), read_text(exchange, REFRESH_NAMES)
    given = [cookie for cookie in exchange.answer.cookies if not cookie.deletes and cookie.value]
    held = next((cookie for cookie in given if _DOOR.search(cookie.name)), None)
    if held and not refresh:
        return Pair(exchange=exchange, access=access, refresh=held.value.reveal(), cookie=held.name)
    return Pair(exchange=exchange, access=access, refresh=refresh) if access or refresh else None


def renewals(surface: Surface, door: Operation, pair: Pair, token: str, trial: str = "") -> Iterator[tuple[str, Shot]]:
    """The ways to bring a token to the door, the likely one first, each as nobody and in a browser of its own."""
    bare = surface.aim(door, "")
    if bare is None:
        return
    bare = replace(bare, session="renewing", trial=trial)
    if pair.cookie:
        yield COOKIE, replace(bare, headers=(*bare.headers, ("Cookie", f"{pair.cookie}={token}")))
    if not pair.cookie or door.within(In.JSON, In.FORM):
        yield BODY, replace(_in_body(surface, door, token) or bare, session="renewing", trial=trial)
    yield HEADER, replace(bare, headers=(*bare.headers, ("Authorization", f"Bearer {token}")))


def renew_pair(
    surface: Surface, door: Operation, pair: Pair, trial: str, label: str
) -> Generator[Wanted, Exchange, tuple[str, Pair] | None]:
    """Use the refresh token once: how the door took it, and what it gave; None where it took it in no way."""
    for way, shot in renewals(surface, door, pair, pair.refresh, trial):
        renewed = read_pair((yield replace(shot, label=label)))
        if renewed:
            return way, renewed
    return None


def bring(surface: Surface, door: Operation, pair: Pair, told: tuple[str, str], trial: str = "") -> Shot:
    """The token `told[1]` brought to the door in the way `told[0]`."""
    return dict(renewals(surface, door, pair, told[1], trial))[told[0]]


def _renews(operation: Operation) -> bool:
    names = {parameter.name.lower() for parameter in operation.within(In.JSON, In.FORM)}
    return bool(_DOOR.search(operation.template)) or bool(names & {name.lower() for name in REFRESH_NAMES})


def _in_body(surface: Surface, door: Operation, token: str) -> Shot | None:
    hits: dict[tuple[str, str], object] = {}
    for parameter in door.within(In.JSON, In.FORM):
        if _DOOR.search(parameter.name) or parameter.name.lower() == "token":
            hits[parameter.key] = Secret(token)
        elif parameter.name == _GRANT:
            hits[parameter.key] = "refresh_token"
    shot = surface.aim(door, "", hits=hits)
    return shot if hits or shot is None else replace(shot, body=JsonBody({"refresh_token": Secret(token)}))
