"""A value that no positive rule could name is refused (CWE-20, CWE-184; ASVS 2.2.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.refusals import HONEST, broke, send_honest, was_refused, was_taken
from vallum.probe.signups import SIGNUP, Try, fields_named, read_signups, send_signups, took
from vallum.probe.surface import Surface
from vallum.probe.sweep import number_of

CLAIM: Final = Claim(slug="values-outside-rules-are-refused", control="allowlist-validation")
_MESSAGE: Final = (
    "An attacker sends values that nobody thought of: they split lines, collide with others or break pages."
)
_FIX: Final = "Name what is good: type, length, a pattern for the whole value (fullmatch), and both bounds of a number."
_RULE: Final = "value outside of every rule"
_NAMES: Final = ("username", "user_name", "login", "nickname", "handle", "name")
_LINES: Final = re.compile(r"(?i)title|subject|name|label|city|street|category|tag|phone|slug")
_HUGE: Final = 10**30
_CONTROL: Final = "a\x00b\x1b"
_MOST: Final = 30


def _ask(surface: Surface) -> Asking:
    yield from send_signups(surface, f"{surface.mark}u", list(_name_tries(surface)))
    number = 0
    for operation in surface.usable():
        who = surface.actor(operation)
        wrong = list(_wrong_values(operation))
        if operation.is_login or operation.is_registration or who is None or not wrong or number >= _MOST:
            continue
        honest = send_honest(surface, operation, who, number)
        if honest is None:
            continue
        met = yield honest
        for parameter, value, what in wrong if 200 <= met.answer.status < 400 else ():
            shot = surface.aim(operation, who, hits={parameter.key: value}, label=f"{_RULE} #{number}")
            if shot:
                yield replace(shot, slot=f"{parameter}, {what}")
        number += 1


def _name_tries(surface: Surface) -> Iterator[Try]:
    for parameter in fields_named(surface, _NAMES)[:1]:
        name = f"{surface.mark}u"
        yield Try(label="a line break at the end", parameter=parameter, value=f"{name}1\n")
        yield Try(label="a NUL", parameter=parameter, value=f"{name}2\x00")
        yield Try(label="a quote", parameter=parameter, value=f"{name}3'")
        yield Try(label="a bracket", parameter=parameter, value=f"{name}4<b>")
        yield Try(label="a sign that turns the direction of text", parameter=parameter, value=f"{name}5\u202eb")
        yield Try(label="300 characters", parameter=parameter, value=f"{name}6{'a' * 300}"[:300])


def _wrong_values(operation: Operation) -> Iterator[tuple[Parameter, Any, str]]:
    for parameter in operation.parameters:
        if parameter.kind in ("integer", "number"):
            yield parameter, _HUGE, "a number of 31 digits"
            if parameter.place is not In.PATH:
                yield parameter, -_HUGE, "a number of 31 digits below zero"
        elif _is_line(operation, parameter):
            yield parameter, _CONTROL, "control characters"


def _is_line(operation: Operation, parameter: Parameter) -> bool:
    """A short text of one line, by its name: no rule for a name or a title has room for control characters."""
    if operation.is_safe or parameter.place not in (In.FORM, In.JSON) or parameter.choices:
        return False
    return parameter.is_open and bool(_LINES.search(parameter.name)) and parameter.form in ("", "search")


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    yield from _judge_names(surface, exchanges)
    honest = {number_of(met): met for met in exchanges if met.shot.label.startswith(f"{HONEST} #")}
    tried = [met for met in exchanges if met.shot.label.startswith(_RULE) and number_of(met) in honest]
    faults: dict[str, list[tuple[Exchange, Blame]]] = {}
    for exchange in tried:
        if was_refused(exchange) or exchange.answer.status == 404:
            yield CLAIM.site(exchange, f"{exchange.shot.slot}: {exchange.answer.status}")
        elif blame := _blame(surface, honest[number_of(exchange)], exchange):
            faults.setdefault(f"{exchange.shot.slot} {exchange.answer.status >= 500}", []).append((exchange, blame))
    for (first, blame), *others in faults.values():
        also = list(dict.fromkeys(f"{met.shot.method} {met.shot.route}" for met, _ in others))
        yield CLAIM.finding(first, blame, seen=[f"the same on {', '.join(also[:5])}"] if also else ())


def _judge_names(surface: Surface, exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    honest, tries = read_signups(exchanges)
    wrong = [exchange for exchange in tries if honest and took(honest, exchange, surface.mark)]
    for exchange in tries:
        if was_refused(exchange):
            label = exchange.shot.label.removeprefix(SIGNUP)
            yield CLAIM.site(exchange, f"a name with {label}: {exchange.answer.status}")
    if wrong:
        told = ", ".join(exchange.shot.label.removeprefix(SIGNUP) for exchange in wrong)
        shot = wrong[0].shot
        reason = f"{shot.method} {shot.route}, {shot.slot}: an account is opened under a name with {told}."
        yield CLAIM.finding(wrong[0], Blame(message=_MESSAGE, reason=reason, fix=_FIX))


def _blame(surface: Surface, honest: Exchange, exchange: Exchange) -> Blame | None:
    where = f"{exchange.shot.method} {exchange.shot.route}, {exchange.shot.slot}"
    if broke(exchange) and not broke(honest):
        reason = f"{where}: the app fails over it ({exchange.answer.status}), and does not refuse it."
        return Blame(message=_MESSAGE, reason=reason, fix=_FIX)
    if exchange.shot.method != "GET" and was_taken(honest, exchange, surface.mark, _CONTROL, str(_HUGE)):
        reason = f"{where}: taken like an honest value ({exchange.answer.status})."
        return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("value outside of every rule", "values outside of every rule"),
    sound="refused",
    ask=_ask,
    judge=_judge,
    idle="no name, number or line of text could be sent",
)
