"""A name in a request never opens a file outside the folder that is served (CWE-22; ASVS 5.3.2)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.operation import In, Operation, Slot
from vallum.probe.surface import Encoded, Surface
from vallum.probe.sweep import TEXT, deliver, open_slots

CLAIM: Final = Claim(slug="paths-stay-inside", control="path-traversal")
_SIGNS: Final = (re.compile(r"root:[^:\n]*:0:0:"), re.compile(r"(?i)\[(?:fonts|extensions)\]\r?\n"))
_LIKELY: Final = re.compile(
    r"(?i)file|path|name|page|templ|doc|dir|folder|download|attach|image|img|photo|avatar|lang|locale|include|src|report"
    r"|backup|archive|export|theme|asset|static|key"
)
_UP: Final = "../" * 12
_PLAIN: Final = {
    "dot segments": f"{_UP}etc/passwd",
    "absolute path": "/etc/passwd",
}
_FORMS: Final = {
    "encoded dot segments": Encoded("%2e%2e%2f" * 12 + "etc%2fpasswd"),
    "raw dot segments": Encoded(f"{_UP}etc/passwd"),
    "doubly encoded dot segments": Encoded("%252e%252e%252f" * 12 + "etc%252fpasswd"),
    "backslashes": "..\\" * 12 + "windows\\win.ini",
    "dots that a filter leaves": "....//" * 12 + "etc/passwd",
    "NUL byte": f"{_UP}etc/passwd\0.png",
    "absolute path in the path": Encoded("/etc/passwd"),
}


def _ask(surface: Surface) -> Asking:
    for slot, who in (*open_slots(surface, *TEXT), *_mounts(surface)):
        forms = _PLAIN | _FORMS if _likely(slot, surface, who) else _PLAIN
        for label, value in forms.items():
            if isinstance(value, Encoded) and slot.parameter.place not in (In.PATH, In.QUERY):
                continue
            shot = surface.strike(slot, who, value, label)
            if shot:
                yield from deliver(surface, shot)


def _mounts(surface: Surface) -> Iterator[tuple[Slot, str]]:
    """Folders of static files: no honest name is known, so nobody was ever let in."""
    for operation in surface.usable(writes=False):
        for hole in operation.holes:
            if hole.form == "path" and surface.actor(operation) is None:
                yield Slot(operation, hole), ""


def _likely(slot: Slot, surface: Surface, who: str) -> bool:
    if slot.parameter.form == "path" or _LIKELY.search(slot.parameter.name) or _is_last(slot.operation, slot):
        return True
    met = surface.baseline(slot.operation, who)
    return bool(met and (met.answer.has("content-disposition") or "octet" in met.answer.media_type))


def _is_last(operation: Operation, slot: Slot) -> bool:
    return slot.parameter.place is In.PATH and operation.template.endswith("{" + slot.parameter.name + "}")


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    broken: set[tuple[str, str]] = set()
    for exchange in exchanges:
        key = (exchange.shot.route, exchange.shot.slot)
        sign = next((found[0] for sign in _SIGNS if (found := sign.search(exchange.answer.text))), "")
        if sign and key not in broken:
            broken.add(key)
            reason = f"{exchange.shot.slot}: {exchange.shot.label} opened a file of the system."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX), needle=sign)
    for exchange in exchanges:
        key = (exchange.shot.route, exchange.shot.slot)
        if key not in broken and exchange.answer.status:
            broken.add(key)
            yield CLAIM.site(exchange, f"{exchange.shot.slot}: nothing outside was opened")


_MESSAGE: Final = "An attacker can read any file that the server's process may read."
_FIX: Final = "Resolve base and candidate, links included, and serve only what lies below the base by path components."

CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("parameter", "parameters"),
    sound="kept inside",
    ask=_ask,
    judge=_judge,
    idle="no parameter that could name a file was found",
)
