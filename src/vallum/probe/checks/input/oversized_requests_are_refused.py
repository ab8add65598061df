"""Too large, too deep and blown-up bodies are refused with 413 or 400 (CWE-770; ASVS 4.1.1, 15.2.2)."""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Body, Exchange, FormBody, JsonBody, RawBody
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="oversized-requests-are-refused", control="request-size-limits")
_MIB: Final = 1 << 20
_LARGE: Final = 11 * _MIB
_DEEP: Final = 10_000
_LONGEST_SECONDS: Final = 5.0
_WHOLE, _CHUNKED, _BOMB, _NESTED = "11 MiB", "11 MiB without a length", "a gzip bomb of 11 MiB", "JSON 10,000 deep"
_MESSAGE: Final = "An attacker fills the memory or the processor of the server with a few requests."
_FIX: Final = "Count the bytes while reading, before parsing, and answer 413; bound depth, fields and what unpacks."
_MOST: Final = 2


def _ask(surface: Surface) -> Asking:
    for operation, who in _takers(surface):
        names = [p.name for p in operation.parameters if p.is_open and p.place in (In.JSON, In.FORM)]
        shot = surface.aim(operation, who)
        if shot is None or not names:
            continue
        large = _enlarge(shot.body, names[0])
        yield replace(shot, body=large, label=_WHOLE)
        yield replace(shot, body=large, headers=(("Transfer-Encoding", "chunked"),), label=_CHUNKED)
        kind = "application/json" if operation.media == "json" else "application/x-www-form-urlencoded"
        start = f'{{"{names[0]}": "' if operation.media == "json" else f"{names[0]}="
        end = b'"}' if operation.media == "json" else b""
        packed = RawBody(gzip.compress(start.encode() + b"a" * _LARGE + end, mtime=0), kind)
        yield replace(shot, body=packed, headers=(("Content-Encoding", "gzip"),), label=_BOMB)
        if operation.media == "json":
            nested = b"[" * _DEEP + b"]" * _DEEP
            yield replace(shot, body=RawBody(nested, kind), label=_NESTED)


def _enlarge(body: Body, name: str) -> Body:
    """An honest body, but for one field."""
    text = "a" * _LARGE
    if isinstance(body, JsonBody) and isinstance(body.value, dict):
        return JsonBody({**body.value, name: text})
    if isinstance(body, FormBody):
        return FormBody(tuple((key, text if key == name else value) for key, value in body.fields))
    return body


def _takers(surface: Surface) -> Iterator[tuple[Operation, str]]:
    """One operation that takes a form and one that takes JSON, with who may use them; logins take whoever comes."""
    for media in ("json", "form"):
        fitting = [op for op in surface.operations if op.media == media and not op.is_safe and not op.is_perilous]
        usable = [(op, who) for op in fitting if not op.is_logout and (who := _user_of(surface, op)) is not None]
        yield from sorted(usable, key=lambda pair: (pair[1] != "", bool(pair[0].holes)))[:_MOST]


def _user_of(surface: Surface, operation: Operation) -> str | None:
    """Who can send a body there; a login and a registration take anybody's. Without leave to write only those."""
    if operation.is_login or not surface.writes:
        return "" if operation.is_login else None
    return "" if operation.is_registration else surface.actor(operation)


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told: set[str] = set()
    for exchange in exchanges:
        answer, label = exchange.answer, exchange.shot.label
        slow = answer.seconds > _LONGEST_SECONDS
        if answer.status in (400, 413, 415, 422) and not slow and (answer.status != 422 or label == _NESTED):
            yield CLAIM.site(exchange, f"{label}: {answer.status}")
        elif (
            answer.status in (403, 411, 429)
            or (answer.status == 401 and exchange.shot.identity)
            or (label == _BOMB and 400 <= answer.status < 500 and not slow)
        ):
            continue  # not let in, or what was packed is taken as it is, and is small
        elif label not in told:
            told.add(label)
            yield CLAIM.finding(exchange, _blame(exchange, slow=slow))


def _blame(exchange: Exchange, *, slow: bool) -> Blame:
    answer = exchange.answer
    told = f"answered {answer.status}" if answer.status else f"not answered ({answer.fault})"
    late = f" after {answer.seconds:.0f} seconds" if slow else ""
    reason = f"A body of {exchange.shot.label} is {told}{late}, and not refused with 413 or 400."
    return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("oversized request", "oversized requests"),
    sound="refused",
    ask=_ask,
    judge=_judge,
    idle="no operation that takes a body could be used",
)
