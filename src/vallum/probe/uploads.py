"""Uploads: where files are taken, what became of one that was sent, and how it is served again."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote

from vallum.findings.finding import Silence, Unproven
from vallum.probe.check import Claim, Wanted
from vallum.probe.exchange import Answer, Exchange, Headers, Shot, Upload
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import PICTURE, Account, Surface
from vallum.probe.sweep import landing
from vallum.probe.values import find_ids

Step = Generator[Wanted, Exchange, None]

HONEST: Final = "honest"
_BEFORE, _SEEN, _FETCHED = "before", "seen", "fetched"
_KINDS: Final[Mapping[str, tuple[str, bytes]]] = {
    "png": ("image/png", PICTURE),
    "pdf": ("application/pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
    "txt": ("text/plain", b"a plain text\n"),
}
_MOST_DOORS: Final = 3
_MOST_FETCHED: Final = 3
_FAULTS: Final = ("error", "errors", "detail")


class Fate(StrEnum):
    """What became of a file."""

    KEPT = "kept"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A place that takes a file, and who may use it."""

    number: int
    operation: Operation
    parameter: Parameter
    who: str

    def label(self, case: str, step: str = "") -> str:
        """The label of a step of a case: what was sent, what was seen then, what was fetched."""
        return f"{case}|{step} #{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file that is sent: its whole name, what it claims to be, and what it is."""

    name: str
    filename: str
    media_type: str
    content: bytes
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """What came of one case at one door."""

    sent: Exchange
    fate: Fate
    seen: Exchange | None = None
    """The page that shows what is kept, where there is one."""
    fetched: Exchange | None = None
    """The file as it is served, where it was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One door with all that was tried there."""

    door: Door
    kind: str
    """The extension of the honest file that was kept; empty where none was."""
    tries: Mapping[str, Try]


def find_doors(surface: Surface, turn: int = 0) -> tuple[Door, ...]:
    """The places that take a file from somebody. `turn` spreads claims over the users, as uploads may be limited."""
    doors: list[Door] = []
    for operation in surface.usable():
        files = operation.within(In.FILE)
        who = _actor(surface, operation, turn) if files and not operation.is_safe else None
        if who is not None and len(doors) < _MOST_DOORS:
            doors.append(Door(number=len(doors), operation=operation, parameter=files[0], who=who))
    return tuple(doors)


def try_door(surface: Surface, door: Door, claim: Claim, cases: Mapping[str, Iterable[Case]]) -> Step:
    """Send an honest file of each kind until one is kept, then the cases for that kind (`""`: for any)."""
    links: set[str] = set()
    if door.operation.page:
        before = yield _page(door, door.operation.page, door.label(HONEST, _BEFORE))
        links.update(_links(before))
    for kind, (media_type, content) in _KINDS.items():
        filename = f"{stem_of(surface, claim, f'{kind}{door.number}')}.{kind}"
        case = Case(name=f"{HONEST} {kind}", filename=filename, media_type=media_type, content=content)
        told: list[Exchange] = []
        yield from _keep(_send_file(surface, door, case, links), told)
        if _is_kept(told, case, visible=False):
            for wanted in (*cases.get(kind, ()), *cases.get("", ())):
                yield from _send_file(surface, door, wanted, links)
            return


def honest_file(kind: str) -> tuple[str, bytes]:
    """The media type and the content of an honest file."""
    return _KINDS[kind]


def stem_of(surface: Surface, claim: Claim, case: str) -> str:
    """The beginning of the name of a file that nothing else has."""
    return surface.mark + "".join(
        letter for letter in claim.control.removeprefix("upload-")[:2] + case if letter.isalnum()
    )


