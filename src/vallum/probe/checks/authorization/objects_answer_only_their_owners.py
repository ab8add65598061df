"""An object of one user is, for another, as if it did not exist (CWE-639; ASVS 8.2.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.operation import HOLE, Operation
from vallum.probe.surface import Account, Surface
from vallum.probe.values import Held, choose_id, find_ids

CLAIM: Final = Claim(slug="objects-answer-only-their-owners", control="object-ownership")
_FIX: Final = "Restrict the query itself by the owner, and answer 404 for an object of somebody else."
_OWN, _THEIRS, _PUBLIC, _MISSING, _AFTER = "as its owner", "as another", "as nobody", "missing", "read back"
_READ: Final = "An attacker with any account can read what belongs to others, by counting up the id."
_WRITE: Final = "An attacker with any account can change what belongs to others, by counting up the id."
_ERASE: Final = "An attacker with any account can delete what belongs to others, by counting up the id."
_NO_SUCH: Final = "987654321"


def _ask(surface: Surface) -> Asking:
    owner, stranger = surface.users[:2]
    own = replace(surface, ids=_owned_ids(surface, owner))
    for number, operation in enumerate(_makers(surface)):
        shot = surface.aim(operation, owner.name, mark=f"{surface.mark}o{number}", label="made")
        if shot:
            made = yield shot
            fresh = tuple(find_ids(made, surface.operations, made=True))
            own = replace(own, ids=(*fresh, *own.ids))
    for operation in sorted(_objects(surface), key=lambda op: (not op.is_safe, op.method == "DELETE", op.template)):
        yield from _attack(own, operation, owner, stranger)


def _owned_ids(surface: Surface, owner: Account) -> tuple[Held, ...]:
    """The ids that only the owner has met."""
    others = {(held.prefix, held.value) for held in surface.ids if held.identity != owner.name}
    return tuple(h for h in surface.ids if h.identity == owner.name and (h.prefix, h.value) not in others)


def _makers(surface: Surface) -> Iterator[Operation]:
    for operation in surface.usable():
        plain = not operation.holes and not operation.is_administrative
        if operation.method == "POST" and plain and not operation.is_login and not operation.is_registration:
            yield operation


def _objects(surface: Surface) -> Iterator[Operation]:
    """Operations on one object; deleting and publishing too, as the object is the probe's own."""
    for operation in surface.operations:
        if not operation.holes or operation.is_administrative or operation.is_logout:
            continue
        if operation.is_safe or surface.writes:
            yield operation


def _attack(surface: Surface, operation: Operation, owner: Account, stranger: Account) -> Asking:
    ids = [held for held in surface.ids if operation.is_safe or held.made]
    hits = {hole.key: found.value for hole in operation.holes if (found := choose_id(hole, operation, ids))}
    mine = surface.aim(operation, owner.name, hits=hits, label=_OWN) if len(hits) == len(operation.holes) else None
    if mine is None:
        return
    own = None
    if operation.is_safe:
        own = yield mine
        if not own.answer.succeeded:
            return
    theirs = surface.aim(operation, stranger.name, hits=hits, label=_THEIRS, mark=f"{surface.mark}stolen")
    if theirs is None:
        return
    answer = yield theirs
    if operation.is_safe:
        yield replace(theirs, identity="", session="", label=_PUBLIC)
        yield from _missing(surface, operation, stranger, answer)
    else:
        yield from _read_back(surface, operation, owner, hits)


def _missing(surface: Surface, operation: Operation, stranger: Account, answer: Exchange) -> Asking:
    """What an object that does not exist answers: another's must answer the same."""
    if answer.answer.status not in (403, 404):
        return
    hits = {hole.key: _NO_SUCH for hole in operation.holes}
    shot = surface.aim(operation, stranger.name, hits=hits, label=_MISSING)
    if shot:
        yield shot


