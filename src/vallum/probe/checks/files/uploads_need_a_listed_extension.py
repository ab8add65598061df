"""A file is taken for its last extension, which is on a list, whatever its name pretends (CWE-434; ASVS 5.2.2)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import PICTURE, Surface
from vallum.probe.uploads import Case, Fate, Tried, filename_of, find_doors, read_tries, stem_of, try_door, why_untried

CLAIM: Final = Claim(slug="uploads-need-a-listed-extension", control="upload-extension-allowlist")
_TURN: Final = 0
_SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg"><script>0</script></svg>'
_HTML: Final = b"<!doctype html><script>0</script>"
_RUN: Final = {
    "php": (".php", "image/png", PICTURE),
    "upper": (".PHP", "image/png", PICTURE),
    "outer": (".jpg.php", "image/png", PICTURE),
    "svg": (".svg", "image/svg+xml", _SVG),
    "html": (".html", "text/html", _HTML),
}
"""Extensions that a server runs or a browser renders."""
_ODD: Final = {"inner": (".php.png", "image/png", PICTURE), "dot": (".png.", "image/png", PICTURE)}
"""Names that are harmless on some systems and not on others."""
_MESSAGE: Final = "An attacker can store a file that a server runs, or a browser renders as a page of this site."
_FIX: Final = "Take the lower-cased last extension, compare it with a list, and refuse names with a second one."


def _ask(surface: Surface) -> Asking:
    for door in find_doors(surface, _TURN):
        cases = [
            Case(name=name, filename=f"{stem_of(surface, CLAIM, name)}{tail}", media_type=media_type, content=content)
            for name, (tail, media_type, content) in (_RUN | _ODD).items()
        ]
        yield from try_door(surface, door, CLAIM, {"": cases})


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    tried = tuple(read_tries(surface, exchanges, _TURN))
    yield from why_untried(CLAIM, surface, tried)
    for one in (known for known in tried if known.kind):
        yield from _judge_door(one)


def _judge_door(one: Tried) -> Iterable[Remark]:
    kept = {name: one.tries[name] for name in (*_RUN, *_ODD) if name in one.tries and one.tries[name].fate is Fate.KEPT}
    for name in (*_RUN, *_ODD):
        known = one.tries.get(name)
        if known and known.fate is Fate.REFUSED:
            yield CLAIM.site(known.sent, f"{_tail(name)} is refused ({known.sent.answer.status}), .{one.kind} is kept")
    if kept:
        first = next(iter(kept.values()))
        told = ", ".join(_tail(name) for name in kept)
        sure = Confidence.HIGH if set(kept) & set(_RUN) else Confidence.MEDIUM
        blame = Blame(message=_MESSAGE, reason=f"{one.door.operation} keeps files that end in {told}.", fix=_FIX,
                      confidence=sure)  # fmt: skip
        yield CLAIM.finding(first.sent, blame, needle=filename_of(first.sent), shown=first.fetched or first.seen)


def _tail(name: str) -> str:
    return (_RUN | _ODD)[name][0]


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("name", "names"),
    sound="refused for its extension",
    ask=_ask,
    judge=_judge,
    idle="no place was found that takes a file",
)
