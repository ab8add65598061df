"""A file of one byte more than 5 MiB is not taken, whatever the request says of its length (CWE-770; ASVS 5.2.1)."""

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import PICTURE, Surface
from vallum.probe.uploads import Case, Fate, Tried, find_doors, honest_file, read_tries, stem_of, try_door, why_untried

CLAIM: Final = Claim(slug="uploads-stop-at-five-megabytes", control="upload-size-limit")
_TURN: Final = 0
MOST: Final = 5 * 1024 * 1024
"""Bytes that a file may have."""
_MOST, _MORE, _FALSE, _CHUNKED = "at most", "one more", "one more, false length", "one more, chunked"
_LYING: Final = {_FALSE: (("Content-Length", "2000"),), _CHUNKED: (("Transfer-Encoding", "chunked"),)}
_MESSAGE: Final = "An attacker can fill memory and disk with uploads that are larger than any that is meant."
_FIX: Final = "Count the bytes while they are read, stop at the first one over the limit, and answer 413."


def _ask(surface: Surface) -> Asking:
    for door in find_doors(surface, _TURN):
        yield from try_door(surface, door, CLAIM, {kind: _cases(surface, kind) for kind in ("png", "pdf", "txt")})


def _cases(surface: Surface, kind: str) -> list[Case]:
    """Lies about the length reach an app in process only: a server in front of it stops or repairs them."""
    media_type = honest_file(kind)[0]
    sizes = {_MOST: MOST, _MORE: MOST + 1, **(dict.fromkeys(_LYING, MOST + 1) if surface.in_process else {})}
    return [
        Case(
            name=name,
            filename=f"{stem_of(surface, CLAIM, name)}.{kind}",
            media_type=media_type,
            content=_swollen(kind, size),
            headers=_LYING.get(name, ()),
        )
        for name, size in sizes.items()
    ]


def _swollen(kind: str, size: int) -> bytes:
    """An honest file of this many bytes."""
    if kind != "png":
        return honest_file(kind)[1].ljust(size, b"\n")
    end = len(PICTURE) - 12
    body = b"vlUm" + bytes(size - len(PICTURE) - 12)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return PICTURE[:end] + chunk + PICTURE[end:]


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    tried = tuple(read_tries(surface, exchanges, _TURN))
    yield from why_untried(CLAIM, surface, tried)
    for one in (known for known in tried if known.kind):
        yield from _judge_door(one)


def _judge_door(one: Tried) -> Iterable[Remark]:
    most = one.tries.get(_MOST)
    limit = f"{MOST} bytes are {most.fate}" if most else "less is kept"
    for name in (_MORE, *_LYING):
        known = one.tries.get(name)
        if known is None:
            continue
        status = known.sent.answer.status
        if known.fate is Fate.KEPT:
            sure = Confidence.HIGH if name == _MORE else Confidence.MEDIUM
            reason = f"{one.door.operation} keeps a file of {MOST + 1} bytes ({name})."
            blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=sure)
            yield CLAIM.finding(known.sent, blame, shown=known.seen)
            return
        if known.fate is Fate.REFUSED:
            yield CLAIM.site(known.sent, f"{name}: {status}, nothing is kept; {limit}")
        else:
            reason = f"{one.door.operation} answered {status or known.sent.answer.fault} to {name}"
            yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("file of one byte too many", "files of one byte too many"),
    sound="refused",
    ask=_ask,
    judge=_judge,
    idle="no place was found that takes a file",
)