def _send_file(surface: Surface, door: Door, case: Case, links: set[str]) -> Step:
    """Send it, look at the page where it should show, and fetch it. `links`: those of the page till now."""
    upload = Upload(door.parameter.name, case.filename, case.media_type, case.content)
    hits = {door.parameter.key: upload}
    shot = surface.aim(door.operation, door.who, hits=hits, label=door.label(case.name))
    if shot is None:
        return
    sent = yield replace(shot, headers=case.headers)
    if not 0 < sent.answer.status < 400:
        return
    page = (landing(sent) or (door.operation.page if not sent.answer.is_json else "")).partition("?")[0]
    seen = None
    if page:
        seen = yield _page(door, page, door.label(case.name, _SEEN))
        if _mentions(seen, case.filename):  # what is said once is gone now; what is kept is still there
            seen = yield _page(door, page, door.label(case.name, _SEEN))
    targets = list(dict.fromkeys(_targets(surface, door, sent, _links_of(seen, links, case.filename))))
    links.update(_links(seen) if seen else ())
    for target in targets[:_MOST_FETCHED]:
        fetched = yield _page(door, target, door.label(case.name, _FETCHED))
        if _is_file(fetched.answer):
            return


def read_tries(surface: Surface, exchanges: Sequence[Exchange], turn: int = 0) -> Iterator[Tried]:
    """What came of everything that was tried, door by door."""
    for door in find_doors(surface, turn):
        own = [e for e in exchanges if e.shot.label.endswith(f" #{door.number}") and "|" in e.shot.label]
        steps: dict[str, list[Exchange]] = {}
        for exchange in own:
            steps.setdefault(exchange.shot.label.partition("|")[0], []).append(exchange)
        kinds = [kind for kind in _KINDS if _fate(steps.get(f"{HONEST} {kind}", ()), visible=False) is Fate.KEPT]
        kind = kinds[-1] if kinds else ""
        visible = bool(kind) and (_shows(steps[f"{HONEST} {kind}"]) or _was_served(steps[f"{HONEST} {kind}"]))
        tries = {
            case: _read(told, visible=visible)
            for case, told in steps.items()
            if any("| #" in e.shot.label for e in told) and (told[0].answer.status or told[0].answer.fault)
        }
        yield Tried(door=door, kind=kind, tries=tries)


def why_untried(claim: Claim, surface: Surface, tried: Sequence[Tried]) -> Iterator[Unproven]:
    """What is said of doors at which no honest file was kept, and where there is no door."""
    if not surface.writes:
        yield claim.unproven(Silence.COULD_NOT_LOOK, "nothing may be written, so that no file was sent")
    for one in tried:
        if not one.kind:
            met = [
                f"{case.removeprefix(HONEST).strip()} ({known.sent.answer.status})" for case, known in one.tries.items()
            ]
            reason = f"{one.door.operation} kept no honest file that could be told: {', '.join(met) or 'none was sent'}"
            yield claim.unproven(Silence.COULD_NOT_LOOK, reason)


def filename_of(exchange: Exchange) -> str:
    """The name under which a file was sent."""
    files = getattr(exchange.shot.body, "files", ())
    return str(files[0].filename) if files else ""


def _actor(surface: Surface, operation: Operation, turn: int) -> str | None:
    users: tuple[Account, ...] = surface.users
    turned = [*users[turn % len(users) :], *users[: turn % len(users)]] if users else []
    for name in [*(user.name for user in turned), *(admin.name for admin in surface.admins), ""]:
        met = surface.baseline(operation, name)
        if met and met.answer.status not in (401, 403, 404, 405) and not surface.sends_away(met.answer):
            return name
    return None if surface.accounts else ""  # nobody was surveyed with a write: the honest file tells


def _keep(steps: Step, told: list[Exchange]) -> Step:
    """Pass the steps on, and remember what came back."""
    try:
        wanted = next(steps)
        while True:
            exchange = yield wanted
            told.append(exchange)
            wanted = steps.send(exchange)
    except StopIteration:
        return


def _page(door: Door, target: str, label: str) -> Shot:
    return Shot(method="GET", target=target, identity=door.who, route=target.partition("?")[0], label=label)


def _is_kept(told: Sequence[Exchange], case: Case, *, visible: bool) -> bool:
    return bool(told) and case.name in told[0].shot.label and _fate(told, visible=visible) is Fate.KEPT


