"""A refusal of wrong input names fields, and never repeats what was sent (CWE-209; ASVS 2.2.1, 16.5.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from vallum.base.secret import Secret
from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="refused-input-is-not-repeated", control="validation-errors-safe")
_WRONG: Final = "wrong values in every field"
_MESSAGE: Final = "Passwords and other input that was refused stand in answers, and from there in logs and screenshots."
_FIX: Final = "Answer 400 with names of fields and fixed codes of your own; drop the values and the library's words."
_LIBRARY: Final = (
    ("errors.pydantic.dev", "an address of pydantic's documentation"),
    ("Input should be", "a message of pydantic"),
    ("value_error", "a code of pydantic"),
    ("string_too_short", "a code of pydantic"),
    ("type_error.", "a code of pydantic"),
    ("Field required", "a message of pydantic"),
    ("is not of type", "a message of jsonschema"),
    ("Not a valid ", "a message of marshmallow"),
    ("must match pattern", "the pattern of a rule"),
    ("should match pattern", "the pattern of a rule"),
)
_TYPE_PATH: Final = re.compile(r"<class '[\w.]+'>|\b(?:pydantic|marshmallow|wtforms)[\w.]*\.\w+")
_MOST: Final = 20


def _ask(surface: Surface) -> Asking:
    found = 0
    for operation, who in _takers(surface):
        shot = surface.aim(operation, who, hits=_wrong(surface, operation), label=_WRONG)
        if shot and found < _MOST:
            found += 1
            yield replace(shot, slot="every field")


def _takers(surface: Surface) -> Iterator[tuple[Operation, str]]:
    for operation in surface.operations:
        if operation.is_safe or operation.is_logout or operation.is_administrative or not operation.parameters:
            continue
        if operation.is_login or (operation.is_registration and surface.writes):
            yield operation, ""
        elif operation.is_registration:
            continue
        elif surface.writes and not operation.is_perilous and (who := surface.actor(operation)) is not None:
            yield operation, who


def _wrong(surface: Surface, operation: Operation) -> dict[tuple[str, str], Any]:
    """A marker in every field, of a form that no rule takes: too short for a password, no address, no number."""
    hits: dict[tuple[str, str], Any] = {}
    for number, parameter in enumerate(operation.within(In.FORM, In.JSON)):
        if parameter.form == "csrf" or parameter.kind == "file":
            continue
        hits[parameter.key] = _wrong_value(parameter, f"{surface.mark}w{number}e")
    return hits


def _wrong_value(parameter: Parameter, marker: str) -> Any:
    if "passw" in parameter.name.lower() or parameter.form == "password":
        return Secret(marker[-3:] + "\x00" + marker)
    if parameter.place is In.JSON and parameter.kind == "string":
        return {"wrong": [f"<{marker}>\x00"]}
    return f"<{marker}>\x00"


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told: set[str] = set()
    for exchange in exchanges:
        if exchange.answer.status not in (400, 413, 422):
            continue
        reason = _fault(surface, exchange)
        if not reason:
            yield CLAIM.site(exchange, f"{exchange.answer.status}, and no value in the answer")
        elif reason not in told:
            told.add(reason)
            blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX)
            if "repeats" not in reason:
                blame = replace(blame, confidence=Confidence.MEDIUM)
            yield CLAIM.finding(exchange, blame)


def _fault(surface: Surface, exchange: Exchange) -> str:
    text = _shown(exchange)
    if re.search(rf"{re.escape(surface.mark)}w\d+e", text):
        return f"The refusal of {exchange.shot.method} {exchange.shot.route} repeats a value that was sent."
    sign = next((name for needle, name in _LIBRARY if needle in text), "")
    if not sign and _TYPE_PATH.search(text):
        sign = "the path of a type"
    return f"The refusal of {exchange.shot.method} {exchange.shot.route} holds {sign}." if sign else ""


def _shown(exchange: Exchange) -> str:
    """The answer; of a form that is shown again, what stands in its fields is the user's own, a password apart."""
    if not exchange.answer.is_html:
        return exchange.answer.text
    page = exchange.answer.page
    passwords = [f.value for form in page.forms for f in form.fields if f.kind == "password"]
    return " ".join((page.text, *passwords))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("refusal of input", "refusals of input"),
    sound="without what was sent",
    ask=_ask,
    judge=_judge,
    idle="no wrong input was refused with 400, 413 or 422",
)
