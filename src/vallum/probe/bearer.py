"""JSON Web Tokens in use, and a route on which each of them can be tried."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vallum.base.secret import Secret
from vallum.probe.exchange import Shot
from vallum.probe.read.token import read_header
from vallum.probe.surface import Surface

GENUINE: Final = "the genuine token"
NONE: Final = "no token"
ALONE: Final = "token alone"
"""A browser that has nothing but the token, whatever else was done as nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A token, how it travels, and the route that it opens."""

    secret: Secret[str]
    target: str
    route: str
    cookie: str = ""
    """The cookie that carries it; empty for the Authorization header."""

    @property
    def token(self) -> str:
        """The token itself."""
        return self.secret.reveal()


def find_carriers(surface: Surface) -> Iterator[Carried]:
    """The first JSON Web Token of a user that was seen in use."""
    for held in surface.tokens:
        if read_header(held.token.reveal()):
            target, route = _opened(surface, held.identity)
            if target:
                yield Carried(secret=held.token, target=target, route=route)
                return
    for account in surface.users:
        for cookie in account.session_cookies:
            if read_header(cookie.value.reveal()):
                target = account.proof.target
                route = surface.route_of(target)
                yield Carried(secret=cookie.value, target=target, route=route, cookie=cookie.name)
                return


def carry_token(carried: Carried, token: str, label: str) -> Shot:
    """A request as nobody that carries this token, or none."""
    if carried.cookie:
        kept = (("Cookie", f"{carried.cookie}={token}"),) if token else ()
        return Shot(method="GET", target=carried.target, route=carried.route, headers=kept, label=label, session=ALONE)
    headers = (("Authorization", f"Bearer {token}"),) if token else ()
    return Shot(method="GET", target=carried.target, route=carried.route, headers=headers, label=label, session=ALONE)


def _opened(surface: Surface, name: str) -> tuple[str, str]:
    """A route that lets this identity in and refuses nobody, or sends her to the login page; JSON first."""
    met = [e for e in surface.exchanges if e.shot.identity == name and e.answer.succeeded and e.shot.method == "GET"]
    met.sort(key=lambda exchange: (exchange.shot.session == "", not exchange.answer.is_json))
    refused = {e.shot.route for e in surface.exchanges if not e.shot.identity and surface.sends_away(e.answer)}
    for exchange in met:
        if exchange.shot.route in refused and not exchange.shot.label:
            return exchange.shot.target, exchange.shot.route
    return "", ""
