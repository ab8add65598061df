"""Bearer tokens of their own for one claim: issued anew, tried on a route, and ended."""

from collections.abc import Generator
from dataclasses import replace
from typing import Final

from vallum.probe.check import Asking, Wanted
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.operation import Operation
from vallum.probe.surface import BEARER, Bearer, Surface

ISSUE: Final = "issue a token"
_NAMES: Final = ("access_token", "token", "jwt", "id_token", "auth_token", "accessToken")
REFRESH_NAMES: Final = ("refresh_token", "refreshToken", "refresh")


def give_token(surface: Surface, trial: str = "") -> Generator[Wanted, Exchange, Shot | None]:
    """Log in as a program does; a shot that carries the new token and was let in. None where there is no such door."""
    for held in surface.tokens[:1]:
        route = opened_route(surface, held)
        if held.source is None or route is None:
            return None
        issued = yield issue_shot(held, trial)
        token = read_text(issued, _NAMES)
        if not token:
            return None
        shot = carry(route, token, trial)
        tried = yield shot
        return shot if tried.answer.succeeded else None
    return None


def issue_shot(held: Bearer, trial: str = "", label: str = ISSUE) -> Shot:
    """The login that gave the token, once more, in a session of its own."""
    if held.source is None:
        return Shot(method="GET", target="/", label=label)
    return replace(held.source.shot, session="program", trial=trial, label=label)


def carry(route: Shot, token: str, trial: str = "", label: str = "") -> Shot:
    """The request as nobody, with this token in its header."""
    headers = (*(h for h in route.headers if h[0].lower() != "authorization"), ("Authorization", f"Bearer {token}"))
    return replace(route, identity="", session="bearer", headers=headers, trial=trial, label=label)


def read_text(exchange: Exchange, names: tuple[str, ...] = _NAMES) -> str:
    """The first of the names in a JSON answer, or one level below; empty when none is there."""
    value = exchange.answer.json()
    nested = [inner for inner in value.values() if isinstance(inner, dict)] if isinstance(value, dict) else []
    for table in [value, *nested]:
        for name in names if isinstance(table, dict) else ():
            if isinstance(table.get(name), str) and table[name]:
                return str(table[name])
    return ""


def opened_route(surface: Surface, held: Bearer) -> Shot | None:
    """A reading request that the token opens and nobody without it."""
    refused = {e.shot.route for e in surface.exchanges if not e.shot.identity and e.answer.status in (401, 403)}
    met = [e for e in surface.exchanges if e.shot.identity == held.identity and e.answer.succeeded]
    met = [e for e in met if e.shot.method == "GET" and e.shot.route in refused and not e.shot.label]
    met.sort(key=lambda e: (e.shot.session != BEARER, not e.answer.is_json))
    return replace(met[0].shot, session="") if met else None


def leave_with(surface: Surface, token: Shot, label: str) -> Asking:
    """End the token by whatever logout takes it: programs' routes first."""
    for operation in sorted(_exits(surface), key=lambda op: ("/api/" not in op.template, op.template))[:2]:
        shot = surface.aim(operation, "")
        if shot:
            left = yield replace(shot, headers=token.headers, session="bearer", trial=token.trial, label=label)
            if left.answer.succeeded:
                return


def _exits(surface: Surface) -> list[Operation]:
    return [op for op in surface.operations if op.is_logout and not op.holes and op.method == "POST"]
