"""A change of password in a trial, where nobody but the probe lives."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Final

from vallum.base.secret import Secret
from vallum.probe.check import Wanted
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.identity import FormLogin, JsonLogin
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Account, Surface

CHANGE: Final = "change the password"
_SESSION: Final = "password"
_CURRENT: Final = ("current", "old", "existing", "present")
_ELSEWHERE: Final = ("reset", "forgot", "recover", "admin")


def find_change(surface: Surface) -> Operation | None:
    """Where somebody signed in sets a new password; None when no such operation is known."""
    found = [op for op in surface.operations if not op.is_safe and not op.holes and _changes(op)]
    return min(found, key=lambda op: (op.method != "POST", len(op.template)), default=None)


def change_password(surface: Surface, account: Account, trial: str) -> Generator[Wanted, Exchange, bool]:
    """Set a new password; whether a login with it now succeeds. Nobody else can use the account in this trial then."""
    door, login = find_change(surface), account.identity.login
    if door is None or not isinstance(login, FormLogin | JsonLogin) or not login.secrets:
        return False
    field, old = next(iter(login.secrets.items()))
    new = Secret(f"Vallum-{surface.mark}-horse-7-battery")
    yield SignIn(identity=account.name, session=_SESSION, trial=trial)
    shot = surface.aim(door, account.name, hits=_fill(door, old, new), label=CHANGE)
    if shot is None:
        return False
    yield replace(shot, session=_SESSION, trial=trial)
    yield SignIn(identity=account.name, session=f"{_SESSION} new", trial=trial, replace={field: new})
    proof = Shot(method="GET", target=account.proof.target, identity=account.name, trial=trial)
    tried = yield replace(proof, session=f"{_SESSION} new", label="login with the new password")
    return account.proof.shows_login(tried.answer)


def _changes(operation: Operation) -> bool:
    template = operation.template.lower()
    if "passw" not in template or any(word in template for word in _ELSEWHERE) or operation.is_login:
        return False
    return any(_is_password(parameter.name, parameter.form) for parameter in operation.within(In.FORM, In.JSON))


def _is_password(name: str, form: str) -> bool:
    return "passw" in name.lower() or form == "password"


def _fill(operation: Operation, old: Secret[str], new: Secret[str]) -> dict[tuple[str, str], Any]:
    hits: dict[tuple[str, str], Any] = {}
    for parameter in operation.within(In.FORM, In.JSON):
        name = parameter.name.lower()
        if _is_password(name, parameter.form) or any(word in name for word in _CURRENT):
            hits[parameter.key] = old if any(word in name for word in _CURRENT) else new
    return hits