def _read(told: Sequence[Exchange], *, visible: bool) -> Try:
    fetched = [e for e in told if f"|{_FETCHED}" in e.shot.label and _is_file(e.answer)]
    sent = next(e for e in told if "| #" in e.shot.label)
    return Try(
        sent=sent, fate=_fate(told, visible=visible), seen=_last_seen(told), fetched=fetched[0] if fetched else None
    )


def _fate(told: Sequence[Exchange], *, visible: bool) -> Fate:
    """Kept: shown afterwards, served again, or JSON says so. `visible`: what is kept here shows on a page."""
    sent = next((e for e in told if "| #" in e.shot.label), None)
    if sent is None or not sent.answer.status or sent.answer.status in (429, 503):
        return Fate.UNKNOWN
    answer = sent.answer
    if answer.status >= 400:
        return Fate.REFUSED if answer.status < 500 else Fate.UNKNOWN
    if _was_served(told) or _shows(told):
        return Fate.KEPT
    if answer.is_json and answer.succeeded:
        value = answer.json()
        failed = isinstance(value, Mapping) and any(value.get(name) for name in _FAULTS)
        text = filename_of(sent).endswith(".txt")
        return Fate.REFUSED if failed else Fate.UNKNOWN if text else Fate.KEPT
    return Fate.REFUSED if visible else Fate.UNKNOWN


def _shows(told: Sequence[Exchange]) -> bool:
    """Whether the page names the file when it is read for the second time."""
    seen = [e for e in told if f"|{_SEEN}" in e.shot.label]
    sent = next((e for e in told if "| #" in e.shot.label), None)
    return len(seen) > 1 and sent is not None and _mentions(seen[-1], filename_of(sent))


def _was_served(told: Sequence[Exchange]) -> bool:
    return any(f"|{_FETCHED}" in e.shot.label and _is_file(e.answer) for e in told)


def _last_seen(told: Sequence[Exchange]) -> Exchange | None:
    return next((e for e in reversed(told) if f"|{_SEEN}" in e.shot.label), None)


def _mentions(exchange: Exchange, filename: str) -> bool:
    core = _core(filename)
    return bool(core) and core in unquote(exchange.answer.text)


def _core(filename: str) -> str:
    """The part of a name that is ours: up to the first sign that may be changed."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return last.partition(".")[0].partition("%")[0].partition("<")[0].partition("\r")[0].strip()


def _is_file(answer: Answer) -> bool:
    """Whether a file was served, and no page that tells of one."""
    if not answer.succeeded:
        return False
    return answer.has("content-disposition") or not (answer.is_html or answer.is_json) or answer.body[:4] == PICTURE[:4]


def _links_of(seen: Exchange | None, known: set[str], filename: str) -> Iterator[str]:
    """The links of a page that name the file, then those that were not there before."""
    if seen is None:
        return
    core = _core(filename)
    fresh = [link for link in _links(seen) if link not in known or core in unquote(link)]
    for link in sorted(fresh, key=lambda one: core not in unquote(one)):
        if target := resolve_link(link, seen.shot.target, seen.base):
            yield target


def _targets(surface: Surface, door: Door, sent: Exchange, links: Iterable[str]) -> Iterator[str]:
    """Where the file may be served: links of the page, addresses and ids in a JSON answer."""
    yield from links
    told = sent.answer.json() if sent.answer.is_json else None
    for text in _texts(told):
        target = resolve_link(text, "/", sent.base) if text.startswith(("/", sent.base)) else ""
        if target:
            yield target
    fresh = tuple(find_ids(sent, surface.operations, made=True))
    known = replace(surface, ids=(*fresh, *surface.ids)) if fresh else surface
    for operation in surface.operations if fresh else ():
        if operation.method == "GET" and operation.holes and not operation.is_logout and not operation.is_perilous:
            shot = known.aim(operation, door.who)
            if shot and any(held.value in unquote(shot.target).split("/") for held in fresh):
                yield shot.target


def _links(exchange: Exchange) -> tuple[str, ...]:
    return (*exchange.answer.page.links, *exchange.answer.page.resources)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def content_of(exchange: Exchange) -> bytes:
    """What was sent as the file."""
    files: tuple[Upload, ...] = getattr(exchange.shot.body, "files", ())
    return files[0].content if files else b""
