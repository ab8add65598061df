"""JSON Web Tokens of their own for one claim: given at a new login, and carried as the app's clients carry them."""

from collections.abc import Generator
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.probe.bearer import Carried, carry_token, find_carriers
from vallum.probe.check import Wanted
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.read.token import read_header
from vallum.probe.surface import Account, Surface
from vallum.probe.tokens import issue_shot, read_text

NO_JWT: Final = "no JSON Web Token was seen in use"
NO_NEW: Final = "no new token could be had by a login"
_SESSION: Final = "issuing"


def issue_token(surface: Surface, trial: str = "", label: str = "issue") -> Generator[Wanted, Exchange, Carried | None]:
    """A token from a new login, in a trial or in the app that is probed; None where none is given."""
    for carried in find_carriers(surface):
        if carried.cookie:
            owner = owner_of(surface, carried)
            issued = yield SignIn(identity=owner.name if owner else "", session=_SESSION, trial=trial, label=label)
            found = [cookie.value for cookie in issued.answer.cookies if cookie.name == carried.cookie]
            token = found[-1].reveal() if found else ""
        else:
            held = next((held for held in surface.tokens if held.token.reveal() == carried.token), None)
            if held is None or held.source is None:
                return None
            issued = yield issue_shot(held, trial, label)
            token = read_text(issued)
        return replace(carried, secret=Secret(token)) if read_header(token) else None
    return None


def try_token(carried: Carried, token: str, trial: str, label: str) -> Shot:
    """The request of `carry_token`, in a trial or in the app that is probed."""
    return replace(carry_token(carried, token, label), trial=trial)


def owner_of(surface: Surface, carried: Carried) -> Account | None:
    """Whose token it is."""
    names = [held.identity for held in surface.tokens if held.token == carried.secret]
    names += [a.name for a in surface.users if any(cookie.value == carried.secret for cookie in a.session_cookies)]
    return surface.account(names[0]) if names else None
