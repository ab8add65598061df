"""Operators of document databases in a value match nothing (CWE-943; ASVS 1.2.4)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote_plus

from vallum.base.secret import Secret
from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, FormBody, JsonBody, Shot
from vallum.probe.identity import FormLogin, JsonLogin
from vallum.probe.operation import In, Operation, Parameter, Slot
from vallum.probe.refusals import was_refused
from vallum.probe.surface import Surface
from vallum.probe.sweep import number_of, open_slots, struck_slots

CLAIM: Final = Claim(slug="operators-stay-values", control="nosql-operator-injection")
_ENTERS: Final = "An attacker signs in without a password: an operator in its place matches whatever is stored."
_READS: Final = "An attacker reads other records: an operator in a value changes what the query asks for."
_FIX: Final = "Take scalars of the declared type only, and write the operator yourself: {name: {'$eq': value}}."
_EQUAL, _OTHER, _PASSWORD = "$eq", "$ne", "operator for a password"
_AGAIN: Final = " again"
_MOST: Final = 30
_CHANGING: Final = re.compile(r"[\w+/=-]{20,}|\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?|\d+")


def _ask(surface: Surface) -> Asking:
    for number, (operation, user) in enumerate(_doors(surface)):
        for parameter in operation.within(In.FORM, In.JSON):
            if "passw" in parameter.name.lower():
                yield from _try_login(surface, operation, user, parameter, number)
    for number, (slot, who) in enumerate(_slots(surface), 100):
        met: dict[str, Exchange] = {}
        for operator in (_EQUAL, _OTHER):
            shot = _strike(surface, slot, who, operator, f"{operator} #{number}")
            if shot:
                met[operator] = yield shot
        if len(met) == 2 and _differ(*met.values()):
            for operator in (_EQUAL, _OTHER):
                shot = _strike(surface, slot, who, operator, f"{operator}{_AGAIN} #{number}")
                if shot:
                    yield shot


def _doors(surface: Surface) -> Iterator[tuple[Operation, str]]:
    """Logins, with the name of somebody who has an account there."""
    for account in surface.users[:1]:
        for operation in surface.operations:
            if operation.is_login and isinstance(account.identity.login, FormLogin | JsonLogin):
                yield operation, account.identity.account


def _try_login(surface: Surface, operation: Operation, user: str, password: Parameter, number: int) -> Asking:
    names = {p.key: user for p in operation.within(In.FORM, In.JSON) if p is not password and p.form != "csrf"}
    kept = {
        key: value for key, value in names.items() if key[1].lower() in ("username", "user", "email", "login", "name")
    }
    wrong = surface.aim(operation, "", hits={**kept, password.key: Secret(f"no-{surface.mark}")})
    if wrong is None:
        return
    yield replace(wrong, label=f"wrong password #{number}", session="operators", slot=str(password))
    for value in ({"$ne": ""}, {"$gt": ""}):
        body = _with_operator(wrong, password.name, value)
        if body:
            yield replace(wrong, body=body, label=f"{_PASSWORD} #{number}", session="operators", slot=str(password))


def _with_operator(shot: Shot, name: str, value: Mapping[str, str]) -> FormBody | JsonBody | None:
    if isinstance(shot.body, JsonBody) and isinstance(shot.body.value, dict):
        return JsonBody({**shot.body.value, name: dict(value)})
    if isinstance(shot.body, FormBody):
        others = tuple(pair for pair in shot.body.fields if pair[0] != name)
        return FormBody((*others, *((f"{name}[{key}]", inner) for key, inner in value.items())))
    return None


def _slots(surface: Surface) -> Iterator[tuple[Slot, str]]:
    """Query parameters and JSON fields, and the fields of forms that search."""
    found = 0
    for slot, who in open_slots(surface, In.QUERY, In.JSON):
        if slot.operation.method in ("GET", "POST") and found < _MOST:
            found += 1
            yield slot, who


def _strike(surface: Surface, slot: Slot, who: str, operator: str, label: str) -> Shot | None:
    word = _word(surface)
    if slot.parameter.place is In.JSON:
        return surface.strike(slot, who, {operator: word}, label)
    shot = surface.strike(slot, who, word, label)
    name = quote_plus(slot.parameter.name)
    if shot is None:
        return None
    return replace(shot, target=shot.target.replace(f"{name}={word}", f"{name}[{operator}]={word}"))


def _word(surface: Surface) -> str:
    """A word that nothing stored holds."""
    return f"zq{surface.mark[::-1]}"


def _differ(one: Exchange, other: Exchange) -> bool:
    if one.answer.status >= 400 or other.answer.status >= 400 or not one.answer.status:
        return False
    return (one.answer.status, _core(one)) != (other.answer.status, _core(other))


def _core(exchange: Exchange) -> str:
    text = exchange.answer.text.replace(_EQUAL, "").replace(_OTHER, "")
    text = text.replace(quote_plus(_EQUAL), "").replace(quote_plus(_OTHER), "")
    return _CHANGING.sub("", text)


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number, first in struck_slots(exchanges).items():
        own = [exchange for exchange in exchanges if number_of(exchange) == number]
        told = {exchange.shot.label.partition(" #")[0]: exchange for exchange in own}
        yield from _judge_login(own) if number < 100 else _judge_slot(first, told)


def _judge_login(own: Sequence[Exchange]) -> Iterator[Remark]:
    wrong = own[0]
    for exchange in own[1:]:
        if _let_in(wrong, exchange):
            reason = f"{exchange.shot.method} {exchange.shot.route}: the password {_shown(exchange)} is let in."
            yield CLAIM.finding(exchange, Blame(message=_ENTERS, reason=reason, fix=_FIX))
            return
        if was_refused(exchange) or exchange.answer.status == wrong.answer.status:
            yield CLAIM.site(exchange, f"an operator for a password: {exchange.answer.status}")


def _let_in(wrong: Exchange, exchange: Exchange) -> bool:
    """Whether the answer is that of a success where a wrong password got none."""
    if not 200 <= exchange.answer.status < 400:
        return False
    if wrong.answer.status >= 400:
        return True
    same = (wrong.answer.status, wrong.answer.header("location")) == (
        exchange.answer.status,
        exchange.answer.header("location"),
    )
    return not same and exchange.answer.redirects and "error" not in exchange.answer.header("location").lower()


def _shown(exchange: Exchange) -> str:
    body: Any = exchange.shot.body
    fields = body.value.values() if isinstance(body, JsonBody) else []
    return next((str(value).replace("'", '"') for value in fields if isinstance(value, dict)), "with an operator")


def _judge_slot(first: Exchange, told: Mapping[str, Exchange]) -> Iterator[Remark]:
    pair = [told.get(name) for name in (_EQUAL, _OTHER, f"{_EQUAL}{_AGAIN}", f"{_OTHER}{_AGAIN}")]
    equal, other, equal_again, other_again = pair
    if equal is None or other is None:
        return
    if equal_again and other_again:
        if _differ(equal_again, other_again) and not _differ(equal, equal_again) and not _differ(other, other_again):
            sizes = f"{equal.answer.length} and {other.answer.length} bytes"
            reason = (
                f"{first.shot.method} {first.shot.route}, {first.shot.slot}: $eq and $ne answer otherwise ({sizes})."
            )
            blame = Blame(message=_READS, reason=reason, fix=_FIX, confidence=Confidence.HIGH)
            yield CLAIM.finding(other, blame)
    elif was_refused(equal) and was_refused(other):
        yield CLAIM.site(other, f"{first.shot.slot}: an operator is refused with {other.answer.status}")
    elif 200 <= other.answer.status < 400:
        yield CLAIM.site(other, f"{first.shot.slot}: an operator changes nothing")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("operator in a value", "operators in values"),
    sound="without effect",
    ask=_ask,
    judge=_judge,
    idle="no parameter that takes text was found",
)
