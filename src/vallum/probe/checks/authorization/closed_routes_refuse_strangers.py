"""Every route that is not meant for everybody asks who is there, and whether they may (CWE-862; ASVS 8.2.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.operation import Operation
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="closed-routes-refuse-strangers", control="authorize-every-endpoint")
_FIX: Final = "Deny by default: each route names the permission that it needs, or says that it is public."
_DEEPEST: Final = 6
_NOBODY, _USER = "as nobody", "as an ordinary user"
_STRANGER: Final = "Anybody, without an account, can use this route and read what it gives."
_ORDINARY: Final = "Anybody with an ordinary account can use what is meant for administrators."
_SECRET_KEYS: Final = re.compile(r"(?i)passw|secret|api_?key|private_?key")
_ACCOUNT_KEYS: Final = re.compile(r"(?i)^(?:e?mail|is_admin|role|roles|is_active)$")


def _ask(surface: Surface) -> Asking:
    """Writes as nobody: the survey has read already. Administrators' routes once as an ordinary user."""
    for operation in surface.usable():
        if operation.is_safe or operation.is_login or operation.is_registration or _is_public(surface, operation):
            continue
        owner = next((user for user in surface.users if _admitted(surface, operation, user.name)), None)
        shot = surface.aim(operation, owner.name, mark=f"{surface.mark}anon") if owner else None
        if shot:
            yield replace(shot, identity="", session="", label=_NOBODY)
    for operation in surface.usable(writes=False):
        if operation.is_administrative and surface.users and not surface.baseline(operation, surface.users[0].name):
            shot = surface.aim(operation, surface.users[0].name, label=_USER)
            if shot:
                yield shot


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for exchange in (*_met(surface), *exchanges):
        operation = _operation(surface, exchange)
        if operation is None or _is_public(surface, operation) or not exchange.answer.status:
            continue
        blame = _fault(surface, operation, exchange)
        if blame:
            yield CLAIM.finding(exchange, blame)
        elif _is_closed(surface, operation, exchange):
            yield CLAIM.site(exchange, f"answered {exchange.answer.status}")


def _met(surface: Surface) -> Iterator[Exchange]:
    """What the survey got as nobody, and as the first user on administrators' routes."""
    first = surface.users[0].name if surface.users else ""
    for operation in surface.usable(writes=False):
        nobody = [e for e in surface.exchanges if not e.shot.identity and not e.shot.label and _is_of(e, operation)]
        yield from {exchange.shot.target: exchange for exchange in nobody}.values()
        met = surface.baseline(operation, first) if first and operation.is_administrative else None
        if met:
            yield met


def _is_of(exchange: Exchange, operation: Operation) -> bool:
    return (exchange.shot.method, exchange.shot.route) == (operation.method, operation.template)


def _operation(surface: Surface, exchange: Exchange) -> Operation | None:
    for operation in surface.operations:
        if _is_of(exchange, operation):
            return operation
    return None


def _is_public(surface: Surface, operation: Operation) -> bool:
    return operation.template in surface.public or operation.is_login or operation.is_registration


def _fault(surface: Surface, operation: Operation, exchange: Exchange) -> Blame | None:
    answer = exchange.answer
    passed = 0 < answer.status < 400 and not surface.sends_away(answer) and not _to_public(surface, exchange)
    if not passed:
        return None
    if exchange.shot.identity:
        return _fault_of_user(surface, operation, exchange)
    if operation.is_administrative and answer.succeeded:
        return Blame(message=_STRANGER, reason="A route of administrators answers to nobody in particular.", fix=_FIX)
    if not operation.is_safe:
        return _fault_of_write(surface, operation, exchange)
    told = _foreign_data(surface, operation, exchange)
    if told:
        return Blame(message=_STRANGER, reason=f"The answer to nobody holds {told}.", fix=_FIX)
    return None


def _fault_of_user(surface: Surface, operation: Operation, exchange: Exchange) -> Blame | None:
    nobody = surface.baseline(operation, "")
    if nobody and nobody.answer.succeeded:
        return None
    admin = next((met for a in surface.admins if (met := surface.baseline(operation, a.name))), None)
    if not exchange.answer.succeeded or (surface.admins and not (admin and admin.answer.succeeded)):
        return None
    reason = f"{operation} answers {exchange.shot.identity}, whose role is not administrator."
    return Blame(message=_ORDINARY, reason=reason, fix=_FIX)


def _fault_of_write(surface: Surface, operation: Operation, exchange: Exchange) -> Blame | None:
    """A write by nobody counts when its neighbours are closed to nobody: else it may be a contact form."""
    if not _neighbours_closed(surface, operation):
        return None
    reason = f"{operation} is carried out for nobody ({exchange.answer.status}), and its neighbours are closed."
    return Blame(message=_STRANGER, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)


def _neighbours_closed(surface: Surface, operation: Operation) -> bool:
    first = operation.template.strip("/").split("/")[0]
    answers = [
        met.answer
        for other in surface.operations
        if other.is_safe and other.template.strip("/").split("/")[0] == first
        if (met := surface.baseline(other, ""))
    ]
    return any(surface.sends_away(answer) for answer in answers)


def _foreign_data(surface: Surface, operation: Operation, exchange: Exchange) -> str:
    """What stands in an answer to nobody and is somebody's: a marked object, a file, accounts, settings."""
    answer = exchange.answer
    keys = set(_scalar_keys(answer.json())) if answer.is_json else set[str]()
    secret = sorted(key for key in keys if _SECRET_KEYS.search(key))
    account = sorted(key for key in keys if _ACCOUNT_KEYS.search(key))
    if secret or len(account) > 1:
        return "fields of accounts or settings: " + ", ".join([*secret, *account][:4])
    if not _neighbours_closed(surface, operation):
        return ""
    for user in surface.users:
        mark = f"{surface.mark}{user.name[:1].lower()}"
        own = surface.baseline(operation, user.name)
        if mark in answer.text and mark not in exchange.shot.target:
            return f"what {user.name} had stored"
        if own and own.answer.body and own.answer.body == answer.body and answer.has("content-disposition"):
            return f"the very file that {user.name} gets"
    return ""


def _scalar_keys(value: object, depth: int = 0) -> Iterator[str]:
    """The names in a JSON value that hold text or a truth value: a schema's names hold objects."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            if isinstance(inner, str | bool) and inner != "":
                yield str(key)
            yield from _scalar_keys(inner, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for inner in value:
            yield from _scalar_keys(inner, depth + 1)


def _to_public(surface: Surface, exchange: Exchange) -> bool:
    """A redirect of nobody to the start page is a refusal too."""
    location = exchange.answer.header("location").removeprefix(surface.base)
    return exchange.answer.redirects and location in ("/", "")


def _is_closed(surface: Surface, operation: Operation, exchange: Exchange) -> bool:
    refused = surface.sends_away(exchange.answer) or exchange.answer.status == 404
    names = [account.name for account in (surface.admins if exchange.shot.identity else surface.accounts)]
    return refused and any(_admitted(surface, operation, name) for name in names)


def _admitted(surface: Surface, operation: Operation, name: str) -> bool:
    met = surface.baseline(operation, name)
    return bool(met and 0 < met.answer.status < 400 and not surface.sends_away(met.answer))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("closed route", "closed routes"),
    sound="refused to strangers",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="no route was found that is open to an identity and closed to others",
)
