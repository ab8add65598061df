"""Logins that fail on purpose, and answers compared without what changes by itself."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.probe.check import Asking
from vallum.probe.exchange import Exchange, FormBody, JsonBody, Shot, SignIn, Text
from vallum.probe.identity import FormLogin, JsonLogin
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Account, Surface

UNKNOWN_USER: Final = "unknown user"
WRONG_PASSWORD: Final = "wrong password"  # noqa: S105 - the name of a case
USER_FIELDS: Final = ("username", "user", "email", "login", "name", "mail")
_CHANGING_HEADERS: Final = frozenset({"date", "set-cookie", "x-request-id", "x-response-time"})
_TIMES: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[:\d.]*(?:Z|[+-]\d\d:?\d\d)?|\d\d:\d\d:\d\d(?:\.\d+)?")
_RANDOM: Final = re.compile(r"[\w+/=.-]{20,}")


def ask_logins(surface: Surface) -> Asking:
    """Each login with an unknown user and with a known one and a wrong password, the latter first."""
    for account in surface.users[:1]:
        for label, user in ((WRONG_PASSWORD, ""), (UNKNOWN_USER, f"{surface.mark}nobody")):
            fields = wrong_fields(account, user=user, mark=surface.mark)
            if fields:
                yield fail_login(account, label, fields)
        for door in other_doors(surface):
            known = account.identity.account
            for label, user in ((WRONG_PASSWORD, known), (UNKNOWN_USER, f"{surface.mark}nobody")):
                shot = knock(surface, door, user, Secret(f"Wrong-{surface.mark}-password-1"))
                if shot:
                    yield replace(shot, session="door", label=label)


def pair_logins(exchanges: Sequence[Exchange]) -> Iterable[tuple[Exchange, Exchange]]:
    """For each login: the answer to a wrong password, the answer to an unknown user."""
    wrong = {exchange.shot.route: exchange for exchange in exchanges if exchange.shot.label == WRONG_PASSWORD}
    for exchange in exchanges:
        if exchange.shot.label == UNKNOWN_USER and exchange.shot.route in wrong:
            yield wrong[exchange.shot.route], exchange


def wrong_fields(account: Account, *, user: str = "", mark: str) -> dict[str, Text] | None:
    """The fields of a login that fails: another user when one is given, and always a wrong password."""
    login = account.identity.login
    if not isinstance(login, FormLogin | JsonLogin) or not login.secrets:
        return None
    fields: dict[str, Text] = {name: Secret(f"Wrong-{mark}-password-1") for name in login.secrets}
    if user:
        name = next(iter(login.fields), "")
        fields[name] = f"{user}@example.com" if "@" in login.fields.get(name, "") else user
    return fields


def fail_login(account: Account, label: str, fields: dict[str, Text]) -> SignIn:
    """A login in a session of its own that is meant to fail."""
    return SignIn(identity=account.name, session="failing", replace=fields, label=label)


def other_doors(surface: Surface) -> Iterable[tuple[Operation, str, str]]:
    """Logins next to the one of the identities: the operation, its user field and its password field."""
    used = {account.login.shot.route for account in surface.accounts if account.login}
    for operation in surface.operations:
        if not operation.is_login or operation.template in used or operation.holes:
            continue
        names = [parameter.name for parameter in operation.within(In.FORM, In.JSON)]
        user = next((name for name in names if name.lower() in USER_FIELDS), "")
        password = next((name for name in names if "passw" in name.lower()), "")
        if user and password:
            yield operation, user, password


def knock(surface: Surface, door: tuple[Operation, str, str], user: str, password: Text) -> Shot | None:
    """A login at another door, as nobody."""
    operation, user_field, password_field = door
    hits: dict[tuple[str, str], Text] = {}
    for parameter in operation.within(In.FORM, In.JSON):
        if parameter.name == user_field:
            hits[parameter.key] = user
        elif parameter.name == password_field:
            hits[parameter.key] = password
    return surface.aim(operation, "", hits=hits)


def core_of(exchange: Exchange, *known: str) -> str:
    """The body without times, random values, and the words that were sent."""
    text = exchange.answer.text
    for word in sorted(filter(None, known), key=len, reverse=True):
        text = text.replace(word, "")
    return _RANDOM.sub("", _TIMES.sub("", text))


def header_names(exchange: Exchange) -> tuple[str, ...]:
    """The names of the headers, without those whose presence says nothing."""
    return tuple(sorted({name.lower() for name, _ in exchange.answer.headers} - _CHANGING_HEADERS))


def sent_names(exchange: Exchange) -> tuple[str, ...]:
    """The values in the body that are no secret."""
    body = exchange.shot.body
    if isinstance(body, FormBody):
        return tuple(value for _, value in body.fields if isinstance(value, str))
    if isinstance(body, JsonBody) and isinstance(body.value, dict):
        return tuple(value for value in body.value.values() if isinstance(value, str))
    return ()
