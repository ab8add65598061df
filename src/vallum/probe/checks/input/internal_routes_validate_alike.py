"""Internal and administrative routes refuse what is malformed, whoever seems to call (CWE-20, CWE-501; ASVS 2.2.2)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Body, Exchange, FormBody, Headers, RawBody, Shot
from vallum.probe.operation import In, Operation
from vallum.probe.refusals import broke, was_refused
from vallum.probe.surface import Surface
from vallum.probe.sweep import number_of

CLAIM: Final = Claim(slug="internal-routes-validate-alike", control="internal-api-validation")
_MESSAGE: Final = "An attacker who reaches this route, or one service gone wrong, writes whatever it likes."
_FIX: Final = "Validate here by the same strict schema as on public routes; no header and no network exempts a caller."
_INTERNAL: Final = re.compile(
    r"(?i)(?:^|[/_-])(internal|private|rpc|webhooks?|hooks?|jobs?|tasks?|queues?|events?|sync|callbacks?|worker"
    r"|admin|backoffice|staff)(?:$|[/_-])"
)
_HEADERS: Final[tuple[Headers, ...]] = (
    (),
    (
        ("X-Internal", "1"),
        ("X-Internal-Request", "true"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-Host", "localhost"),
    ),
)
_MOST: Final = 8
_NOT_LET_IN: Final = (401, 403, 404, 405, 429)


def _ask(surface: Surface) -> Asking:
    for number, (operation, who) in enumerate(_routes(surface)):
        shot = surface.aim(operation, who)
        if shot is None:
            continue
        for what, body in _malformed(operation):
            for headers in _HEADERS:
                caller = " as an internal caller" if headers else ""
                yield replace(shot, body=body, headers=headers, keyed=True, label=f"{what}{caller} #{number}")


def _routes(surface: Surface) -> Iterator[tuple[Operation, str]]:
    found = 0
    for operation in surface.operations:
        if operation.is_safe or operation.is_logout or operation.is_login or operation.method == "DELETE":
            continue
        perilous = operation.is_perilous or not surface.writes or found >= _MOST
        if perilous or not _INTERNAL.search(operation.template) or not _takes_body(operation):
            continue
        found += 1
        yield operation, surface.actor(operation) or ""


def _takes_body(operation: Operation) -> bool:
    named = [p for p in operation.within(In.FORM, In.JSON, In.FILE) if p.form not in ("csrf", "checkbox")]
    return bool(named) or operation.media == "json"


def _malformed(operation: Operation) -> Iterator[tuple[str, Body]]:
    if operation.media == "json":
        yield "broken JSON", RawBody(b'{"broken": ', "application/json")
        yield "items of another kind", RawBody(b'[["x"], 5]', "application/json")
        yield "an object without its fields", RawBody(b'{"unnamed": {}}', "application/json")
        return
    if any(parameter.required for parameter in operation.within(In.FORM, In.FILE)):
        yield "a form without its fields", FormBody(())
    yield "JSON for a form", RawBody(b'["x"', "application/json")


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    groups: dict[int, list[Exchange]] = {}
    for exchange in exchanges:
        if number_of(exchange) >= 0:
            groups.setdefault(number_of(exchange), []).append(exchange)
    shut: list[Shot] = []
    for own in groups.values():
        blamed = _find_fault(own)
        if blamed:
            yield CLAIM.finding(blamed[0], blamed[1])
            continue
        refused = [exchange for exchange in own if was_refused(exchange)]
        yield from (CLAIM.site(exchange, f"{_what(exchange)}: {exchange.answer.status}") for exchange in refused)
        if not refused:
            shut.append(own[0].shot)
    if shut:
        named = ", ".join(f"{shot.method} {shot.route}" for shot in shut[:3])
        reason = f"the probe is not let in at {named}, so what comes behind was not tried"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)


def _find_fault(own: Sequence[Exchange]) -> tuple[Exchange, Blame] | None:
    """An answer to what is malformed that is no refusal, or another one to an internal caller."""
    plain = {_what(exchange): exchange for exchange in own if not exchange.shot.headers}
    for exchange in own:
        answer, what = exchange.answer, _what(exchange)
        where = f"{exchange.shot.method} {exchange.shot.route}"
        alone = plain.get(what.removesuffix(" as an internal caller"))
        if exchange.shot.headers and alone and alone.answer.status in _NOT_LET_IN and answer.status < 400:
            reason = f"{where}: a caller with X-Internal is let in ({answer.status}), others get {alone.answer.status}."
            return exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX)
        if broke(exchange):
            reason = f"{where}: the app fails over {what} ({answer.status}), and does not refuse it."
            return exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        if answer.succeeded and not answer.is_html:
            reason = f"{where}: {what} is taken ({answer.status})."
            return exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX)
    return None


def _what(exchange: Exchange) -> str:
    return exchange.shot.label.partition(" #")[0]


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("malformed call of an internal route", "malformed calls of internal routes"),
    sound="refused like any other",
    ask=_ask,
    judge=_judge,
    idle="no internal or administrative route that takes a body was found",
)
