"""The server names what it stores, and serves it as an attachment that no browser runs (CWE-73; ASVS 5.4.1)."""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import PICTURE, Surface
from vallum.probe.uploads import Case, Fate, Tried, find_doors, honest_file, read_tries, stem_of, try_door, why_untried

CLAIM: Final = Claim(slug="uploads-get-names-of-the-server", control="upload-server-names")
_TURN: Final = 1
_FIRST, _SECOND = "first of two", "second of two"
_LEAVING, _PROGRAM, _SPLIT, _SCRIPT = "leaving name", "program", "name with a line break", "name with a script"
_HEAD, _END = 33, 12
"""Bytes of a PNG up to the end of its first chunk, and of its last one."""
_ACTIVE: Final = re.compile(r"html|svg|xml|javascript|ecmascript")
_OVERWRITE: Final = "An attacker can replace files that others have stored, by giving the same name."
_RUN: Final = "An attacker can have a browser open what was stored as a page or a picture of this site."
_FIX: Final = "Draw the stored name at random, keep the client's for display, and serve as attachment with nosniff."


def _ask(surface: Surface) -> Asking:
    for door in find_doors(surface, _TURN):
        yield from try_door(surface, door, CLAIM, {kind: _cases(surface, kind) for kind in ("png", "pdf", "txt")})


def _cases(surface: Surface, kind: str) -> list[Case]:
    media_type, content = honest_file(kind)
    twin = f"{stem_of(surface, CLAIM, 'twin')}.{kind}"
    names = {
        _FIRST: (twin, content),
        _SECOND: (twin, _paint(b"\x10\x20\x30\xff") if kind == "png" else content + b"\n%other\n"),
        _LEAVING: (f"../../{stem_of(surface, CLAIM, 'up')}.{kind}", content),
        _PROGRAM: (f"{stem_of(surface, CLAIM, 'run')}.exe", b"MZ" + bytes(62)),
        _SPLIT: (f"{stem_of(surface, CLAIM, 'cr')}\r\nX-Vallum: 1.{kind}", content),
        _SCRIPT: (f"{stem_of(surface, CLAIM, 'js')}<script>.{kind}", content),
    }
    return [
        Case(name=name, filename=filename, media_type=media_type, content=body)
        for name, (filename, body) in names.items()
    ]


def _paint(colour: bytes) -> bytes:
    """A PNG of one pixel of this colour: red, green, blue, opacity."""
    data = zlib.compress(b"\0" + colour)
    chunk = struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    return PICTURE[:_HEAD] + chunk + PICTURE[-_END:]


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    tried = tuple(read_tries(surface, exchanges, _TURN))
    yield from why_untried(CLAIM, surface, tried)
    for one in (known for known in tried if known.kind):
        yield from _judge_names(one)
        yield from _judge_serving(one)


def _judge_names(one: Tried) -> Iterator[Remark]:
    """Two files of one name: neither takes the place of the other, and no address is made of the name."""
    first, second = one.tries.get(_FIRST), one.tries.get(_SECOND)
    if first is None or second is None:
        return
    if first.fetched and second.fetched and first.fetched.shot.target == second.fetched.shot.target:
        if first.fetched.answer.body != second.fetched.answer.body:
            reason = f"{one.door.operation}: the second file of a name is served at the address of the first."
            yield CLAIM.finding(second.sent, Blame(message=_OVERWRITE, reason=reason, fix=_FIX), shown=second.fetched)
        return
    if second.fate is Fate.REFUSED or (first.fetched and second.fetched):
        how = (
            f"is refused ({second.sent.answer.status})" if second.fate is Fate.REFUSED else "has an address of its own"
        )
        yield CLAIM.site(second.sent, f"a second file of one name {how}")
    for name in (_LEAVING, _PROGRAM, _SPLIT, _SCRIPT):
        known = one.tries.get(name)
        if known and known.fate is Fate.REFUSED:
            yield CLAIM.site(known.sent, f"{name}: refused ({known.sent.answer.status})")


def _judge_serving(one: Tried) -> Iterator[Remark]:
    served = [(name, known.fetched) for name, known in one.tries.items() if known.fetched]
    for name, exchange in served:
        fault, sure = _fault_of(exchange)
        if fault:
            blame = Blame(message=_RUN, reason=f"{one.door.operation}: a file ({name}) is served {fault}.", fix=_FIX,
                          confidence=sure)  # fmt: skip
            yield CLAIM.finding(one.tries[name].sent, blame, shown=exchange)
            return
        yield CLAIM.site(exchange, f"{name}: an attachment of type {exchange.answer.media_type}, never sniffed")
    if not served:
        reason = f"{one.door.operation}: how a stored file is served was not found"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)


def _fault_of(exchange: Exchange) -> tuple[str, Confidence]:
    answer = exchange.answer
    if answer.has("x-vallum"):
        return "with a header that the name has brought", Confidence.HIGH
    attached = answer.header("content-disposition").strip().lower().startswith("attachment")
    if not attached and _ACTIVE.search(answer.media_type):
        return f"inline as {answer.media_type}", Confidence.HIGH
    if not attached:
        return f"without Content-Disposition: attachment, as {answer.media_type or 'no type'}", Confidence.MEDIUM
    if answer.header("x-content-type-options").lower() != "nosniff":
        return "without nosniff", Confidence.MEDIUM
    return "", Confidence.HIGH


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("stored file", "stored files"),
    sound="named by the server, or served as an attachment",
    ask=_ask,
    judge=_judge,
    idle="no place was found that takes a file",
)