def _read_back(surface: Surface, operation: Operation, owner: Account, hits: dict[tuple[str, str], str]) -> Asking:
    """The object, seen by its owner, after a stranger tried to change or delete it."""
    template = operation.template
    while template and template != "/":
        reader = next((op for op in surface.operations if op.method == "GET" and op.template == template), None)
        shot = surface.aim(reader, owner.name, hits=hits, label=_AFTER) if reader and reader.holes else None
        if shot:
            yield replace(shot, route=operation.template, slot=operation.method, shown=template)
            return
        template = template.rpartition("/")[0]


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    groups: dict[tuple[str, str], dict[str, Exchange]] = {}
    for exchange in exchanges:
        method = exchange.shot.slot if exchange.shot.label == _AFTER else exchange.shot.method
        groups.setdefault((method, exchange.shot.route), {})[exchange.shot.label] = exchange
    for told in groups.values():
        if _THEIRS in told:
            remark = _judge_read(surface, told) if _OWN in told else _judge_write(surface, told)
            if remark:
                yield remark


def _judge_read(surface: Surface, told: dict[str, Exchange]) -> Remark | None:
    own, theirs, public = told[_OWN].answer, told[_THEIRS], told.get(_PUBLIC)
    if theirs.answer.succeeded:
        if public is None or public.answer.succeeded or not _same_object(surface, told):
            return None
        reason = f"The object of {told[_OWN].shot.identity} is shown to {theirs.shot.identity}, and not to nobody."
        return CLAIM.finding(theirs, Blame(message=_READ, reason=reason, fix=_FIX), needle=_word(surface, own.text))
    missing = told.get(_MISSING)
    if missing and missing.answer.status != theirs.answer.status:
        message = "An attacker can tell which ids exist, object by object."
        statuses = f"{theirs.answer.status} for another's object and {missing.answer.status} for none"
        blame = Blame(message=message, reason=f"It answers {statuses}.", fix=_FIX, confidence=Confidence.LOW)
        return CLAIM.finding(theirs, blame)
    if surface.sends_away(theirs.answer) and theirs.answer.status == 401:
        return None
    return CLAIM.site(theirs, f"answered {theirs.answer.status}, as if there were none")


def _judge_write(surface: Surface, told: dict[str, Exchange]) -> Remark | None:
    theirs, after = told[_THEIRS], told.get(_AFTER)
    if after is None:
        return None
    stolen = f"{surface.mark}stolen"
    gone = after.answer.status in (404, 410)
    if gone and _erases(theirs) and 0 < theirs.answer.status < 400:
        reason = f"{theirs.shot.identity} deleted an object that {after.shot.identity} had made."
        return CLAIM.finding(theirs, Blame(message=_ERASE, reason=reason, fix=_FIX), shown=after)
    if stolen in after.answer.text and 0 < theirs.answer.status < 400:
        reason = f"{theirs.shot.identity} changed an object that {after.shot.identity} had made, who reads it so."
        return CLAIM.finding(theirs, Blame(message=_WRITE, reason=reason, fix=_FIX), needle=stolen, shown=after)
    if theirs.answer.status >= 400 and after.answer.succeeded:
        return CLAIM.site(theirs, f"answered {theirs.answer.status}, and the object is unchanged")
    return None


def _erases(exchange: Exchange) -> bool:
    return exchange.shot.method == "DELETE" or any(
        word in HOLE.sub("", exchange.shot.route).lower() for word in ("delete", "remove", "destroy")
    )


def _same_object(surface: Surface, told: dict[str, Exchange]) -> bool:
    """The other sees the mark that the owner's object carries, or the very same answer."""
    own, theirs = told[_OWN].answer, told[_THEIRS].answer
    word = _word(surface, own.text)
    return word in theirs.text if word else own.body == theirs.body


def _word(surface: Surface, text: str) -> str:
    """The mark of an object that was made for this check, if the text shows it."""
    at = text.find(f"{surface.mark}o")
    return text[at : at + len(surface.mark) + 2] if at >= 0 else ""


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("operation on another's object", "operations on others' objects"),
    sound="answered as if there were none",
    ask=_ask,
    judge=_judge,
    users=2,
    idle="no route names an object that one user has and the other has not",
)
