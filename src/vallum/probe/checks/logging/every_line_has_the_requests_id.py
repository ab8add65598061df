"""The server draws the id of a request itself, and every line of its log carries it (CWE-778; ASVS 16.2.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.loglines import UNHEARD, id_of, why_unheard, written_lines
from vallum.probe.starting import open_stage, why_no_stage
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="every-line-has-the-requests-id", control="request-correlation")
_OWN: Final = re.compile(r"[A-Za-z0-9-]{22,64}\Z")
_HEADER: Final = "X-Request-ID"
_NAMES: Final = {
    "a line break": "\r\nX-Injected: forged",
    "10 kB": "a" * 10_000,
    "an id of its own": "-chosen-by-client",
}
_SESSION: Final = "correlated"
_FORGED: Final = (
    "An attacker chooses the id of his requests: he hides among those of others, or forges lines and headers."
)
_LOST: Final = "What belongs to an attack cannot be put together: lines of many requests stand side by side."
_FIX: Final = (
    "Draw a UUID version 4 for each request, set it on X-Request-ID and on every line, and ignore the client's."
)


def _ask(surface: Surface) -> Asking:
    stage = yield from open_stage(surface)
    if stage is None:
        return
    for account in surface.users[:1]:
        yield SignIn(identity=account.name, session=_SESSION, trial=stage, label="login")
    for label, value in _NAMES.items():
        if label == "a line break" and not surface.in_process:
            continue
        for shot in _pages(surface):
            yield replace(shot, trial=stage, headers=((_HEADER, f"{surface.mark}{value}"),), label=label)


def _pages(surface: Surface) -> Iterator[Shot]:
    yield Shot(method="GET", target="/", route="/")
    yield Shot(method="GET", target=f"/{surface.mark}-no-such-page", route=UNKNOWN)
    for account in surface.users[:1]:
        target = account.proof.target
        yield Shot(method="GET", target=target, route=surface.route_of(target), identity=account.name, session=_SESSION)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told: set[str] = set()
    sound: list[Exchange] = []
    yield from why_no_stage(CLAIM, exchanges)
    for exchange in (e for e in exchanges if e.shot.label in _NAMES):
        blame = _fault(surface, exchange)
        if blame is None:
            sound.append(exchange)
        elif blame.reason not in told:
            told.add(blame.reason)
            yield CLAIM.finding(exchange, blame, seen=_shown(exchange))
    if not surface.in_process:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, UNHEARD)
        return
    yield from why_unheard(CLAIM, surface, exchanges)
    for exchange in sound:
        if lines := written_lines(exchange):
            yield CLAIM.site(exchange, f"{exchange.shot.label} sent as id: an id of the server on {len(lines)} lines")


def _fault(surface: Surface, exchange: Exchange) -> Blame | None:
    known, kind = id_of(exchange), exchange.shot.label
    if not known:
        return Blame(message=_LOST, reason="The answer has no X-Request-ID header.", fix=_FIX)
    if exchange.answer.has("X-Injected"):
        return Blame(message=_FORGED, reason=f"An id with {kind} became a header of its own.", fix=_FIX)
    if surface.mark in known:
        return Blame(message=_FORGED, reason=f"An id that the client sent, with {kind}, is taken over.", fix=_FIX)
    if not _OWN.match(known):
        return Blame(message=_FORGED, reason=f"The id has not the form of a random one: {known[:20]}.", fix=_FIX)
    without = [line for line in written_lines(exchange) if known not in line.text]
    if without:
        names = ", ".join(sorted({line.source for line in without})[:3])
        reason = f"Lines of the log lack the id of their request: those of {names}."
        return Blame(message=_LOST, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
    return None


def _shown(exchange: Exchange) -> tuple[str, ...]:
    known = id_of(exchange)
    lines = [line.text for line in written_lines(exchange) if not known or known not in line.text]
    return tuple(f"log: {line.strip()[:120]!r}" for line in lines[:1])


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("request with a forged id", "requests with forged ids"),
    sound="logged under an id of the server's own",
    ask=_ask,
    judge=_judge,
)
