"""A value of another type is refused, and never taken for what it is not (CWE-843, CWE-20; ASVS 2.2.1)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.refusals import HONEST, broke, send_honest, was_refused, was_taken, write_json, writers
from vallum.probe.surface import Surface
from vallum.probe.sweep import number_of

CLAIM: Final = Claim(slug="wrong-types-are-refused", control="strict-types")
_MESSAGE: Final = (
    "An attacker slips a value of another type past a check, and two parts of the app read it differently."
)
_BREAKS: Final = "An attacker can send values that the code was not written for, and choose which line fails."
_FIX: Final = "Read bodies with a schema in strict mode, and JSON with a loader that refuses duplicate keys and NaN."
_WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "boolean": ("true", 1, [True]),
    "string": ({"id": 5}, 5),
    "integer": ("5", True, 1.5),
    "number": ("5", True),
    "array": ({"0": 1}, "x"),
    "object": ([1], "x"),
}
_TWICE, _NAN, _VALUE = "a key twice", "NaN", "wrong type"
_MOST_OF_KIND: Final = 2


def _ask(surface: Surface) -> Asking:
    for number, (operation, who) in enumerate(writers(surface, In.JSON)):
        honest = send_honest(surface, operation, who, number)
        if honest is None or operation.media != "json":
            continue
        met = yield honest
        if not met.answer.succeeded:
            continue
        for parameter in _samples(operation):
            for value in _WRONG[parameter.kind]:
                shot = surface.aim(operation, who, hits={parameter.key: value}, label=f"{_VALUE} #{number}")
                if shot:
                    yield replace(shot, slot=f"{parameter} as {json.dumps(value)}")
        yield from _write_oddly(honest, operation, number)


def _samples(operation: Operation) -> Iterator[Parameter]:
    """The first fields of each kind; a field with a fixed choice is no free text."""
    counts: dict[str, int] = {}
    for parameter in operation.within(In.JSON):
        counts[parameter.kind] = counts.get(parameter.kind, 0) + 1
        if parameter.kind in _WRONG and counts[parameter.kind] <= _MOST_OF_KIND:
            yield parameter


def _write_oddly(honest: Shot, operation: Operation, number: int) -> Asking:
    """What JSON parsers read differently: the same key twice, and a number that is none (RFC 8259, section 4)."""
    first = operation.within(In.JSON)[0].name
    for label, text in ((_TWICE, f'"{first}": "twice"'), (_NAN, f'"{first}": NaN')):
        body = write_json(honest, text)
        if body:
            yield replace(honest, body=body, label=f"{label} #{number}", slot=f"json {first}, {label}")


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    honest = {number_of(met): met for met in exchanges if met.shot.label.startswith(HONEST)}
    told: set[tuple[int, str]] = set()
    for exchange in exchanges:
        number, label = number_of(exchange), exchange.shot.label.partition(" #")[0]
        if label not in (_VALUE, _TWICE, _NAN) or number not in honest:
            continue
        if was_refused(exchange):
            yield CLAIM.site(exchange, f"{exchange.shot.slot}: {exchange.answer.status}")
        elif blame := _blame(honest[number], exchange, label):
            place = (number, label if label != _VALUE else exchange.shot.slot.partition(" as ")[0])
            if place not in told:
                told.add(place)
                yield CLAIM.finding(exchange, blame)


def _blame(honest: Exchange, exchange: Exchange, label: str) -> Blame | None:
    where = f"{exchange.shot.method} {exchange.shot.route}, {exchange.shot.slot}"
    if was_taken(honest, exchange):
        what = {_TWICE: "an object with the same key twice", _NAN: "NaN, which is no JSON,"}.get(label, "the value")
        sure = Confidence.HIGH if label == _VALUE else Confidence.MEDIUM
        reason = f"{where}: {what} is taken like an honest one ({exchange.answer.status})."
        return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=sure)
    if broke(exchange) and not broke(honest):
        reason = f"{where}: the app fails over it ({exchange.answer.status}), and does not refuse it."
        return Blame(message=_BREAKS, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("value of a wrong type", "values of a wrong type"),
    sound="refused",
    ask=_ask,
    judge=_judge,
    idle="no operation that takes JSON could be used",
)
