"""Bytes from outside are data and never build objects (CWE-502; ASVS 1.5.2)."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, RawBody, Shot, Upload
from vallum.probe.operation import In
from vallum.probe.read.cookie import SetCookie
from vallum.probe.surface import Surface
from vallum.probe.sweep import open_slots

CLAIM: Final = Claim(slug="serialised-objects-are-refused", control="safe-deserialization")
_FIX: Final = "Read JSON, or YAML with the safe loader, and map it to declared types; never unpickle what came in."
_MESSAGE: Final = "An attacker can build any object, and so run any code, in the server's process."
_DEEP: Final = b"[" * 50_000
_NAP, _NO_NAP, _AGAIN, _NESTED = "sleeping object", "object that does not sleep", "sleeping object again", "deep JSON"


def pickle_nap(seconds: float) -> bytes:
    """A pickle, protocol 0, that calls `time.sleep`: it does no harm and is seen by the clock."""
    return f"ctime\nsleep\n(F{seconds:.2f}\ntR.".encode()


def yaml_nap(seconds: float) -> str:
    """The same in YAML."""
    return f"!!python/object/apply:time.sleep [{seconds:.2f}]\n"


def _ask(surface: Surface) -> Asking:
    proven: set[tuple[str, str]] = set()
    for shots in _targets(surface):
        place = (shots[0].route, shots[0].slot)
        if place in proven:
            continue
        slept = yield shots[0]
        if slept.answer.seconds >= surface.delay:
            yield shots[1]
            again = yield shots[2]
            if again.answer.seconds >= surface.delay:
                proven.add(place)
    for operation in surface.usable():
        if operation.media == "json" and not operation.is_safe:
            shot = surface.aim(operation, surface.actor(operation) or "", label=_NESTED)
            if shot:
                yield replace(shot, body=RawBody(_DEEP, "application/json"), slot="body")


def _targets(surface: Surface) -> Iterator[list[Shot]]:
    """Triples of the same shot: asked to sleep, not to sleep, to sleep again."""
    naps = ((_NAP, surface.delay), (_NO_NAP, 0.0), (_AGAIN, surface.delay))
    for name, carrier in _cookies(surface).items():
        for encode in (base64.b64encode, base64.urlsafe_b64encode, bytes):
            yield [
                replace(carrier, cookies=((name, encode(pickle_nap(s)).decode()),), label=label, slot=f"cookie {name}")
                for label, s in naps
            ]
    for slot, who in open_slots(surface, In.FORM, In.JSON):
        for write in (yaml_nap, lambda seconds: base64.b64encode(pickle_nap(seconds)).decode()):
            shots = [surface.strike(slot, who, write(seconds), label) for label, seconds in naps]
            if all(shots):
                yield [shot for shot in shots if shot]
    yield from _uploads(surface, naps)


def _uploads(surface: Surface, naps: tuple[tuple[str, float], ...]) -> Iterator[list[Shot]]:
    for operation in surface.usable():
        who = surface.actor(operation)
        for parameter in operation.within(In.FILE) if who is not None else ():
            for name, kind in (("data.yaml", "application/yaml"), ("data.pickle", "application/octet-stream")):
                shots = []
                for label, seconds in naps:
                    content = yaml_nap(seconds).encode() if kind.endswith("yaml") else pickle_nap(seconds)
                    hits = {parameter.key: Upload(parameter.name, name, kind, content)}
                    shot = surface.aim(operation, who or "", hits=hits, label=label)
                    if shot:
                        shots.append(replace(shot, slot=str(parameter)))
                if len(shots) == len(naps):
                    yield shots


def _cookies(surface: Surface) -> dict[str, Shot]:
    """Cookies that carry data, each with a page that is asked for with it."""
    found: dict[str, Shot] = {}
    for exchange in surface.exchanges:
        for cookie in exchange.answer.cookies:
            account = surface.account(exchange.shot.identity)
            if not cookie.deletes and not (account and cookie.name in {c.name for c in account.session_cookies}):
                target = account.proof.target if account else "/"
                found.setdefault(
                    cookie.name, Shot(method="GET", target=target, identity=exchange.shot.identity, route=target)
                )
    return found


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    broken: set[tuple[str, str]] = set()
    quick = {(e.shot.route, e.shot.slot): e for e in exchanges if e.shot.label == _NO_NAP}
    for exchange in exchanges:
        place = (exchange.shot.route, exchange.shot.slot)
        twin = quick.get(place)
        if exchange.shot.label == _AGAIN and twin and _overslept(exchange, twin, surface.delay) and place not in broken:
            broken.add(place)
            waits = f"{exchange.answer.seconds:.1f} s and {twin.answer.seconds:.1f} s"
            reason = f"{exchange.shot.slot}: an object asked to sleep {surface.delay:g} s and 0 s took {waits}."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    for exchange, cookie in _pickles(surface):
        if not any(place[1] == f"cookie {cookie.name}" for place in broken):
            broken.add(("", f"cookie {cookie.name}"))
            yield CLAIM.finding(exchange, _pickled(cookie.name), seen=(f"Set-Cookie: {cookie.describe()}",))
    yield from _rest(exchanges, broken)


def _rest(exchanges: Sequence[Exchange], broken: set[tuple[str, str]]) -> Iterator[Remark]:
    for exchange in exchanges:
        place, answer = (exchange.shot.route, exchange.shot.slot), exchange.answer
        if exchange.shot.label == _NESTED and (answer.status >= 500 or not answer.status):
            yield CLAIM.finding(exchange, _CRASH, seen=(answer.raised[:120],) if answer.raised else ())
        elif exchange.shot.label in (_NAP, _NESTED) and place not in broken and answer.status:
            broken.add(place)
            yield CLAIM.site(exchange, f"{exchange.shot.slot}: answered {answer.status}, and nothing ran")


def _overslept(slow: Exchange, quick: Exchange, delay: float) -> bool:
    return slow.answer.seconds >= delay and quick.answer.seconds < delay / 2


def _pickles(surface: Surface) -> Iterator[tuple[Exchange, SetCookie]]:
    seen: set[str] = set()
    for exchange in surface.exchanges:
        for cookie in exchange.answer.cookies:
            if cookie.name not in seen and _is_pickle(cookie.value.reveal()):
                seen.add(cookie.name)
                yield exchange, cookie


def _is_pickle(value: str) -> bool:
    """Protocol 2 and later begin with 0x80 and their number, and end with a full stop."""
    try:
        data = base64.b64decode(unquote(value).replace("-", "+").replace("_", "/") + "==", validate=False)
    except (ValueError, binascii.Error):
        return False
    return len(data) > 4 and data[0] == 0x80 and data[1] in (2, 3, 4, 5) and data.rstrip(b"\0").endswith(b".")


def _pickled(name: str) -> Blame:
    reason = f"The cookie {name} holds a pickle, and comes back from the browser."
    return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)


_CRASH: Final = Blame(
    message="An attacker can make the handler fail with one small request.",
    reason="JSON that is nested too deep is answered by a server error and not by 400.",
    fix="Limit the depth of what is parsed, and answer 400.",
    confidence=Confidence.MEDIUM,
)

CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("place that takes data", "places that take data"),
    sound="built no object",
    ask=_ask,
    judge=_judge,
    idle="no cookie, body or upload that takes data was found",
)
