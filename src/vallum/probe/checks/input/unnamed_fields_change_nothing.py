"""A field that an action does not name is refused, or changes nothing (CWE-915; ASVS 15.3.3)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, FormBody, JsonBody, MultipartBody, Shot, Text
from vallum.probe.operation import In, Operation
from vallum.probe.refusals import HONEST, REFUSED, broke, send_honest, was_refused, was_taken
from vallum.probe.surface import Surface
from vallum.probe.sweep import number_of

CLAIM: Final = Claim(slug="unnamed-fields-change-nothing", control="mass-assignment")
_MESSAGE: Final = "An attacker can write what no form offers: the right of an administrator, an owner, a price."
_FIX: Final = "Name the fields that each action writes, and refuse every other with 400."
_UNKNOWN, _PRIVILEGED, _UNDO, _READ = "unknown field", "privileged field", "undo", "administrators' page"
_RIGHTS: Final = ("is_admin", "isAdmin", "admin", "is_staff", "is_superuser", "role")
_FIXED: Final = ("owner_id", "user_id", "created", "created_at", "email_verified", "verified", "balance", "credit")
_KEPT: Final = re.compile(r"(?i)passw|token|hash|secret|mail|user|login|id$|_at$|created|updated|date|key|name$")
"""Names of a record that no request should carry, were it only as they are."""
_MOST: Final = 12


def _ask(surface: Surface) -> Asking:
    page = _closed_page(surface)
    for number, (operation, who) in enumerate(_writers(surface)):
        honest = send_honest(surface, operation, who, number)
        if honest is None or not (honest := _with_body(surface, operation, honest)).body:
            continue
        met = yield honest
        if not 200 <= met.answer.status < 400 or surface.sends_away(met.answer):
            continue
        name = f"{surface.mark}field"
        unknown = _add(honest, {name: "1"})
        struck = yield replace(unknown, label=f"{_UNKNOWN} #{number}", slot=f"the unknown field {name}")
        if was_refused(struck):
            continue
        taken = was_taken(met, struck, name)
        yield from _try_rights(surface, honest, page, met.answer.json(), number, together=taken)


def _writers(surface: Surface) -> Iterator[tuple[Operation, str]]:
    """What users may change, and registrations; what administrators may do is theirs."""
    found = 0
    for operation in surface.usable():
        if operation.is_safe or operation.is_login or operation.is_registration or operation.is_administrative:
            continue
        who = surface.actor(operation)
        account = surface.account(who) if who else None
        named = [parameter for parameter in operation.within(In.FORM, In.JSON) if parameter.form != "csrf"]
        takes = named or operation.method in ("PATCH", "PUT")
        if account and not account.identity.is_admin and takes and found < _MOST:
            found += 1
            yield operation, account.name


def _with_body(surface: Surface, operation: Operation, honest: Shot) -> Shot:
    """Where nothing tells what the body holds: one line of the record that can be read at the same place, as it is."""
    read = replace(operation, method="GET")
    met = surface.baseline(read, honest.identity)
    record = met.answer.json() if met and not honest.body else None
    for name, value in record.items() if isinstance(record, Mapping) else ():
        if isinstance(value, str) and not _KEPT.search(name):
            return replace(honest, body=JsonBody({name: value}))
    return honest


def _closed_page(surface: Surface) -> Shot | None:
    """A page that users are refused and administrators see: it opens when a right was written."""
    names = [account.name for account in surface.users[:1]]
    for operation in surface.operations:
        if operation.method != "GET" or not operation.is_administrative or operation.holes or not names:
            continue
        mine = surface.baseline(operation, names[0])
        if mine and mine.answer.status in (302, 303, 401, 403, 404):
            return mine.shot
    return None


def _try_rights(
    surface: Surface, honest: Shot, page: Shot | None, record: Any, number: int, *, together: bool
) -> Asking:
    """Rights one at a time where names matter, else all at once; each is taken back."""
    fixed = [name for name in _FIXED if isinstance(record, Mapping) and name in record]
    groups = [(*_RIGHTS, *fixed)] if together else [(name,) for name in (*_RIGHTS, *fixed)]
    for names in groups:
        sent = _add(honest, {name: _value_of(name, surface) for name in names})
        told = ", ".join(names)
        met = yield replace(sent, label=f"{_PRIVILEGED} #{number}", slot=f"the fields {told}")
        opened = False
        if page and any(name in _RIGHTS for name in names) and met.answer.status < 400:
            shown = replace(page, identity=honest.identity, label=f"{_READ} #{number}", slot=told, route=honest.route)
            read = yield replace(shown, shown=page.route)
            opened = read.answer.succeeded
        yield replace(_add(honest, _taken_back(names, record)), label=f"{_UNDO} #{number}")
        if opened or met.answer.status in REFUSED:
            return


def _value_of(name: str, surface: Surface) -> str:
    if name == "role":
        return "admin"
    return "1" if name in _RIGHTS or name.endswith("verified") else f"{len(surface.mark)}73"


def _taken_back(names: Iterable[str], record: Any) -> dict[str, Any]:
    known = record if isinstance(record, Mapping) else {}
    plain = {name: "user" if name == "role" else "0" for name in names}
    return {name: known.get(name, value) for name, value in plain.items()}


def _add(shot: Shot, given: Mapping[str, Any]) -> Shot:
    """The same request with more fields; in JSON, `1` is a number."""
    body = shot.body
    if isinstance(body, JsonBody) and isinstance(body.value, dict):
        numbers = {name: int(v) if isinstance(v, str) and v.isdigit() else v for name, v in given.items()}
        return replace(shot, body=JsonBody({**body.value, **numbers}))
    more: tuple[tuple[str, Text], ...] = tuple((name, str(value)) for name, value in given.items())
    if isinstance(body, FormBody | MultipartBody):
        return replace(shot, body=replace(body, fields=(*body.fields, *more)))
    return replace(shot, body=JsonBody(dict(given)))


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    groups: dict[int, list[Exchange]] = {}
    for exchange in exchanges:
        if number_of(exchange) >= 0:
            groups.setdefault(number_of(exchange), []).append(exchange)
    for own in groups.values():
        honest = next((met for met in own if met.shot.label.startswith(HONEST)), None)
        struck = next((met for met in own if met.shot.label.startswith(_UNKNOWN)), None)
        if honest is None or struck is None:
            continue
        if was_refused(struck):
            yield CLAIM.site(struck, f"a field that is not named: {struck.answer.status}")
            continue
        yield from _judge_one(surface, honest, struck, own)


def _judge_one(surface: Surface, honest: Exchange, struck: Exchange, own: Sequence[Exchange]) -> Iterator[Remark]:
    where = f"{struck.shot.method} {struck.shot.route}"
    source: Exchange | None = None
    looked = False
    for exchange in own:
        if exchange.shot.label.startswith(_PRIVILEGED):
            source = exchange
            if written := _written(honest, exchange):
                reason = f"{where}: {written} was written, and the answer shows it."
                yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
                return
        elif exchange.shot.label.startswith(_READ) and source:
            looked = True
            if exchange.answer.succeeded:
                reason = f"{where}: after {exchange.shot.slot} was sent, a page for administrators opens."
                yield CLAIM.finding(source, Blame(message=_MESSAGE, reason=reason, fix=_FIX), shown=exchange)
                return
    if broke(struck) and not broke(honest):
        reason = f"{where}: the name of an unknown field reaches the code behind, which fails over it."
        blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        yield CLAIM.finding(struck, blame)
    elif looked and was_taken(honest, struck, f"{surface.mark}field"):
        yield CLAIM.site(struck, "fields that are not named change nothing: no page for administrators opens")


def _written(honest: Exchange, exchange: Exchange) -> str:
    """A field that the honest answer showed otherwise, and that now has the value that was sent."""
    before, after = honest.answer.json(), exchange.answer.json()
    body = exchange.shot.body
    if not isinstance(before, Mapping) or not isinstance(after, Mapping) or not isinstance(body, JsonBody):
        return ""
    for name in (*_RIGHTS, *_FIXED):
        sent = body.value.get(name)
        if name in body.value and name in before and before[name] != after.get(name) and after.get(name) == sent:
            return name
    return ""


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("write with an unnamed field", "writes with an unnamed field"),
    sound="refused or without effect",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="nothing that a user may write could be read back",
)
