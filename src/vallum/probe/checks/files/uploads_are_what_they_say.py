"""A file is what its extension says, by its bytes, and nothing rides along in a picture (CWE-434; ASVS 5.2.2)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import PICTURE, Surface
from vallum.probe.uploads import (
    Case,
    Fate,
    Tried,
    content_of,
    filename_of,
    find_doors,
    honest_file,
    read_tries,
    stem_of,
    try_door,
    why_untried,
)

CLAIM: Final = Claim(slug="uploads-are-what-they-say", control="upload-content-sniffed")
_TURN: Final = 1
_SCRIPT: Final = b"<script>vallum</script>"
_HTML: Final = b"<!doctype html><title>x</title>" + _SCRIPT
_PAGE, _OTHER, _TRAILING = "a page", "another type", "a picture with a script behind it"
_MESSAGE: Final = "An attacker can store a page or a program under the name of a picture, and have others open it."
_FIX: Final = "Tell the type by the first bytes, demand that it is that of the extension, and encode pictures again."


def _ask(surface: Surface) -> Asking:
    for door in find_doors(surface, _TURN):
        yield from try_door(surface, door, CLAIM, {kind: _cases(surface, kind) for kind in ("png", "pdf")})


def _cases(surface: Surface, kind: str) -> list[Case]:
    media_type = honest_file(kind)[0]
    other = honest_file("pdf" if kind == "png" else "png")[1]
    contents = {_PAGE: _HTML, _OTHER: other}
    contents |= {_TRAILING: PICTURE + _SCRIPT} if kind == "png" else {}
    return [
        Case(name=name, filename=f"{stem_of(surface, CLAIM, name)}.{kind}", media_type=media_type, content=content)
        for name, content in contents.items()
    ]


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    tried = tuple(read_tries(surface, exchanges, _TURN))
    yield from why_untried(CLAIM, surface, tried)
    for one in tried:
        yield from _judge_door(one)
        if one.kind not in ("", "png", "pdf"):
            reason = f"{one.door.operation} takes neither pictures nor PDF, whose bytes tell their type"
            yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)


def _judge_door(one: Tried) -> Iterable[Remark]:
    for name in (_PAGE, _OTHER, _TRAILING):
        known = one.tries.get(name)
        if known is None or known.fate is Fate.UNKNOWN:
            continue
        if known.fate is Fate.REFUSED:
            yield CLAIM.site(known.sent, f"{name} named .{one.kind} is refused ({known.sent.answer.status})")
        elif (
            name == _TRAILING
            and known.fetched
            and known.fetched.answer.body != content_of(known.sent)
            and _SCRIPT not in known.fetched.answer.body
        ):
            yield CLAIM.site(known.fetched, f"{name} was written anew")
        elif name == _TRAILING and known.fetched is None:
            reason = f"{one.door.operation} keeps {name}, and how it is served was not found"
            yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        else:
            blame = Blame(message=_MESSAGE, reason=f"{one.door.operation} keeps {name} named .{one.kind}.", fix=_FIX)
            yield CLAIM.finding(known.sent, blame, needle=filename_of(known.sent), shown=known.fetched or known.seen)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("false file", "false files"),
    sound="refused, or written anew",
    ask=_ask,
    judge=_judge,
    idle="no place was found that takes a file",
)
