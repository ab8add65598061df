"""What a form's page limits, the server limits too (CWE-602, CWE-20; ASVS 2.2.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, FormBody, MultipartBody, Shot
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.refusals import HONEST, broke, send_honest, was_refused, was_taken, writers
from vallum.probe.surface import Surface
from vallum.probe.sweep import landing, number_of

CLAIM: Final = Claim(slug="limits-hold-without-browser", control="server-side-validation")
_MESSAGE: Final = (
    "An attacker sends the form without the browser, and stores what the page would never have let through."
)
_FIX: Final = "Check every field on the server by a declared schema, answer 400, and use the schema's output alone."
_STRIPPED, _LANDED = "form without its limits", "page after the form"
_WORD: Final = "novalue"
_EDGES: Final = 5


def _ask(surface: Surface) -> Asking:
    for number, (operation, who) in enumerate(writers(surface, In.FORM)):
        tries = list(_tries(surface, operation, who))
        honest = send_honest(surface, operation, who, number)
        if honest is None or not tries:
            continue
        met = yield honest
        if not 200 <= met.answer.status < 400 or surface.sends_away(met.answer):
            continue
        for what, parameter, value in tries:
            shot = _strip(surface, honest, operation, parameter, value)
            yield replace(shot, label=f"{_STRIPPED} #{number}", slot=f"{parameter} {what}")


def _tries(surface: Surface, operation: Operation, who: str) -> Iterator[tuple[str, Parameter, str | None]]:
    """What breaks a limit that the page names: the words for it, the field, and its value; None leaves it out."""
    for parameter in operation.within(In.FORM)[: _EDGES * 2]:
        if parameter.form in ("csrf", "hidden", "checkbox") or surface.names_account(operation, parameter, who):
            continue
        if parameter.choices:
            yield "with a choice that was not offered", parameter, f"{_WORD}-choice"
        elif parameter.kind in ("integer", "number"):
            yield "with text for a number", parameter, _WORD
        elif parameter.form in ("email", "date", "color", "url"):
            yield f"with text for {parameter.form}", parameter, _WORD
        elif parameter.longest:
            yield f"with more than {parameter.longest} characters", parameter, "a" * (parameter.longest + 1)
        if parameter.required:
            yield "left out", parameter, None


def _strip(surface: Surface, honest: Shot, operation: Operation, parameter: Parameter, value: str | None) -> Shot:
    body = honest.body
    if value is None and isinstance(body, FormBody | MultipartBody):
        fields = tuple(pair for pair in body.fields if pair[0] != parameter.name)
        return replace(honest, body=replace(body, fields=fields))
    return surface.aim(operation, honest.identity, hits={parameter.key: value}) or honest


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    honest = {number_of(met): met for met in exchanges if met.shot.label.startswith(HONEST)}
    told: set[int] = set()
    for exchange in exchanges:
        number = number_of(exchange)
        if not exchange.shot.label.startswith(_STRIPPED) or number not in honest:
            continue
        if was_refused(exchange):
            yield CLAIM.site(exchange, f"{exchange.shot.slot}: {exchange.answer.status}")
        elif number not in told and (blame := _blame(surface, honest[number], exchange)):
            told.add(number)
            yield CLAIM.finding(exchange, blame)


def _blame(surface: Surface, honest: Exchange, exchange: Exchange) -> Blame | None:
    where = f"{exchange.shot.method} {exchange.shot.route}, {exchange.shot.slot}"
    if broke(exchange) and not broke(honest):
        reason = f"{where}: the app fails over it ({exchange.answer.status}), and does not refuse it."
        return Blame(message=_MESSAGE, reason=reason, fix=_FIX)
    words = (surface.mark, _WORD, f"{_WORD}-choice", "a" * 10)
    if was_taken(honest, exchange, *words) and (landing(exchange) or exchange.answer.is_json):
        reason = f"{where}: the server takes it as it takes an honest form ({exchange.answer.status})."
        return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("form without the limits of its page", "forms without the limits of their pages"),
    sound="refused",
    ask=_ask,
    judge=_judge,
    idle="no form whose page limits its fields could be sent",
)
